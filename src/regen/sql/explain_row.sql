-- One prediction: what it says, and what it was computed from.
SELECT
  prediction_id, player_lookup, game_date, game_id, system_id, batch_id, round, created_at, is_active,
  team_abbr, opponent_team_abbr, predicted_points, confidence_score, recommendation, has_prop_line, current_points_line,
  edge, line_margin, line_source, sportsbook, line_source_api, was_line_fallback, line_minutes_before_game,
  over_probability, prediction_variance, prediction_sd, interval80_low, interval80_high, model_version, ml_model_id,
  TO_JSON_STRING(key_factors) AS key_factors, TO_JSON_STRING(warnings) AS warnings, is_actionable, filter_reason,
  injury_status_at_prediction, feature_version, feature_version_hash, feature_count, features_built_at,
  feature_quality_score, actual_games_count, data_source_tier, shot_zones_source, source_shot_zones_hash,
  inputs_as_of, inputs_hash, code_version, restored_from_prediction_id
FROM {player_prop_predictions}
WHERE game_date = @game_date
  AND prediction_id = @prediction_id
