"""Invented players, whole and with something missing: what a system may meet in production."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from regen.domain.inputs import Line, PlayerInputs, RecentGame, SourceTier
from regen.domain.values import replace
from regen.features.names import FEATURE_NAMES, FEATURE_VERSION, ZONES

DAY = date(2026, 1, 20)
WHOLE = "whole"
"""The player of whom everything is known: each system predicts him."""
_SCALES = (("points", 1.0), ("minutes", 1.6), ("ppm", 0.03), ("rating", 112.0), ("pace", 99.0), ("games", 30.0))
"""How large a feature is, by a word of its name: times the player's points up to 10, as it stands above."""


def player(points: float = 18.0, lookup: str = "wholeplayer") -> PlayerInputs:
    """A player of this form, with thirty earlier games, all features, and two bookmakers' lines."""
    games = tuple(_game(number, points) for number in range(30))
    line = math.floor(points) + 0.5
    seen = datetime(2026, 1, 20, 20, 0, tzinfo=UTC)
    return PlayerInputs(
        player_lookup=lookup,
        game_date=DAY,
        game_id="0022500600",
        team="AAA",
        opponent="BBB",
        home=True,
        features={name: _feature(name, points) for name in FEATURE_NAMES},
        feature_version=FEATURE_VERSION,
        feature_hash="0" * 16,
        feature_quality=95.0,
        data_source_tier=SourceTier.GOLD,
        shot_zones_source="bigdataball",
        recent_games=games,
        lines=(Line(line, "draftkings", -110, -110, seen), Line(line + 0.5, "fanduel", -105, -115, seen)),
        injury_status="available",
        game_start=datetime(2026, 1, 21, 0, 30, tzinfo=UTC),
    )


def _game(number: int, points: float) -> RecentGame:
    day = DAY - timedelta(days=2 * number + 2)
    # Not the same points each night: a spread of nothing is a case of its own.
    own = max(0, round(points) + (number * 7) % 11 - 5)
    return RecentGame(
        day, f"{day:%Y%m%d}", "AAA", "CCC", number % 2 == 0, 28.0 + number % 5, own, own, 3, 4, 5, 4, 1, 112.0
    )


def _feature(name: str, points: float) -> float:
    for word, size in _SCALES:
        if word in name:
            return size * points if size < 10 else size
    return 0.5


def cases() -> Mapping[str, PlayerInputs]:
    """The players by what is the matter with them; `whole` has everything."""
    whole = player()
    nothing = dict.fromkeys(whole.features)
    games = whole.recent_games
    still = tuple(
        replace(game, points=0, minutes=0.0, fga=0, fg3a=0, fta=0, opponent_def_rating=None) for game in games
    )
    return {
        WHOLE: whole,
        "star": player(34.0, "starplayer"),
        "bench": player(3.0, "benchplayer"),
        "no lines": replace(whole, lines=()),
        "an unpriced line": replace(whole, lines=(Line(17.5, "unknown"),)),
        "no shot zones": replace(
            whole,
            features={**whole.features, **dict.fromkeys(ZONES)},
            shot_zones_source=None,
            data_source_tier=SourceTier.SILVER,
        ),
        "no report": replace(whole, injury_status="unknown"),
        "no earlier games": replace(whole, recent_games=()),
        "two earlier games": replace(whole, recent_games=games[:2]),
        "games without points": replace(whole, recent_games=still),
        "features null": replace(whole, features=nothing),
        "features absent": replace(whole, features={}),
        "features not finite": replace(whole, features=dict.fromkeys(whole.features, math.nan)),
        "features huge": replace(whole, features=dict.fromkeys(whole.features, 1e9)),
        "features of another version": replace(whole, feature_version="v0_another"),
        "venue and start unknown": replace(whole, home=None, game_start=None),
        "nothing known": replace(
            whole, features={}, recent_games=(), lines=(), home=None, game_start=None, injury_status="unknown"
        ),
    }
