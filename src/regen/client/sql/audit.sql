-- What was done to a date or by a batch, in the order of its happening.
SELECT
  regeneration_timestamp, event, game_date, batch_id, round, status, reason, triggered_by, requested, produced, skipped,
  failed, kept, withdrawn, superseded_count, regenerated_count, coverage_pct, error, metadata, verdict
FROM {prediction_regeneration_audit}
WHERE (@batch_id = '' OR batch_id = @batch_id)
  AND (@game_date = '' OR game_date = SAFE_CAST(@game_date AS DATE))
ORDER BY regeneration_timestamp, round, event
