"""What a promotion would do to a date's current rows: the rule of `promote.sql`, before it is submitted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from regen.domain.outcome import Outcome, OutcomeKind
from regen.domain.promotion import CurrentPrediction
from regen.domain.scope import Scope
from regen.domain.slate import EXPLAINED, Exclusion

NOT_ON_SLATE = "not_on_slate"


@dataclass(frozen=True, slots=True)
class Row:
    """A prediction of a date, as far as two states of the date are compared."""

    player_lookup: str
    game_id: str
    system_id: str
    line: float | None
    bookmaker: str | None
    tier: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The date's current rows, and what comes and goes.

    Attributes:
        new: the rows that the promotion makes current.
        withdrawn: why a player loses his current rows without a replacement, by player; only players with current rows.
        rows_withdrawn: how many rows that are, by reason.
    """

    before: tuple[Row, ...]
    new: tuple[Row, ...]
    withdrawn: Mapping[str, str]
    rows_withdrawn: Mapping[str, int]

    def record(self) -> dict[str, dict[str, int]]:
        """Players and rows by reason, as it is stored and shown."""
        players: dict[str, int] = {}
        for reason in self.withdrawn.values():
            players[reason] = players.get(reason, 0) + 1
        return {reason: {"players": players[reason], "rows": self.rows_withdrawn[reason]} for reason in sorted(players)}


def in_words(record: Mapping[str, Mapping[str, int]]) -> str:
    """`Plan.record` in words."""
    return ", ".join(f"{n['players']} players ({n['rows']} rows) {reason}" for reason, n in record.items())


def withdrawals(outcomes: Iterable[Outcome], excluded: Iterable[Exclusion], scope: Scope) -> dict[str, str]:
    """Why a player's current rows are to go although he is on the slate, by player.

    A batch of some systems withdraws no player: one who is out is out for every system. Of a requested player who is
    excluded, too, a redrive has read the exclusion later than his outcome was made.
    """
    if scope.systems is not None:
        return {}
    last = {o.player_lookup: "out" for o in outcomes if o.kind is OutcomeKind.SKIPPED and o.reason == "out"}
    last |= {e.player_lookup: e.reason for e in excluded}
    return {player: reason for player, reason in last.items() if reason in EXPLAINED}


def plan(
    current: Sequence[CurrentPrediction],
    outcomes: Sequence[Outcome],
    fresh: Sequence[Outcome],
    excluded: Sequence[Exclusion],
    scope: Scope,
) -> Plan:
    """What comes and goes.

    Args:
        outcomes: of every requested player; with the excluded they are the slate of a batch for the whole slate.
        fresh: the outcomes whose rows this promotion makes current.
    """
    gone = withdrawals(outcomes, excluded, scope)
    on_slate = {o.player_lookup for o in outcomes} | {e.player_lookup for e in excluded}
    replaced = {(o.player_lookup, p.system_id) for o in fresh for p in o.predictions}
    before: list[Row] = []
    new: list[Row] = []
    withdrawn: dict[str, str] = {}
    rows: dict[str, int] = {}
    for known in current:
        tier = known.data_source_tier
        row = Row(known.player_lookup, known.game_id, known.system_id, known.line, known.bookmaker, tier)
        before.append(row)
        reason = gone.get(row.player_lookup)
        if reason is None and scope.whole_slate and row.player_lookup not in on_slate:
            reason = NOT_ON_SLATE
        if reason is not None and (row.player_lookup, row.system_id) not in replaced:
            withdrawn[row.player_lookup] = reason
            rows[reason] = rows.get(reason, 0) + 1
    for o in fresh:
        tier = o.provenance.data_source_tier if o.provenance else None
        new += [Row(o.player_lookup, o.game_id, p.system_id, p.line, p.bookmaker, tier) for p in o.predictions]
    return Plan(tuple(before), tuple(new), withdrawn, rows)
