"""Batches on their way, on stderr: bars where a person looks, a line per change where none does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from regen.cli.output import console
from regen.client.standing import facts_of
from regen.client.waiting import Look, View, finished, is_ended
from regen.domain.summary import sentence
from regen.domain.texts import visible


@contextmanager
def shown(say: Callable[[str], None]) -> Iterator[Look]:
    """What to call with each look at the batches."""
    if not sys.stderr.isatty():
        yield _Lines(say)
        return
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    bars = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(28),
        TextColumn(
            "{task.completed:.0f}/{task.total:.0f} done, {task.fields[failed]} failed, {task.fields[pending]} pending",
            markup=False,
        ),
        TextColumn("{task.fields[status]}", markup=False),
        TimeElapsedColumn(),
        console=console(err=True),
    )
    tasks: dict[str, TaskID] = {}

    def look(views: Sequence[View]) -> None:
        for view in views:
            name = view["batch_id"]
            if name not in tasks:
                tasks[name] = bars.add_task(visible(str(view["game_date"])), total=0, failed=0, pending=0, status="")
            done, counts = finished(view), view["counts"]
            bars.update(
                tasks[name],
                completed=done,
                total=counts["requested"],
                failed=counts["failed"],
                pending=counts["requested"] - done,
                status=visible(str(view["status"])),
            )

    with bars:
        yield look


class _Lines:
    """One line for each change of status."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._last: dict[str, str] = {}

    def __call__(self, views: Sequence[View]) -> None:
        for view in views:
            name = view["batch_id"]
            if self._last.get(name) != view["status"]:
                self._last[name] = view["status"]
                self._say(describe(view))


def describe(view: View) -> str:
    """A batch in one line."""
    if is_ended(view):
        return f"{view['game_date']}: {sentence(facts_of(view))}"
    counts, done = view["counts"], finished(view)
    text = f"{view['game_date']} {view['status']}: {done}/{counts['requested']} done"
    if counts["failed"] or counts["skipped"]:
        text += f", {counts['failed']} failed, {counts['skipped']} skipped"
    return text
