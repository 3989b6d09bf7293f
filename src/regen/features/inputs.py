"""Construction of one player's inputs before one game from the history. There is no other code path for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from regen.domain.inputs import Line, PlayerInputs, SourceTier
from regen.domain.lines import main_lines
from regen.features.context import (
    Fixture,
    Mates,
    allowed_ratio,
    load_features,
    schedule_features,
    team_features,
    versus_features,
)
from regen.features.form import Features, form_features
from regen.features.history import History
from regen.features.lineup import Lineup
from regen.features.names import CORE_FEATURES, FEATURE_NAMES, FEATURE_VERSION, feature_hash, pack, unpack
from regen.features.player_state import FREE_THROW_WEIGHT, PlayerState
from regen.features.tracks import clamp

__all__ = [
    "FEATURE_NAMES",
    "FEATURE_VERSION",
    "Fixture",
    "TeamInputs",
    "feature_hash",
    "feature_quality",
    "pack",
    "player_inputs",
    "unpack",
]

FRESH_ZONES_DAYS = 60
"""An opponent's zone figures older than this are not used."""
MISMATCH_POINTS = 100.0
"""Scale of the mismatch: 1 means one per cent more points than usual from the zones where the player shoots."""
FULL_HISTORY_GAMES = 10
DECIMALS = 5
"""Features are rounded, so that any platform and any table gives the same values and hash."""


def player_inputs(
    history: History,
    player: str,
    fixture: Fixture,
    *,
    lines: Sequence[Line] = (),
    statuses: Mapping[str, str] | None = None,
    lined: Collection[str] = (),
    with_zones: bool = False,
    built_at: datetime | None = None,
) -> PlayerInputs:
    """The inputs of a player before a game; see `TeamInputs`."""
    team = TeamInputs(history, fixture, statuses, lined)
    return team.of(player, lines=lines, with_zones=with_zones, built_at=built_at)


class TeamInputs:
    """The inputs of a team's players before a game. What they share is reckoned once; the history must not be fed meanwhile."""

    def __init__(
        self,
        history: History,
        fixture: Fixture,
        statuses: Mapping[str, str] | None = None,
        lined: Collection[str] = (),
    ) -> None:
        """Reckon what the players share.

        Args:
            history: fed only with dates before the game's.
            fixture: the team's side of the game.
            statuses: the availability report of the team, by player (a player not listed is available); None: no report.
            lined: players on whom there is a line from before the start.
        """
        if history.last_day is not None and history.last_day >= fixture.game_date:
            raise ValueError(f"the history holds {history.last_day}: too late for a game of {fixture.game_date}")
        history.enter(fixture.game_date)
        self._history, self._fixture, self._statuses = history, fixture, statuses
        self._shared = _rounded({**schedule_features(history, fixture), **team_features(history, fixture)})
        rotation = history.rotation(fixture.team, fixture.game_date)
        self._mates = Mates(rotation, statuses)
        self._lineup = Lineup(rotation, history.team(fixture.team), statuses, lined)
        self._allowed = _allowed(history, fixture.opponent)
        self._zone_ratios = _zone_ratios(history, fixture, self._allowed)

    def of(
        self, player: str, *, lines: Sequence[Line] = (), with_zones: bool = False, built_at: datetime | None = None
    ) -> PlayerInputs:
        """The inputs of one player.

        Args:
            player: the player's lookup key.
            lines: bookmakers' lines on the player.
            with_zones: whether the play-by-play of the player's earlier games has arrived.
            built_at: when the features were built (no system reads it).
        """
        fixture = self._fixture
        state = self._history.players.get(player) or PlayerState()
        own = form_features(state, fixture.season)
        own.update(load_features(state, self._history, fixture))
        own.update(versus_features(state, fixture.opponent))
        own.update(self._mates.features(player, state))
        own.update(self._lineup.features(player, state))
        own["opponent_matchup_box"] = _box_matchup(own, self._allowed)
        zoned = with_zones and _add_zones(own, state, fixture.game_date, self._zone_ratios)
        _add_lines(own, lines)
        features: Features = dict.fromkeys(FEATURE_NAMES)
        features.update(self._shared)
        features.update(_rounded(own))
        return PlayerInputs(
            player_lookup=player,
            game_date=fixture.game_date,
            game_id=fixture.game_id,
            team=fixture.team,
            opponent=fixture.opponent,
            home=fixture.home,
            features=features,
            feature_version=FEATURE_VERSION,
            feature_hash=feature_hash(features),
            feature_quality=feature_quality(features),
            data_source_tier=SourceTier.GOLD if zoned else SourceTier.SILVER,
            shot_zones_source="bigdataball" if zoned else None,
            recent_games=tuple(reversed(state.recent)),
            lines=tuple(lines),
            injury_status="unknown" if self._statuses is None else self._statuses.get(player, "available"),
            game_start=fixture.game_start,
            features_built_at=built_at,
        )


def _rounded(features: Features) -> Features:
    """The features to `DECIMALS` places; whole numbers, which are half of them, as they are."""
    return {n: v if v is None or v % 1 == 0 else round(v, DECIMALS) for n, v in features.items()}


def feature_quality(features: Mapping[str, float | None]) -> float:
    """0 to 100: 60 for the core features known, 30 for ten games of history, 10 for shot zones."""
    core = len([name for name in CORE_FEATURES if features.get(name) is not None]) / len(CORE_FEATURES)
    games = min(1.0, (features.get("games_known") or 0.0) / FULL_HISTORY_GAMES)
    zones = features.get("pct_paint") is not None
    return round(60.0 * core + 30.0 * games + 10.0 * zones, 2)


def _allowed(history: History, opponent: str) -> tuple[float, float, float] | None:
    """What the opponent allows, relative to the league: twos, threes and free throws; None where box scores do not say."""
    two, three, free = (allowed_ratio(history, opponent, index) for index in range(3))
    return None if two is None or three is None or free is None else (two, three, free)


def _box_matchup(features: Features, allowed: tuple[float, float, float] | None) -> float | None:
    three, free = features.get("box_share_three"), features.get("box_share_free_throw")
    if three is None or free is None or allowed is None:
        return None
    return (1 - three - free) * allowed[0] + three * allowed[1] + free * allowed[2] - 1.0


def _add_zones(
    features: Features, state: PlayerState, day: date, rates: tuple[float, float, float, float] | None
) -> bool:
    """Add the shares of the player's attempts by zone, from games with play-by-play; False if there are none."""
    if state.zone_day is None or state.zones.sums[6] <= 0:
        return False
    paint, middle, three = (total / state.zones.weight for total in state.zones.sums[:3])
    shots = state.shots[30]
    free = FREE_THROW_WEIGHT * (shots.sums[2] / shots.weight) if shots.weight else 0.0
    tries = paint + middle + three + free
    shares = [value / tries for value in (paint, middle, three, free)]
    features["pct_paint"], features["pct_mid_range"], features["pct_three"], features["pct_free_throw"] = shares
    features["zones_age_days"] = float((day - state.zone_day).days)
    features["zones_games"] = float(state.zone_games)
    if rates is not None:
        mismatch = sum(share * (rate - 1.0) for share, rate in zip(shares, rates, strict=True))
        features["shot_zone_mismatch_score"] = clamp(MISMATCH_POINTS * mismatch, -15, 15)
    return True


def _zone_ratios(
    history: History, fixture: Fixture, allowed: tuple[float, float, float] | None
) -> tuple[float, float, float, float] | None:
    """Points that the opponent allows by zone, relative to the league: from shot zones while fresh, else from box scores."""
    if allowed is None:
        return None
    two, three, free = allowed
    team = history.team(fixture.opponent)
    if team.zones_day is None or (fixture.game_date - team.zones_day).days > FRESH_ZONES_DAYS:
        return two, two, three, free
    ratios = []
    for index in (0, 1):
        usual, own = history.zone_rate(index), team.zones.ratio(2 * index + 1, 2 * index)
        trust = team.zones.weight / (team.zones.weight + 12.0)
        ratios.append(two if not usual or own is None else 1.0 + trust * (own / usual - 1.0))
    return ratios[0], ratios[1], three, free


def _add_lines(features: Features, lines: Sequence[Line]) -> None:
    features["has_vegas_line"] = float(bool(lines))
    if lines:
        values = sorted(line.value for line in main_lines(lines))
        features["vegas_points_line"] = values[(len(values) - 1) // 2]
