-- The current predictions of a date.
SELECT
  player_lookup, game_id, team_abbr, opponent_team_abbr, system_id,
  CAST(predicted_points AS FLOAT64) AS predicted_points,
  CAST(current_points_line AS FLOAT64) AS line, recommendation, CAST(confidence_score AS FLOAT64) AS confidence,
  data_source_tier, batch_id, prediction_id, created_at
FROM {player_prop_predictions}
WHERE game_date = @game_date
  AND (superseded IS NULL OR superseded = FALSE)
  AND (@player = '' OR player_lookup = @player)
  AND (@system = '' OR system_id = @system)
ORDER BY player_lookup, system_id, line
