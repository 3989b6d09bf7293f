"""What the predecessor left in its own tables: predictions, their worker runs and their grades.

With what its merge did to them: a row for each of five lines or one survivor of them, rows that are superseded and active at
once, rows that are neither, confidences on two scales, ids that are random. Its audit is empty. None of its rows has a hash of its
inputs, because its worker never wrote one.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from regen.data import input_rows
from regen.data.slates import SlatePlayer
from support.predecessors_inputs import Day
from support.predecessors_raw import Row

OWN = ("moving_average", "zone_matchup_v1", "similarity_balanced_v1", "ensemble_v1")
"""Systems that regen has, too."""
GONE = ("catboost_v8", "ensemble_v1_1")
"""Systems that regen does not have."""
MIN_MINUTES = 15
AROUND = (-2.0, -1.0, 0.0, 1.0, 2.0)
"""The five lines of a daily run, around the one that was offered."""


def predicted(days: Iterable[Day], systems: Sequence[str] = (*OWN, *GONE)) -> Mapping[str, list[Row]]:
    """The rows of some dates by table; every other date has the predecessor's grades."""
    found: dict[str, list[Row]] = {
        "player_prop_predictions": [],
        "prediction_worker_runs": [],
        "prediction_accuracy": [],
    }
    for day in days:
        rows = [row for player in day.players if _is_predicted(player) for row in _player(day, player, systems)]
        found["player_prop_predictions"] += rows
        found["prediction_worker_runs"] += [_run(day, player) for player in day.players]
        if day.number % 2 == 0:
            found["prediction_accuracy"] += list(_grades(day, rows))
    return found


def _is_predicted(player: SlatePlayer) -> bool:
    """The predecessor's own filter."""
    return player.status not in {"out", "doubtful"} and (
        bool(player.lines) or (player.minutes_last_7 or 0) >= MIN_MINUTES
    )


def _player(day: Day, player: SlatePlayer, systems: Sequence[str]) -> Iterator[Row]:
    rng = random.Random(f"{day.game_date} {player.player_lookup}")  # noqa: S311 - the same rows each time
    form = day.own[player.player_lookup][0].features.get("points_avg_last_10")
    if form is None:
        return
    offered = player.lines[0].line if player.lines else None
    made = input_rows.tip_off(player.game) - timedelta(hours=9)
    for system in systems:
        points = round(max(0.0, form + rng.gauss(0, 1.5)), 1)
        row = _row(day, player, system, points, offered, made, rng)
        if offered is None or day.number % 3 == 1:
            yield row
        elif day.number % 3 == 0:
            yield from ({**row, "prediction_id": _id(rng), "current_points_line": offered + step} for step in AROUND)
        else:  # regenerated once: the old row is superseded, and in every second case active all the same
            old = {**row, "prediction_id": _id(rng), "created_at": (made - timedelta(days=8)).isoformat()}
            yield {**old, "superseded": True, "superseded_at": made.isoformat(), "superseded_reason": "bdb_upgrade",
                   "superseded_metadata": {"trigger_type": "bdb_retry_processor"}, "is_active": rng.random() < 0.5}  # fmt: skip
            yield {**row, "is_active": rng.random() < 0.9}


def _row(
    day: Day, player: SlatePlayer, system: str, points: float, line: float | None, made: datetime, rng: random.Random
) -> Row:
    edge = None if line is None else points - line
    confidence = rng.uniform(50, 90)
    return {
        "prediction_id": _id(rng), "system_id": system, "player_lookup": player.player_lookup,
        "game_date": day.game_date.isoformat(), "game_id": player.game.game_id, "prediction_version": 1,
        "predicted_points": points, "confidence_score": round(confidence / (100 if day.number % 2 else 1), 2),
        "recommendation": "NO_LINE" if edge is None else "OVER" if edge > 1.5 else "UNDER" if edge < -1.5 else "PASS",
        "has_prop_line": line is not None, "current_points_line": line, "line_margin": edge,
        "line_source": "ACTUAL_PROP" if line is not None else "NO_PROP_LINE", "data_quality_issues": "[]",
        "is_active": True, "model_version": "v8", "created_at": made.isoformat(),
    }  # fmt: skip


def _run(day: Day, player: SlatePlayer) -> Row:
    made = input_rows.tip_off(player.game) - timedelta(hours=9)
    return {
        "request_id": f"{player.player_lookup}-{day.game_date}", "run_date": made.isoformat(),
        "player_lookup": player.player_lookup, "game_date": day.game_date.isoformat(), "game_id": player.game.game_id,
        "success": player.status != "out", "predictions_generated": 6, "systems_attempted": [*OWN, *GONE],
        "created_at": made.isoformat(),
    }  # fmt: skip


def _grades(day: Day, rows: Iterable[Row]) -> Iterator[Row]:
    seen: set[tuple[Any, ...]] = set()
    for row in rows:
        key, actual = (row["player_lookup"], row["system_id"]), day.points.get(row["player_lookup"])
        if actual is None or key in seen or row.get("superseded"):
            continue
        seen.add(key)
        yield {
            "player_lookup": key[0], "game_id": row["game_id"], "game_date": row["game_date"], "system_id": key[1],
            "predicted_points": row["predicted_points"], "confidence_score": 0.7, "recommendation": row["recommendation"],
            "line_value": row["current_points_line"], "actual_points": actual, "is_voided": False,
            "absolute_error": abs(row["predicted_points"] - actual), "signed_error": row["predicted_points"] - actual,
            "graded_at": f"{row['game_date']}T23:59:00Z",
        }  # fmt: skip


def _id(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
