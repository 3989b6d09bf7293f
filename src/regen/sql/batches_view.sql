-- The audit, folded to one row a batch: what was asked, where it stands, and the newest figures. A trigger that coalesced into a batch
-- is no act on it.
CREATE OR REPLACE VIEW `{nba_predictions}.batches` AS
SELECT
  batch_id, game_date, status,
  FIRST_VALUE(reason) OVER life AS reason,
  FIRST_VALUE(triggered_by) OVER life AS triggered_by,
  FIRST_VALUE(on_behalf_of) OVER life AS on_behalf_of,
  FIRST_VALUE(started_at IGNORE NULLS) OVER life AS opened_at,
  regeneration_timestamp AS last_event_at, event AS last_event, reason AS last_reason,
  LAST_VALUE(error IGNORE NULLS) OVER life AS last_error,
  MAX(round) OVER life AS rounds,
  LAST_VALUE(requested IGNORE NULLS) OVER life AS requested,
  LAST_VALUE(produced IGNORE NULLS) OVER life AS produced,
  LAST_VALUE(skipped IGNORE NULLS) OVER life AS skipped,
  LAST_VALUE(failed IGNORE NULLS) OVER life AS failed,
  LAST_VALUE(kept IGNORE NULLS) OVER life AS kept,
  LAST_VALUE(withdrawn IGNORE NULLS) OVER life AS withdrawn,
  LAST_VALUE(superseded_count IGNORE NULLS) OVER life AS superseded_count,
  LAST_VALUE(regenerated_count IGNORE NULLS) OVER life AS regenerated_count,
  LAST_VALUE(coverage_pct IGNORE NULLS) OVER life AS coverage_pct,
  COUNT(*) OVER life AS events
FROM {prediction_regeneration_audit}
WHERE batch_id IS NOT NULL AND event != 'coalesced' AND regeneration_timestamp >= '2000-01-01'
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY batch_id ORDER BY regeneration_timestamp DESC, round DESC, event_id DESC
  ) = 1
WINDOW life AS (
  PARTITION BY batch_id ORDER BY regeneration_timestamp, round, event_id
  ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
)
