"""The inputs of a prediction: everything known of a player before the game, and all that a system may read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

BEST_RANK = 1
"""The rank of the best source of lines, and of lines whose source is not known."""


class SourceTier(StrEnum):
    """The quality of a feature row's source, with the predecessor's names."""

    GOLD = "GOLD"
    """With shot zones from BigDataBall play-by-play."""
    SILVER = "SILVER"
    """Without shot zones."""
    BRONZE = "BRONZE"
    """With estimates instead of observations."""


class RecentGame(Struct, frozen=True):
    """One earlier game of the player, from its box score.

    Attributes:
        home: whether he played at home, None if not known.
        minutes: minutes played, as a decimal number (26.08 is 26 minutes 5 seconds).
        days_rest: whole days between the previous game and this one (0 is a back-to-back), None for the player's first.
        opponent_def_rating: the opponent's points allowed per 100 possessions as known before that game; None if
            unknown.
    """

    game_date: date
    game_id: str
    team: str
    opponent: str
    home: bool | None
    minutes: float
    points: int
    fga: int = 0
    fg3a: int = 0
    fta: int = 0
    rebounds: int = 0
    assists: int = 0
    days_rest: int | None = None
    opponent_def_rating: float | None = None


class Line(Struct, frozen=True):
    """One bookmaker's points line, as last seen before tip-off.

    Attributes:
        value: points, in steps of a half. 24.5 and 25.0 are different lines.
        bookmaker: lower-case name, such as `draftkings`.
        over_price: American odds, None if not offered.
        captured_at: when the line was seen (aware UTC).
        is_fallback: whether it is the one that the slate names (`current_points_line`), for want of bookmakers' offers. No
            system sees that.
        source: where it was had from, in the words of the view `prop_lines_input`; None in requests of earlier releases.
        rank: preference of the source for this bookmaker, 1 the best. A line of a better rank is chosen first.
    """

    value: float
    bookmaker: str
    over_price: int | None = None
    under_price: int | None = None
    captured_at: datetime | None = None
    is_fallback: bool = False
    source: str | None = None
    rank: int = BEST_RANK


class PlayerInputs(Struct, frozen=True):
    """All that is known of one player before one game.

    Attributes:
        home: whether his team plays at home, None if unknown.
        features: values by name; None where a value is unknown. Never a default instead (I-52).
        feature_version: identifies the set of features and their definitions.
        feature_hash: hash of the feature row's values, as computed by its producer.
        feature_quality: 0 to 100.
        shot_zones_source: `bigdataball`, `nbac` or None.
        recent_games: newest first, at most 30, all before `game_date`.
        lines: every bookmaker's line, in no particular order; empty if there is none.
        injury_status: `out`, `doubtful`, `questionable`, `probable`, `available`, or `unknown` where no report exists.
        context_built_at: when the player's row of the slate was made; None in requests of earlier releases.
        shot_zones_hash: upstream's hash of the shot zones in the feature row, None if it has none. No system sees that.
    """

    player_lookup: str
    game_date: date
    game_id: str
    team: str
    opponent: str
    home: bool | None
    features: Mapping[str, float | None]
    feature_version: str
    feature_hash: str
    feature_quality: float
    data_source_tier: SourceTier
    shot_zones_source: str | None = None
    recent_games: tuple[RecentGame, ...] = ()
    lines: tuple[Line, ...] = ()
    injury_status: str = "unknown"
    game_start: datetime | None = None
    features_built_at: datetime | None = None
    context_built_at: datetime | None = None
    warnings: tuple[str, ...] = field(default=())
    shot_zones_hash: str | None = None

    def inputs_hash(self) -> str:
        """SHA-256 (32 hex digits) over everything a system can read; equal inputs give equal hashes (P12)."""
        seen = _plain(self)
        for unseen in ("features_built_at", "context_built_at", "warnings", "shot_zones_hash"):
            del seen[unseen]
        canonical = json.dumps(seen, sort_keys=True, separators=(",", ":"), default=_plain)
        return hashlib.sha256(canonical.encode()).hexdigest()[:32]


_TOLD_ELSEWHERE = frozenset(
    {"features", "lines", "feature_hash", "data_source_tier", "features_built_at", "context_built_at", "warnings"}
)


def changed(old: PlayerInputs, new: PlayerInputs) -> tuple[str, ...]:
    """Names of the features whose values differ, then of the other inputs that do: `lines`, `recent_games`, `injury_status`, ...

    Lines differ by number, bookmaker and prices, not by the time at which they were seen. The tier stands beside the names.
    """
    features = sorted(n for n in {*old.features, *new.features} if old.features.get(n) != new.features.get(n))
    others = [n for n in old.__struct_fields__ if n not in _TOLD_ELSEWHERE and getattr(old, n) != getattr(new, n)]
    return (*features, *(["lines"] if _offers(old) != _offers(new) else []), *others)


def _offers(inputs: PlayerInputs) -> set[tuple[object, ...]]:
    return {(line.value, line.bookmaker, line.over_price, line.under_price) for line in inputs.lines}


_LINE_SEEN = ("value", "bookmaker", "over_price", "under_price", "captured_at")


def _plain(value: object) -> Any:  # noqa: ANN401
    """The JSON form of a date or a record; much faster than `asdict`, which copies everything first."""
    if isinstance(value, date):  # datetime is a date
        return value.isoformat()
    if isinstance(value, Line):
        seen = {name: getattr(value, name) for name in _LINE_SEEN}
        # A rank chooses between lines. Without a choice the hash is that of releases that had no ranks.
        return seen if value.rank == BEST_RANK or value.is_fallback else {**seen, "rank": value.rank}
    if isinstance(value, RecentGame | PlayerInputs):
        return {name: getattr(value, name) for name in value.__struct_fields__}
    raise TypeError(f"inputs hold a value of type {type(value).__name__}")
