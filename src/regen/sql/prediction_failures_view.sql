-- Each player of a batch without a prediction, by the batch's last round: the outcome, and why.
CREATE OR REPLACE VIEW `{nba_predictions}.prediction_failures` AS
SELECT
  game_date, player_lookup, batch_id, round, run_date, outcome,
  COALESCE(skip_reason, error_type, outcome) AS why,
  error_message, systems_failed, worker_version
FROM {prediction_worker_runs}
WHERE game_date >= '1946-01-01' AND run_date >= '1946-01-01'
QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, batch_id, player_lookup ORDER BY round DESC, run_date DESC) = 1
  AND IFNULL(NOT success, TRUE)
