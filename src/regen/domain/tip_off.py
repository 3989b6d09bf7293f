"""The one rule of what counts for a game: what was known before it began.

A line, a report or a row of the slate that was made after the start is set aside, wherever it is read: in tables, in files,
in requests of an earlier release, in what a model learns from. The start is the game's own, not what a row claims of it. What
names no moment counts, and so does everything of a game whose start is unknown: nothing can be bounded there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar

from regen.domain.dates import eastern_today
from regen.domain.inputs import Line, PlayerInputs

TOGETHER = timedelta(minutes=2)
"""Lines that one bookmaker showed within so long are one snapshot: alternates, which carry times of their own."""
MAX_NAMED = 20
"""Lines set aside that are named; of the others, the number."""


class InputsAsOf(StrEnum):
    """What a prediction rests on."""

    TIP_OFF = "tip_off"
    """Inputs as they stood before the game began."""
    LATE = "late"
    """A feature row or a row of the slate that was made after the start."""


class Offer(Protocol):
    """A bookmaker's line that may have been seen at a moment."""

    @property
    def bookmaker(self) -> str: ...

    @property
    def captured_at(self) -> datetime | None: ...


class Report(Protocol):
    """A player's status on an availability report."""

    @property
    def game_date(self) -> date: ...

    @property
    def player_lookup(self) -> str: ...

    @property
    def reported(self) -> date | None: ...


O = TypeVar("O", bound=Offer)  # noqa: E741 - an offer
R = TypeVar("R", bound=Report)


def is_known(moment: datetime | None, start: datetime | None) -> bool:
    """Whether what is of this moment was known when a game began."""
    return moment is None or start is None or moment <= start


def split(offers: Iterable[O], start: datetime | None) -> tuple[list[O], list[O]]:
    """What was offered before the start, and what is set aside."""
    known: list[O] = []
    late: list[O] = []
    for offer in offers:
        (known if is_known(offer.captured_at, start) else late).append(offer)
    return known, late


def last_snapshots(offers: Sequence[O]) -> list[O]:
    """What each bookmaker showed when it was last seen, alternates included; an offer without a moment stays."""
    newest: dict[str, datetime] = {}
    for offer in offers:
        if (seen := offer.captured_at) is not None:
            newest[offer.bookmaker] = max(newest.get(offer.bookmaker, seen), seen)
    return [
        offer
        for offer in offers
        if offer.captured_at is None or offer.captured_at >= newest[offer.bookmaker] - TOGETHER
    ]


def named(late: Sequence[Line]) -> tuple[str, ...]:
    """A warning for each line that was set aside, `line_after_start:{bookmaker}:{value}`; of many, the number."""
    names = sorted({f"line_after_start:{line.bookmaker}:{line.value}" for line in late})
    if len(names) > MAX_NAMED:
        return (*names[:MAX_NAMED], f"line_after_start:{len(names) - MAX_NAMED} more")
    return tuple(names)


def before_start(inputs: PlayerInputs, until: datetime | None = None) -> PlayerInputs:
    """The inputs without lines that were seen after the start, each of which is named in `warnings`.

    Args:
        until: a moment before the start after which nothing can have been seen, such as when the inputs were read.
    """
    start = inputs.game_start
    bound = min((moment for moment in (start, until) if moment is not None), default=None)
    known, late = split(inputs.lines, bound)
    if not late:
        return inputs
    return replace(inputs, lines=tuple(known), warnings=(*inputs.warnings, *named(late)))


def inputs_as_of(inputs: PlayerInputs) -> InputsAsOf | None:
    """Whether a player's inputs are from before the start; None if the start is unknown."""
    if inputs.game_start is None:
        return None
    made = (inputs.features_built_at, inputs.context_built_at)
    return InputsAsOf.TIP_OFF if all(is_known(at, inputs.game_start) for at in made) else InputsAsOf.LATE


def newest_reports(reports: Iterable[R], start_of: Callable[[R], datetime | None]) -> dict[str, R]:
    """By player the newest report from before the start; one of the game's date without an hour counts as its earliest.

    Args:
        start_of: the start of the game that a report is about, None if it is unknown.
    """
    newest: dict[str, R] = {}
    for report in reports:
        if not _is_reported(report, start_of(report)):
            continue
        known = newest.get(report.player_lookup)
        if known is None or _reported(report) >= _reported(known):
            newest[report.player_lookup] = report
    return newest


def _is_reported(report: Report, start: datetime | None) -> bool:
    said = report.reported
    if said is None:
        return True
    if not isinstance(said, datetime):
        return said <= report.game_date
    return said <= start if start is not None else eastern_today(said) <= report.game_date


def _reported(report: Report) -> tuple[date, datetime]:
    """The day of the report, US Eastern, and its moment if it names one."""
    said = report.reported
    if isinstance(said, datetime):
        return eastern_today(said), said
    return said or report.game_date, datetime.min.replace(tzinfo=UTC)
