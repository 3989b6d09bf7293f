"""A data folder as upstream's tables have it: box scores without turnovers and makes, its slate, its feature rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from regen.adapters.bigquery import slate
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.data.csvs import DataFolder
from regen.data.gamedays import GameDay, game_days
from regen.domain.inputs import PlayerInputs
from regen.domain.slate_reading import SlateReading
from regen.domain.values import replace
from regen.features.records import GameLog
from regen.features.upstream import mapping
from regen.training.served import as_served

VERSION = "v2_37features"
MADE = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = {
    "pct_paint": 0.4,
    "pct_mid_range": 0.2,
    "pct_three": 0.3,
    "pct_free_throw": 0.1,
    "shot_zone_mismatch_score": 2.0,
}


def summary_row(log: GameLog) -> dict[str, Any]:
    """A row of `player_game_summary`, beside it the side that the slate of the date had."""
    return {
        "player_lookup": log.player_lookup, "game_id": log.game_id, "game_date": log.game_date, "team_abbr": log.team,
        "opponent_team_abbr": log.opponent, "home_game": log.home, "minutes_played": log.minutes, "points": log.points,
        "assists": log.assists, "offensive_rebounds": log.oreb,
        "defensive_rebounds": None if log.rebounds is None else log.rebounds - (log.oreb or 0),
        "fg_attempts": log.fga, "three_pt_attempts": log.fg3a, "ft_attempts": log.fta, "processed_at": "2026-01-01",
    }  # fmt: skip


def feature_row(
    player: str, game_id: str, version: str = VERSION, *, gold: bool = False, **values: Any
) -> dict[str, Any]:
    """A row of `ml_feature_store_v2`; every value that is not named is 7."""
    names = mapping().names[: mapping().versions.get(version, 37)]
    given: dict[str, Any] = {**dict.fromkeys(names, 7.0), **ZONES, **values}
    return {
        "player_lookup": player, "game_id": game_id, "features": list(given.values()), "feature_names": list(given),
        "feature_version": version, "feature_quality_score": 82.5, "data_hash": f"upstream-{player}",
        "created_at": MADE.isoformat(), "source_shot_zones_rows_found": 12 if gold else 0,
        "source_shot_zones_completeness_pct": "96.50" if gold else None,
    }  # fmt: skip


def slate_row(inputs: PlayerInputs, features: dict[str, Any] | None, **context: Any) -> dict[str, Any]:
    """A row of `read_slate.sql` about a player whom the importer knows.

    Args:
        context: columns of the slate that have other values. `player_status` is that of a player whom the availability report
            lists, even as available; the inputs alone do not say of an available player whether it lists him.
    """
    named = inputs.injury_status if inputs.injury_status not in {"available", "unknown"} else None
    lines = [{"value": line.value, "bookmaker": line.bookmaker, "over_price": line.over_price,
              "under_price": line.under_price} for line in inputs.lines]  # fmt: skip
    return {
        "player_lookup": inputs.player_lookup,
        "context": json.dumps({
            "player_lookup": inputs.player_lookup, "game_id": inputs.game_id, "team_abbr": inputs.team,
            "opponent_team_abbr": inputs.opponent, "home_game": inputs.home, "has_prop_line": bool(lines),
            "player_status": named.upper() if named else None, "avg_minutes_per_game_last_7": 30,
            "created_at": MADE.isoformat(), **context,
        }),
        "features": None if features is None else json.dumps(features),
        "lines": json.dumps(lines) if lines else None,
        "games": None,
    }  # fmt: skip


def imported(folder: DataFolder) -> Iterator[tuple[GameDay, list[PlayerInputs]]]:
    """Each date, with the inputs of all its slate that the importer makes of the same box scores, without shot zones."""
    for day in game_days(replace(as_served(folder), zones=())):
        yield day, [plain(day.inputs(player, with_zones=False)) for player in day.slate.players]


def listed(day: GameDay, inputs: PlayerInputs) -> str | None:
    """The status by which the availability report of the date lists a player; None if it does not."""
    report = day.board.statuses(day.game_date, inputs.team, inputs.game_start) or {}
    status = report.get(inputs.player_lookup)
    return status.upper() if status else None


def plain(inputs: PlayerInputs) -> PlayerInputs:
    """Lines as the slate's reading orders and times them."""
    lines = sorted((replace(line, captured_at=None) for line in inputs.lines), key=lambda o: (o.bookmaker, o.value))
    return replace(inputs, lines=tuple(lines))


def read(day: date, rows: list[dict[str, Any]]) -> SlateReading:
    """What the adapter makes of the rows of `read_slate.sql`."""
    return slate.reading(day, rows)


def with_box_scores(folder: DataFolder, warehouse: MemoryWarehouse) -> MemoryWarehouse:
    """A warehouse that has the folder's box scores."""
    warehouse.seed_box_scores(map(summary_row, folder.logs))
    return warehouse
