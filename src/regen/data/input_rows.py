"""Turns what is known into rows of the input tables: plain values, dates and moments as text, no null in a list."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from msgspec import Struct

from regen.data.slates import Game, SlatePlayer
from regen.domain.inputs import PlayerInputs
from regen.domain.lines import choose, main_lines
from regen.features.names import pack
from regen.features.player_state import PlayerState
from regen.features.records import GameLog, PropLine

Row = dict[str, Any]

SLATES = "upcoming_player_game_context"
HISTORY = "player_game_summary"
FEATURES = "ml_feature_store_v2"
LINES = "player_prop_lines"
PENDING = "pending_bdb_games"

OWN_COLUMNS = (
    "regen_status", "regen_checks", "regen_checked_at", "regen_updated_at", "regen_completed_at", "regen_notes",
)  # fmt: skip
"""Columns of `PENDING` that the scan alone writes."""
READY_GAMES = 5
EARLY_SEASON_GAMES = 5
ZONES_WINDOW_DAYS = 14
"""How long a game's shot zones are waited for."""
_BEFORE_TIP = timedelta(hours=2)
_ZONES_DELAY = timedelta(hours=45)
_USUAL_TIP = time(0, 0, tzinfo=UTC)
"""Of the next day: 7 p.m. US Eastern in winter, for games of which no start is known."""
_BOX_SCORES = time(10, 0, tzinfo=UTC)


class Arrival(Struct, frozen=True):
    """Shot zones that came.

    Attributes:
        shots: how many of the game; 0 if what came was of the players' earlier games only.
        was_there: whether they were there before anything was predicted.
    """

    shots: int
    was_there: bool


def tip_off(game: Game) -> datetime:
    """Scheduled or usual start of a game."""
    return game.start or datetime.combine(game.game_date + timedelta(days=1), _USUAL_TIP)


def made_before(player: SlatePlayer) -> datetime:
    """When the rows of a player were made before his game: two hours ahead, or when his last line was seen."""
    seen = [line.captured_at for line in player.lines if line.captured_at]
    return max([tip_off(player.game) - _BEFORE_TIP, *seen])


def zones_arrival(game: Game) -> datetime:
    """When the shot zones of a game usually come."""
    return tip_off(game) + _ZONES_DELAY


def slate_row(player: SlatePlayer, games: int, made: datetime) -> Row:
    """A row of `upcoming_player_game_context`.

    Args:
        player: of the slate.
        games: how many of his games the history knows.
        made: when the row is made.
    """
    chosen = choose(player.offers, player.game.start)
    line = next(iter(main_lines(chosen.lines)), None)
    return {
        "player_lookup": player.player_lookup,
        "player_name": player.player_name,
        "game_id": player.game.game_id,
        "game_date": player.game.game_date.isoformat(),
        "team_abbr": player.team,
        "opponent_team_abbr": player.opponent,
        "home_game": player.home,
        "game_start": _text(player.game.start),
        "game_start_time_local": None,
        "has_prop_line": bool(player.lines),
        "current_points_line": None if line is None else line.value,
        "opening_points_line": None,
        "current_points_line_source": None if line is None else line.bookmaker,
        "days_rest": player.days_rest,
        "avg_minutes_per_game_last_7": player.minutes_last_7,
        "player_status": player.status,
        "game_status": None,
        "injury_report": player.status_reason,
        "is_production_ready": games >= READY_GAMES,
        "created_at": made.isoformat(),
    }


def history_row(log: GameLog, state: PlayerState, now: datetime | None) -> Row:
    """A row of `player_game_summary`.

    Args:
        log: a box score.
        state: the player's, after this game entered the history.
        now: when the row is made; the morning after the game if not given.
    """
    game = state.recent[-1]
    if game.game_id != log.game_id:
        raise ValueError(f"{log.player_lookup}: the history's last game is {game.game_id}, not {log.game_id}")
    made = now or datetime.combine(log.game_date + timedelta(days=1), _BOX_SCORES)
    defensive = log.dreb
    if defensive is None and log.rebounds is not None:
        defensive = log.rebounds - (log.oreb or 0)
    return {
        "player_lookup": log.player_lookup,
        "player_name": log.player_name,
        "game_id": log.game_id,
        "game_date": log.game_date.isoformat(),
        "team_abbr": log.team,
        "opponent_team_abbr": log.opponent,
        "home_game": log.home,
        "minutes_played": log.minutes,
        "points": log.points,
        "assists": log.assists,
        "offensive_rebounds": log.oreb,
        "defensive_rebounds": defensive,
        "fg_attempts": log.fga,
        "three_pt_attempts": log.fg3a,
        "ft_attempts": log.fta,
        "days_rest": game.days_rest,
        "opponent_def_rating": game.opponent_def_rating,
        "processed_at": made.isoformat(),
    }


def line_row(line: PropLine, game_id: str | None) -> Row:
    """A row of `player_prop_lines`."""
    return {
        "game_date": line.game_date.isoformat(),
        "game_id": game_id,
        "player_lookup": line.player_lookup,
        "market": "points",
        "bookmaker": line.bookmaker,
        "line": line.line,
        "over_price": line.over_price,
        "under_price": line.under_price,
        "captured_at": _text(line.captured_at),
    }


def feature_row(player: SlatePlayer, inputs: PlayerInputs, state: PlayerState | None, made: datetime) -> Row:
    """A row of `ml_feature_store_v2`."""
    names, values = pack(inputs.features)
    created = made.isoformat()
    age = inputs.features.get("zones_age_days")
    return {
        "player_lookup": inputs.player_lookup,
        "game_date": inputs.game_date.isoformat(),
        "game_id": inputs.game_id,
        "features": values,
        "feature_names": names,
        "feature_count": len(values),
        "feature_version": inputs.feature_version,
        "feature_quality_score": inputs.feature_quality,
        "opponent_team_abbr": inputs.opponent,
        "is_home": inputs.home,
        "days_rest": player.days_rest,
        "data_source": "box_scores_and_shot_zones" if inputs.shot_zones_source else "box_scores",
        "data_source_tier": str(inputs.data_source_tier),
        "shot_zones_source": inputs.shot_zones_source,
        "shot_zones_age_days": None if age is None else int(age),
        "source_shot_zones_rows_found": None,
        "source_shot_zones_completeness_pct": None,
        "source_shot_zones_hash": None,
        "early_season_flag": (inputs.features.get("season_games") or 0.0) < EARLY_SEASON_GAMES,
        "insufficient_data_reason": None if state is not None and state.games else "no_history",
        "data_hash": inputs.feature_hash,
        "created_at": created,
        "updated_at": created,
    }


def pending_row(game: Game, last: date, arrival: Arrival | None, now: datetime | None) -> Row:
    """A row of `pending_bdb_games`.

    Args:
        game: of the schedule.
        last: the newest date there is; a game too long before it is no longer waited for.
        arrival: of the game's shot zones, None while they are awaited.
        now: when the row is made; when its status would have changed at the time, if not given.
    """
    status, notes, changed = "pending_bdb", None, tip_off(game)
    if arrival is not None:
        status = "completed" if arrival.was_there else "bdb_available"
        notes = "there before the first prediction" if arrival.was_there else None
        changed = zones_arrival(game)
    elif (last - game.game_date).days > ZONES_WINDOW_DAYS:
        status, notes = "expired", f"nothing came within {ZONES_WINDOW_DAYS} days"
        changed += timedelta(days=ZONES_WINDOW_DAYS)
    moment = (now or changed).isoformat()
    return {
        "game_date": game.game_date.isoformat(),
        "game_id": game.game_id,
        "home_team": game.home,
        "away_team": game.away,
        "game_start_time": _text(game.start),
        "fallback_source": "none",
        "status": status,
        "bdb_check_count": 0 if arrival is None else 1,
        "last_bdb_check_at": None if arrival is None else moment,
        "bdb_shots_found": None if arrival is None else arrival.shots,
        "bdb_available_at": None if arrival is None else moment,
        "attempts": 0,
        "completed_at": None,
        "resolution_notes": notes,
        "created_at": tip_off(game).isoformat(),
        "updated_at": moment,
        **dict.fromkeys(OWN_COLUMNS),
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
