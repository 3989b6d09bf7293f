-- The current rows of a date.
SELECT
  prediction_id, batch_id, player_lookup, game_id, system_id, current_points_line, predicted_points, recommendation,
  data_source_tier, created_at, sportsbook, feature_quality_score, actual_games_count,
  filter_reason, was_line_fallback
FROM {player_prop_predictions}
WHERE game_date = @game_date AND (superseded IS NULL OR superseded = FALSE)
ORDER BY player_lookup, system_id, current_points_line, prediction_id
