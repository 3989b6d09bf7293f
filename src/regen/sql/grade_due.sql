-- The dates whose current predictions have changed since a time.
SELECT DISTINCT game_date
FROM {prediction_regeneration_audit}
WHERE regeneration_timestamp >= @since AND event IN ('promoted', 'rolled_back') AND game_date IS NOT NULL
ORDER BY game_date
