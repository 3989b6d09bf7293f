"""The effect of a promotion on a date's current rows: the rule of `promote.sql`, applied before it is submitted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from regen.domain.outcome import Outcome, OutcomeKind
from regen.domain.promotion import CurrentPrediction
from regen.domain.recommendation import NO_PRICE
from regen.domain.scope import Scope
from regen.domain.slate import EXPLAINED, Exclusion
from regen.domain.words import counted

NOT_ON_SLATE = "not_on_slate"
SYSTEM_RETIRED = "system_retired"


class Row(Struct, frozen=True):
    """A prediction of a date, with the fields that are compared before and after a promotion.

    Attributes:
        is_foreign: whether no batch has made it: the predecessor has.
        is_priced: whether its line has two-way prices; None without a line, or if it is not on record.
        is_fallback: whether its line is the slate's own; None likewise.
    """

    player_lookup: str
    game_id: str
    system_id: str
    line: float | None
    bookmaker: str | None
    tier: str | None
    quality: float | None = None
    history_games: int | None = None
    is_foreign: bool = False
    is_priced: bool | None = None
    is_fallback: bool | None = None


class Plan(Struct, frozen=True):
    """The rows that a promotion adds to and withdraws from the date.

    Attributes:
        new: the rows that the promotion makes current.
        before: the current rows, but for those of retired systems, which no check compares.
        withdrawn: the reason of withdrawal by player, for players with current rows that get no replacement.
        rows_withdrawn: number of withdrawn rows by reason.
        retired: players who lose rows of retired systems, and have new ones of the others.
    """

    before: tuple[Row, ...]
    new: tuple[Row, ...]
    withdrawn: Mapping[str, str]
    rows_withdrawn: Mapping[str, int]
    retired: frozenset[str] = frozenset()

    def record(self) -> dict[str, dict[str, int]]:
        """Withdrawn players and rows by reason, as stored and shown."""
        players: dict[str, int] = {SYSTEM_RETIRED: len(self.retired)} if self.retired else {}
        for reason in self.withdrawn.values():
            players[reason] = players.get(reason, 0) + 1
        return {reason: {"players": players[reason], "rows": self.rows_withdrawn[reason]} for reason in sorted(players)}


def in_words(record: Mapping[str, Mapping[str, int]]) -> str:
    """`Plan.record` as a sentence."""
    return ", ".join(
        f"{counted(n['players'], 'player')} ({counted(n['rows'], 'row')}) {reason}" for reason, n in record.items()
    )


def withdrawals(outcomes: Iterable[Outcome], excluded: Iterable[Exclusion], scope: Scope) -> dict[str, str]:
    """The reason of withdrawal by player, for players on the slate.

    A batch of some systems withdraws no player, because a player who is out is out for every system. A player may be both
    requested and excluded: then a redrive has read the exclusion after the outcome was made, and the exclusion counts.
    """
    if scope.systems is not None:
        return {}
    last = {o.player_lookup: "out" for o in outcomes if o.kind is OutcomeKind.SKIPPED and o.reason == "out"}
    last |= {e.player_lookup: e.reason for e in excluded}
    return {player: reason for player, reason in last.items() if reason in EXPLAINED}


def retiring(named: Iterable[str], scope: Scope, runs: Collection[str]) -> tuple[str, ...]:
    """The retired systems whose current rows a batch withdraws: none that it runs, and none if its scope names systems."""
    return () if scope.systems is not None else tuple(name for name in named if name not in runs)


def leaving(
    current: Iterable[CurrentPrediction],
    outcomes: Sequence[Outcome],
    fresh: Sequence[Outcome],
    excluded: Sequence[Exclusion],
    scope: Scope,
    retired: Collection[str] = (),
) -> Iterator[tuple[CurrentPrediction, str]]:
    """The current rows that a promotion withdraws, each with its reason; arguments as of `plan`."""
    gone = withdrawals(outcomes, excluded, scope)
    on_slate = {o.player_lookup for o in outcomes} | {e.player_lookup for e in excluded}
    replaced = {(o.player_lookup, p.system_id) for o in fresh for p in o.predictions}
    renewed = {o.player_lookup for o in fresh if o.predictions}
    for row in current:
        reason = gone.get(row.player_lookup)
        if reason is None and scope.whole_slate and row.player_lookup not in on_slate:
            reason = NOT_ON_SLATE
        if reason is not None and (row.player_lookup, row.system_id) not in replaced:
            yield row, reason
        elif row.system_id in retired and row.player_lookup in renewed:
            yield row, SYSTEM_RETIRED


def plan(
    current: Sequence[CurrentPrediction],
    outcomes: Sequence[Outcome],
    fresh: Sequence[Outcome],
    excluded: Sequence[Exclusion],
    scope: Scope,
    retired: Collection[str] = (),
) -> Plan:
    """The plan of a promotion.

    Args:
        outcomes: of every requested player. Requested and excluded players together are the slate of a whole-slate
            batch.
        fresh: the outcomes whose rows this promotion makes current.
        retired: systems whose rows it withdraws from the players who get new ones.
    """
    before = [
        Row(
            c.player_lookup,
            c.game_id,
            c.system_id,
            c.line,
            c.bookmaker,
            c.data_source_tier,
            c.quality,
            c.history_games,
            is_foreign=c.batch_id is None,
            is_priced=None if c.line is None or c.batch_id is None else c.filter_reason != NO_PRICE,
            is_fallback=None if c.line is None or c.batch_id is None else c.is_fallback,
        )
        for c in current
        if c.system_id not in retired
    ]
    new: list[Row] = []
    for o in fresh:
        source = o.provenance
        tier, quality, games = (
            (source.data_source_tier, source.feature_quality, source.history_games) if source else (None, None, None)
        )
        new += [
            Row(
                o.player_lookup,
                o.game_id,
                p.system_id,
                p.line,
                p.bookmaker,
                tier,
                quality,
                games,
                is_priced=None if p.line is None else p.filter_reason != NO_PRICE,
                is_fallback=None if p.line is None else p.is_fallback,
            )
            for p in o.predictions
        ]
    withdrawn: dict[str, str] = {}
    rows: dict[str, int] = {}
    left_behind: set[str] = set()
    for row, reason in leaving(current, outcomes, fresh, excluded, scope, retired):
        rows[reason] = rows.get(reason, 0) + 1
        if reason == SYSTEM_RETIRED:
            left_behind.add(row.player_lookup)
        else:
            withdrawn[row.player_lookup] = reason
    return Plan(tuple(before), tuple(new), withdrawn, rows, frozenset(left_behind))
