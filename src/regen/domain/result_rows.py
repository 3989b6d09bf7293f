"""The rows staged for outcomes: `player_prop_predictions` and `prediction_worker_runs`."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from regen.domain.batch import Batch
from regen.domain.outcome import Outcome, OutcomeKind, Prediction
from regen.domain.recommendation import interval80

OFFERS, FALLBACK = "player_prop_lines", "upcoming_player_game_context"
"""Where a line was had from if it does not say so itself: bookmakers' offers, or the slate's own line."""
MAX_SD = 99.0


def prediction_row(batch: Batch, outcome: Outcome, prediction: Prediction, at: datetime) -> dict[str, object]:
    """One row of `player_prop_predictions`, as JSON values, without the columns that the promotion fills.

    Args:
        at: when the batch is verified; a game that has begun by then makes the row `retrospective` (I-12).
    """
    source = outcome.provenance
    begun = has_begun(outcome.game_start, at)
    line = prediction.line
    sd = min(prediction.sd, MAX_SD)
    low, high = interval80(prediction.points, sd)
    return {
        "prediction_id": prediction.prediction_id,
        "system_id": prediction.system_id,
        "player_lookup": outcome.player_lookup,
        "game_date": batch.game_date.isoformat(),
        "game_id": outcome.game_id,
        "team_abbr": source.team if source else None,
        "opponent_team_abbr": source.opponent if source else None,
        "prediction_version": 1,
        "predicted_points": prediction.points,
        "confidence_score": prediction.confidence,
        "recommendation": prediction.recommendation,
        "has_prop_line": line is not None,
        "current_points_line": line,
        "edge": prediction.price_edge,
        "line_margin": None if line is None else round(prediction.points - line, 2),
        "line_source": "NO_PROP_LINE" if line is None else "ACTUAL_PROP",
        "sportsbook": prediction.bookmaker,
        "line_source_api": _line_source(prediction),
        "was_line_fallback": None if line is None else prediction.is_fallback,
        "line_minutes_before_game": prediction.line_minutes,
        "over_probability": None if prediction.over_probability is None else round(prediction.over_probability, 4),
        "prediction_variance": round(min(prediction.sd**2, 999.0), 2),
        "prediction_sd": round(sd, 3),
        "interval80_low": round(low, 1),
        "interval80_high": round(high, 1),
        "model_version": prediction.version,
        "ml_model_id": prediction.version.partition("-")[2] or None,
        "key_factors": {k: round(v, 3) for k, v in prediction.factors.items() if math.isfinite(v)},
        "warnings": list(prediction.warnings),
        "is_active": True,
        "is_actionable": prediction.filter_reason is None and prediction.recommendation in {"OVER", "UNDER"},
        "filter_reason": prediction.filter_reason,
        "injury_status_at_prediction": source.injury_status if source else None,
        "feature_version": source.feature_version if source else None,
        "feature_version_hash": source.feature_hash if source else None,
        "feature_count": source.feature_count if source else None,
        "features_built_at": source.features_built_at if source else None,
        "feature_quality_score": source.feature_quality if source else None,
        "actual_games_count": source.history_games if source else None,
        "data_source_tier": source.data_source_tier if source else None,
        "shot_zones_source": source.shot_zones_source if source else None,
        "source_shot_zones_hash": source.shot_zones_hash if source else None,
        "inputs_hash": source.inputs_hash if source else None,
        "code_version": outcome.code_version or batch.code_version,
        "batch_id": batch.batch_id,
        "retrospective": begun,
        "inputs_as_of": source.inputs_as_of if source else None,
    }


def _line_source(prediction: Prediction) -> str | None:
    if prediction.line is None:
        return None
    return prediction.line_source or (FALLBACK if prediction.is_fallback else OFFERS)


def has_begun(game_start: str | None, at: datetime) -> bool:
    """Whether the game had begun at that time; False if the tip-off is unknown or no valid timestamp."""
    try:
        start = None if game_start is None else datetime.fromisoformat(game_start)
    except ValueError:
        return False
    return start is not None and (start if start.tzinfo else start.replace(tzinfo=UTC)) <= at


def run_row(batch: Batch, outcome: Outcome, at: datetime) -> dict[str, object]:
    """One row of `prediction_worker_runs`: one per player of a batch."""
    systems = {p.system_id for p in outcome.predictions}
    attempted = systems | set(outcome.system_problems)
    source = outcome.provenance
    return {
        "request_id": f"{batch.batch_id}/{outcome.round}/{outcome.player_lookup}",
        "batch_id": batch.batch_id,
        "round": outcome.round,
        "run_date": at.isoformat(),
        "player_lookup": outcome.player_lookup,
        "game_date": batch.game_date.isoformat(),
        "game_id": outcome.game_id,
        "success": outcome.kind is OutcomeKind.PRODUCED,
        "outcome": outcome.kind.value,
        "skip_reason": outcome.reason if outcome.kind is OutcomeKind.SKIPPED else None,
        "error_type": outcome.reason if outcome.kind is OutcomeKind.FAILED else None,
        "error_message": outcome.error,
        "line_values_requested": sorted({p.line for p in outcome.predictions if p.line is not None}),
        "predictions_generated": len(outcome.predictions),
        "systems_attempted": sorted(attempted),
        "systems_succeeded": sorted(systems),
        "systems_failed": sorted(outcome.system_problems),
        "system_errors": dict(outcome.system_problems),
        "feature_quality_score": source.feature_quality if source else None,
        "historical_games_count": source.history_games if source else None,
        "prediction_compute_seconds": round(outcome.seconds, 6),
        "duration_seconds": round(outcome.seconds, 6),
        "worker_version": outcome.code_version or batch.code_version,
        "created_at": at.isoformat(),
    }
