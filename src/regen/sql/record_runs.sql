-- The worker runs of a batch that was not promoted, once.
INSERT INTO {prediction_worker_runs} ({run_columns})
SELECT {staged_run_columns}
FROM {staging}
WHERE kind = 'run' AND run_request_id NOT IN (
  SELECT request_id FROM {prediction_worker_runs} WHERE @game_date IS NULL OR game_date = @game_date
)
