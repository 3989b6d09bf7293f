-- The counts committed for a batch and round, from the audit row, which commits with the act.
-- No slate is known a year before its games.
SELECT superseded_count, withdrawn, regenerated_count, regeneration_timestamp, fence_token
FROM {prediction_regeneration_audit}
WHERE regeneration_timestamp >= TIMESTAMP_SUB(TIMESTAMP(@game_date), INTERVAL 400 DAY)
  AND game_date = @game_date AND batch_id = @batch_id AND round = @round AND event = @event
ORDER BY regeneration_timestamp DESC
LIMIT 1
