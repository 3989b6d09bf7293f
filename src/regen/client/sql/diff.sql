-- Each prediction that a batch superseded or withdrew, beside its replacement.
SELECT
  old.player_lookup, old.system_id,
  CAST(old.current_points_line AS FLOAT64) AS old_line, CAST(new.current_points_line AS FLOAT64) AS new_line,
  CAST(old.predicted_points AS FLOAT64) AS old_points, CAST(new.predicted_points AS FLOAT64) AS new_points,
  old.recommendation AS old_recommendation, new.recommendation AS new_recommendation,
  old.data_source_tier AS old_tier, new.data_source_tier AS new_tier, old.superseded_reason AS reason
FROM {player_prop_predictions} AS old
LEFT JOIN {player_prop_predictions} AS new
  ON new.game_date = @game_date AND new.prediction_id = old.superseded_by_prediction_id
WHERE old.game_date = @game_date AND old.superseded_by_batch_id = @batch_id
ORDER BY old.player_lookup, old.system_id, old_line
