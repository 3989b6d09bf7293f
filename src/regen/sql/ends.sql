-- How the rounds of some dates ended since a moment, as the audit has it.
SELECT
  game_date, batch_id, event, superseded_count, regenerated_count, withdrawn, coverage_pct, error,
  TO_JSON_STRING(verdict) AS verdict
FROM {prediction_regeneration_audit}
WHERE game_date BETWEEN @first AND @last
  AND regeneration_timestamp > @before
  AND event IN ('promoted', 'rejected', 'held', 'cancelled', 'failed')
ORDER BY regeneration_timestamp
