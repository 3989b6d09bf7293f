"""The tip-off rule: only data known before a game began counts for it.

Set aside every line, report or slate row that was made after the start, wherever it is read: in tables, in files, in
requests of an earlier release, in training data. The start is that of the game, not the one that a row claims. Data
without a time counts. If the start of a game is unknown, all its data counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar

from regen.domain.dates import eastern_today
from regen.domain.inputs import Line, PlayerInputs
from regen.domain.values import replace

TOGETHER = timedelta(minutes=2)
"""Lines of one bookmaker seen within this time form one snapshot of alternates, although each has a time of its own."""
MAX_NAMED = 20
"""Number of late lines that the warnings name; of the others they give the count."""


class InputsAsOf(StrEnum):
    """Whether a prediction's inputs are older than the start of its game."""

    TIP_OFF = "tip_off"
    """All inputs were made before the game began."""
    LATE = "late"
    """A feature row or a slate row was made after the start."""


class Offer(Protocol):
    """A bookmaker's line, with the time at which it was seen, if known."""

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
    """Whether data of this time was known when a game began."""
    return moment is None or start is None or moment <= start


def minutes_before(moment: datetime | None, start: datetime | None) -> int | None:
    """Whole minutes from a moment to the start; None if one of these is unknown."""
    return None if moment is None or start is None else int((start - moment).total_seconds() // 60)


def split(offers: Iterable[O], start: datetime | None) -> tuple[list[O], list[O]]:
    """The offers from before the start, and those to set aside."""
    known: list[O] = []
    late: list[O] = []
    for offer in offers:
        (known if is_known(offer.captured_at, start) else late).append(offer)
    return known, late


def last_snapshots(offers: Sequence[O]) -> list[O]:
    """The last snapshot of each bookmaker, alternates included; offers without a time stay."""
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
    """A warning `line_after_start:{bookmaker}:{value}` for each late line, up to `MAX_NAMED`, then the count of the rest."""
    names = sorted({f"line_after_start:{line.bookmaker}:{line.value}" for line in late})
    if len(names) > MAX_NAMED:
        return (*names[:MAX_NAMED], f"line_after_start:{len(names) - MAX_NAMED} more")
    return tuple(names)


def before_start(inputs: PlayerInputs, until: datetime | None = None) -> PlayerInputs:
    """The inputs without lines seen after the start; `warnings` names each of them.

    Args:
        until: an earlier bound than the start, such as the time at which the inputs were read.
    """
    start = inputs.game_start
    bound = min((moment for moment in (start, until) if moment is not None), default=None)
    known, late = split(inputs.lines, bound)
    if not late:
        return inputs
    return replace(inputs, lines=tuple(known), warnings=(*inputs.warnings, *named(late)))


def inputs_as_of(inputs: PlayerInputs) -> InputsAsOf | None:
    """Whether all of a player's inputs were made before the start; None if the start is unknown."""
    if inputs.game_start is None:
        return None
    made = (inputs.features_built_at, inputs.context_built_at)
    return InputsAsOf.TIP_OFF if all(is_known(at, inputs.game_start) for at in made) else InputsAsOf.LATE


def newest_reports(reports: Iterable[R], start_of: Callable[[R], datetime | None]) -> dict[str, R]:
    """The newest report from before the start, by player. A report of the game's date without an hour counts as the day's first.

    Args:
        start_of: gives the start of the game that a report is about, None if it is unknown.
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
    """The date of the report, US Eastern, and its time if known."""
    said = report.reported
    if isinstance(said, datetime):
        return eastern_today(said), said
    return said or report.game_date, datetime.min.replace(tzinfo=UTC)
