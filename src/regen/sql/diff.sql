-- Each prediction that some batches superseded or withdrew, with its replacement.
SELECT
  old.game_date, old.player_lookup, old.system_id,
  CAST(old.current_points_line AS FLOAT64) AS old_line, CAST(fresh.current_points_line AS FLOAT64) AS new_line,
  CAST(old.predicted_points AS FLOAT64) AS old_points, CAST(fresh.predicted_points AS FLOAT64) AS new_points,
  old.recommendation AS old_recommendation, fresh.recommendation AS new_recommendation,
  old.data_source_tier AS old_tier, fresh.data_source_tier AS new_tier, old.superseded_reason AS reason,
  old.batch_id AS old_batch_id
FROM {player_prop_predictions} AS old
LEFT JOIN {player_prop_predictions} AS fresh
  ON fresh.game_date = old.game_date AND fresh.prediction_id = old.superseded_by_prediction_id
  AND fresh.game_date BETWEEN @first AND @last
WHERE old.game_date BETWEEN @first AND @last AND old.superseded_by_batch_id IN UNNEST(SPLIT(@batches, ','))
ORDER BY old.game_date, old.player_lookup, old.system_id, old_line
