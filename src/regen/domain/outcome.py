"""The outcome of a requested player, and the definition of coverage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct, field

from regen.domain.soundness import is_text


class OutcomeKind(StrEnum):
    """Every requested player ends in exactly one of these (P3)."""

    PRODUCED = "produced"
    SKIPPED = "skipped"
    FAILED = "failed"


FORGIVEN = frozenset({"out", "no_history"})
"""Skips that leave the denominator of coverage, by reason (P8); every other skip or failure counts against it."""


class Prediction(Struct, frozen=True):
    """One predicted row of one player: one system, one line.

    Attributes:
        points: predicted points, to one decimal.
        confidence: 0 to 100.
        recommendation: `OVER`, `UNDER`, `PASS` or `NO_LINE`.
        over_probability: P(points > line), None without a line.
        price_edge: chance of the recommended side above the one that its price implies; None without a side or a price.
        line_minutes: from when the line was seen to tip-off; None if one of these is unknown.
        is_fallback: whether the line is the slate's own, for want of bookmakers' offers.
        line_source: where the line was had from; None without a line, and in outcomes of earlier releases.
        filter_reason: why one should not bet on it; None if one may. The row is stored in either case (I-05).
    """

    prediction_id: str
    system_id: str
    version: str
    points: float
    sd: float
    confidence: float
    recommendation: str
    line: float | None = None
    bookmaker: str | None = None
    over_probability: float | None = None
    filter_reason: str | None = None
    factors: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    price_edge: float | None = None
    line_minutes: int | None = None
    is_fallback: bool = False
    line_source: str | None = None


class Provenance(Struct, frozen=True):
    """The data on which the predictions of a player rest, and the player's team and opponent.

    Attributes:
        inputs_as_of: `tip_off` or `late`, see `tip_off.InputsAsOf`; None if the start is unknown.
        features_built_at: ISO 8601, None if unknown.
        shot_zones_hash: upstream's hash of the shot zones, None if its feature row has none.
    """

    inputs_hash: str
    feature_version: str
    feature_hash: str
    feature_quality: float
    feature_count: int
    data_source_tier: str
    shot_zones_source: str | None
    injury_status: str
    history_games: int
    team: str | None = None
    opponent: str | None = None
    inputs_as_of: str | None = None
    features_built_at: str | None = None
    shot_zones_hash: str | None = None


class Outcome(Struct, frozen=True):
    """The outcome of one requested player.

    Attributes:
        reason: a short code; None only for produced.
        error: the error's text, for people.
        system_problems: systems that produced nothing for this player, each with the reason.
        seconds: wall time that the worker spent on the player.
        game_start: ISO 8601 UTC, None if unknown; decides whether a row is retrospective.
        code_version: of the worker that made it (I-42); None if no worker processed the player.
    """

    player_lookup: str
    game_id: str
    kind: OutcomeKind
    reason: str | None = None
    error: str | None = None
    predictions: tuple[Prediction, ...] = ()
    system_problems: Mapping[str, str] = field(default_factory=dict)
    provenance: Provenance | None = None
    game_start: str | None = None
    seconds: float = 0.0
    round: int = 1
    code_version: str | None = None


class Tally(Struct, frozen=True):
    """Outcomes counted, in players."""

    requested: int
    produced: int
    skipped: int
    failed: int
    forgiven: int

    @property
    def coverage_pct(self) -> float:
        """Share of the players who could be predicted that have predictions, in percent; 0 if none could."""
        expected = self.requested - self.forgiven
        return 100.0 * self.produced / expected if expected > 0 else 0.0


def tally(outcomes: Iterable[Outcome]) -> Tally:
    """Count the final outcomes, one for each requested player."""
    numbers = dict.fromkeys(OutcomeKind, 0)
    forgiven = 0
    for outcome in outcomes:
        numbers[outcome.kind] += 1
        forgiven += is_forgiven(outcome)
    return Tally(
        requested=sum(numbers.values()),
        produced=numbers[OutcomeKind.PRODUCED],
        skipped=numbers[OutcomeKind.SKIPPED],
        failed=numbers[OutcomeKind.FAILED],
        forgiven=forgiven,
    )


def is_forgiven(outcome: Outcome) -> bool:
    """Whether the outcome leaves the denominator of coverage."""
    return outcome.kind is OutcomeKind.SKIPPED and outcome.reason in FORGIVEN


def latest(outcomes: Iterable[Outcome]) -> dict[str, Outcome]:
    """The outcome that counts for each player: a produced one if there is one, else that of the last round."""
    best: dict[str, Outcome] = {}
    for outcome in outcomes:
        known = best.get(outcome.player_lookup)
        if known is None or _rank(outcome) > _rank(known):
            best[outcome.player_lookup] = outcome
    return best


def _rank(outcome: Outcome) -> tuple[bool, int]:
    return outcome.kind is OutcomeKind.PRODUCED, outcome.round


def failed_outcome(player: str, reason: str, round_: int, error: str | None = None, game_id: str = "") -> Outcome:
    """The outcome `failed` of a player, with its reason. A game's id that no store accepts is left out."""
    game = game_id if is_text(game_id) else ""
    return Outcome(player, game, OutcomeKind.FAILED, reason=reason, error=error, round=round_)
