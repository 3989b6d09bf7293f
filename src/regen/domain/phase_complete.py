"""The predecessor's message that its fifth phase, the predictions, is complete: its fields, for those who still read them.

Recorded of it are the names of the fields, `status`, and that a reader wants at least 80 % and 10 predictions and asks for
`completion_pct`, while `completion_percentage` was sent (I-58): both are here. The values of `processor_name` and `phase` are not
recorded; those here are a contract of regen's own.
"""

from __future__ import annotations

from datetime import datetime

from regen.domain.batch import Batch, Status

PROCESSOR, PHASE = "prediction_coordinator", "phase_5_predictions"
OUTPUT_DATASET, OUTPUT_TABLE = "nba_predictions", "player_prop_predictions"


def phase_complete(batch: Batch, at: datetime) -> dict[str, object]:
    """The message of a batch that has changed what is current."""
    counts, kept = batch.counts, batch.metadata
    expected, produced = batch.requested_players, counts.produced or 0
    # After a rollback, what the batch had ended is current again.
    is_back = batch.status is Status.ROLLED_BACK
    rows = (counts.superseded or 0) + (counts.withdrawn or 0) if is_back else counts.inserted or 0
    pct = round(100.0 * produced / expected, 1) if expected and rows else 0.0
    return {
        "processor_name": PROCESSOR,
        "phase": PHASE,
        "execution_id": batch.batch_id,
        "correlation_id": kept.get("correlation_id") or batch.batch_id,
        "game_date": batch.game_date.isoformat(),
        "output_table": OUTPUT_TABLE,
        "output_dataset": OUTPUT_DATASET,
        "status": "no_data" if not rows else "success" if is_back or produced >= expected else "partial",
        "record_count": rows,
        "records_failed": counts.failed or 0,
        "timestamp": at.isoformat(),
        "duration_seconds": (at - batch.created_at).total_seconds(),
        "parent_processor": kept.get("parent_processor"),
        "trigger_source": batch.triggered_by.partition(":")[0],
        "trigger_message_id": batch.trigger_ids[0] if batch.trigger_ids else None,
        "error_message": None,
        "error_type": None,
        "metadata": {
            "batch_id": batch.batch_id,
            "expected_players": expected,
            "completed_players": produced,
            "total_predictions": rows,
            "completion_percentage": pct,
            "completion_pct": pct,
        },
    }
