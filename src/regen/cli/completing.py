"""What a Tab offers: dates with a slate, batches, checks, systems, states, names of profiles.

A Tab must never fail, hang or run code: what does not answer in time offers nothing, and what is offered are plain names.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from regen.domain.values import replace

if TYPE_CHECKING:
    from regen.api.batches import ListedBatch
    from regen.cli.session import Session

T = TypeVar("T")
SECONDS = 2.0
"""A Tab waits for each source for so long."""
FRESH = 600.0
"""Seconds for which the dates that were read are kept on disk."""
AROUND = timedelta(days=30)
NAMED = ("project", "url", "key", "profile")
"""Options that say where to look."""
WORDS = ("TODAY", "TOMORROW", "YESTERDAY")
SAFE = re.compile(r"[@A-Za-z0-9_.-]{1,200}")
"""The shell's own script evaluates what it is offered."""


def dates(ctx: typer.Context, incomplete: str) -> list[str]:
    """Game dates that have a slate or a batch, the newest first; and the words for a date."""
    words = [word.lower() for word in WORDS] if incomplete.islower() else WORDS
    return _matching([*sorted(_dates(ctx), reverse=True), *words], incomplete)


def batches(ctx: typer.Context, incomplete: str) -> list[str]:
    """Ids of batches, the newest first; `@last`, and dates that have a batch."""
    found = _newest(_session(ctx))
    days = dict.fromkeys(str(one.game_date) for one in found)
    return _matching(["@last", *(one.batch_id for one in found), *days], incomplete)


def dates_or_batches(ctx: typer.Context, incomplete: str) -> list[str]:
    """Both."""
    return list(dict.fromkeys([*dates(ctx, incomplete), *batches(ctx, incomplete)]))


def checks(incomplete: str) -> list[str]:
    """Checks that an operator can accept."""
    from regen.domain.checks import CHECKS, NEVER_ACCEPTED  # noqa: PLC0415

    able = [check.name for check in CHECKS if check.severity == "fail" and check.name not in NEVER_ACCEPTED]
    return _listed(able, incomplete)


def systems(incomplete: str) -> list[str]:
    """Prediction systems."""
    from regen.systems import system_ids  # noqa: PLC0415

    return _listed(system_ids(), incomplete)


def states(incomplete: str) -> list[str]:
    """States of a batch."""
    from regen.domain.batch import Status  # noqa: PLC0415

    return _listed(Status, incomplete)


def game_states(incomplete: str) -> list[str]:
    """States of a game whose late data is awaited."""
    from regen.domain.bdb import BdbStatus  # noqa: PLC0415

    return _matching(BdbStatus, incomplete)


def explainable(incomplete: str) -> list[str]:
    """Names that `explain` knows."""
    from regen.client.explaining import explained  # noqa: PLC0415

    return _matching([one.name for one in explained()], incomplete)


def profiles(incomplete: str) -> list[str]:
    """Profiles of the file of profiles."""
    from regen.cli.settings import profile_names  # noqa: PLC0415

    return _matching(profile_names(), incomplete)


def _matching(names: Iterable[str], incomplete: str) -> list[str]:
    wanted = incomplete.casefold()
    return [str(n) for n in dict.fromkeys(names) if SAFE.fullmatch(n) and n.casefold().startswith(wanted)]


def _listed(names: Iterable[str], incomplete: str) -> list[str]:
    """Names of a list with commas: what is typed so far, and each name that may come next."""
    before, comma, last = incomplete.rpartition(",")
    done = set(before.split(","))
    return [f"{before}{comma}{name}" for name in _matching(names, last) if name not in done]


def _session(ctx: typer.Context) -> Session:
    """The session of the options that stand on the line already."""
    from regen.cli.output import Output  # noqa: PLC0415
    from regen.cli.session import Session  # noqa: PLC0415
    from regen.cli.settings import Given  # noqa: PLC0415

    class Silent(Output, frozen=True):
        def say(self, text: str) -> None:
            """Nothing: the words would stand in the middle of what is being typed."""

    layers = (ctx.params, ctx.find_root().params)
    named = {name: next(filter(None, (layer.get(name) for layer in layers)), None) for name in NAMED}
    return Session(Given(**named), Silent())


def _newest(session: Session) -> list[ListedBatch]:
    def read() -> list[ListedBatch]:
        return [one.value for one in replace(session.coordinator, pauses=(), read_seconds=SECONDS).batches()]

    return _within(read) or []


def _dates(ctx: typer.Context) -> set[str]:
    """Dates with a slate around the newest batch, or around today; from the disk if they were read a moment ago."""
    session = _session(ctx)
    file = _file(session)
    kept = _kept(file)
    if kept is not None:
        return kept
    days = {str(one.game_date) for one in _newest(session) if one.game_date}
    around = date.fromisoformat(max(days)) if days else datetime.now(UTC).date()
    rows = _within(lambda: session.reader.run("coverage", first=around - AROUND, last=around + AROUND))
    days |= {str(row["game_date"]) for row in rows or []}
    if rows is not None:
        _keep(file, days)
    return days


def _within(read: Callable[[], list[T]]) -> list[T] | None:
    """What is read; None if it fails or takes too long. A thread that is left behind dies with the process."""
    found: list[list[T]] = []

    def run() -> None:
        try:
            found.append(read())
        except Exception:  # noqa: BLE001 - whatever is wrong, a Tab offers nothing and says nothing
            return

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(SECONDS)
    return found[0] if found else None


def _file(session: Session) -> Path:
    from regen.domain.ids import digest  # noqa: PLC0415

    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "regen" / f"dates-{digest(session.settings.target, session.settings.prefix, length=16)}.json"


def _kept(file: Path) -> set[str] | None:
    try:
        if time.time() - file.stat().st_mtime > FRESH:
            return None
        return set(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _keep(file: Path, days: set[str]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(sorted(days)), encoding="utf-8")
    except OSError:
        return
