-- Each prediction with the time in which it was current; the predecessor ended rows without saying when.
CREATE OR REPLACE VIEW `{nba_predictions}.prediction_history` AS
SELECT
  game_date, player_lookup, system_id, prediction_id, batch_id, current_points_line, predicted_points, recommendation,
  confidence_score, data_source_tier, model_version,
  created_at AS valid_from,
  IF(IFNULL(superseded, FALSE), COALESCE(superseded_at, updated_at, created_at), NULL) AS valid_to,
  NOT IFNULL(superseded, FALSE) AS is_current,
  superseded_reason, superseded_by_batch_id, superseded_by_prediction_id, restored_from_prediction_id
FROM {player_prop_predictions}
WHERE game_date >= '1946-01-01'  -- for an adopted table that requires a filter
