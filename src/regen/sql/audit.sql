-- The acts on a date or of a batch, in order of time. No slate is known a year before its games.
SELECT
  regeneration_timestamp, event, game_date, batch_id, round, status, reason, triggered_by, on_behalf_of, requested,
  produced, skipped, failed, kept, withdrawn, superseded_count, regenerated_count, coverage_pct, error, metadata,
  verdict
FROM {prediction_regeneration_audit}
WHERE regeneration_timestamp >= TIMESTAMP_SUB(TIMESTAMP(@day), INTERVAL 400 DAY)
  AND (@batch_id = '' OR batch_id = @batch_id)
  AND (@batch_id != '' OR game_date = @day)
ORDER BY regeneration_timestamp, round, event
