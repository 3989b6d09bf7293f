"""Batches on their way, on stderr: bars where a person looks, a line per change where none does."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from regen import clock
from regen.cli.output import console
from regen.client.waiting import Look, finished, is_ended
from regen.domain.texts import visible
from regen.domain.words import counted

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from regen.api.batches import WholeBatch

#: A batch that seems older than this runs on another clock than this machine's.
OTHER_CLOCK = 86400.0


@contextmanager
def shown(say: Callable[[str], None]) -> Iterator[Look]:
    """What to call with each look at the batches."""
    if not sys.stderr.isatty():
        yield _Lines(say)
        return
    from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415

    bars = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(20),
        TextColumn("{task.fields[done]}", markup=False),
        console=console(err=True),
        get_time=time.monotonic,
    )
    with bars:
        yield _Bars(bars)


class _Bars:
    """A bar for each batch; its clock goes on between two looks."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._clocks: dict[str, _Clock] = {}

    def __call__(self, views: Sequence[WholeBatch]) -> None:
        for view in views:
            name, counts = view.batch_id, view.counts
            clock = self._clocks.setdefault(name, _Clock(view))
            completed, total = finished(view), counts.requested
            said = visible(f"{view.game_date} {view.status}")
            done = visible(bar_text(view, clock))
            if name not in self._tasks:
                self._tasks[name] = self._bars.add_task(said, done=done, completed=completed, total=total)
            self._bars.update(self._tasks[name], description=said, done=done, completed=completed, total=total)


class _Lines:
    """One line for each change of status."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._last: dict[str, str] = {}
        self._clocks: dict[str, _Clock] = {}

    def __call__(self, views: Sequence[WholeBatch]) -> None:
        for view in views:
            name = view.batch_id
            clock = self._clocks.setdefault(name, _Clock(view))
            if self._last.get(name) != view.status:
                self._last[name] = view.status
                times = "" if is_ended(view) else clock.said()
                self._say(f"{describe(view)}{f'; {times}' if times else ''}")


class _Clock:
    """How long a batch has run, and how long until its deadline, in seconds of this machine's clock."""

    def __init__(self, view: WholeBatch) -> None:
        now = clock.now()
        if (
            not 0 <= (now - view.created_at).total_seconds() < OTHER_CLOCK
        ):  # the local stack may live on the league's clock
            now = view.updated_at
        self._seen = time.monotonic()
        self._age = (now - view.created_at).total_seconds()
        self._left = (view.deadline - now).total_seconds()

    def said(self) -> str:
        """`1:15 since it began, deadline in 28:45`."""
        since = time.monotonic() - self._seen
        left = self._left - since
        deadline = f"deadline in {minutes(left)}" if left > 0 else f"{minutes(-left)} past its deadline"
        return f"{minutes(self._age + since)} since it began, {deadline}"


def minutes(seconds: float) -> str:
    """`1:15`, `1:02:03`."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def bar_text(view: WholeBatch, clock: _Clock) -> str:
    """What stands beside a bar: players, then rows once they are known, then the times."""
    counts = view.counts
    if is_ended(view):
        rows = f"; {counted(counts.superseded or 0, 'row')} superseded, {counts.inserted or 0} inserted"
        return f"{finished(view)}/{counts.requested} done{rows if view.status == 'promoted' else ''}"
    failed = f", {counts.failed} failed" if counts.failed else ""
    return f"{finished(view)}/{counts.requested} done{failed}; {clock.said()}"


def describe(view: WholeBatch) -> str:
    """A batch in one line."""
    from regen.client.standing import facts_of  # noqa: PLC0415
    from regen.domain.summary import sentence  # noqa: PLC0415

    if is_ended(view):
        return f"{view.game_date}: {sentence(facts_of(view))}"
    counts, done = view.counts, finished(view)
    text = f"{view.game_date} {view.status}: {done}/{counts.requested} done"
    if counts.failed or counts.skipped:
        text += f", {counts.failed or 0} failed, {counts.skipped or 0} skipped"
    return text
