-- The rounds of some dates that were promoted or rolled back, as the audit has them: batch, round, event.
-- No slate is known a year before its games, so older audit rows belong to other dates.
SELECT CONCAT(batch_id, ' ', CAST(round AS STRING), ' ', event) AS act
FROM {prediction_regeneration_audit}
WHERE regeneration_timestamp >= TIMESTAMP_SUB(TIMESTAMP(@first), INTERVAL 400 DAY)
  AND game_date BETWEEN @first AND @last AND event IN ('promoted', 'rolled_back')
  AND batch_id IS NOT NULL AND round IS NOT NULL
