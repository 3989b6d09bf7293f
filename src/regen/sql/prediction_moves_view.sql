-- Each prediction that a batch has ended, beside the one that took its place; without one, it was withdrawn.
CREATE OR REPLACE VIEW `{nba_predictions}.prediction_moves` AS
SELECT
  old.game_date, old.player_lookup, old.system_id,
  old.superseded_by_batch_id AS batch_id, old.superseded_at AS moved_at, old.superseded_reason AS reason,
  fresh.prediction_id IS NULL AS is_withdrawn,
  old.current_points_line AS old_line, fresh.current_points_line AS new_line,
  old.predicted_points AS old_points, fresh.predicted_points AS new_points,
  fresh.predicted_points - old.predicted_points AS points_moved,
  old.recommendation AS old_recommendation, fresh.recommendation AS new_recommendation,
  old.recommendation IN ('OVER', 'UNDER') AND fresh.recommendation IN ('OVER', 'UNDER')
  AND old.recommendation != fresh.recommendation AS is_flip,
  old.data_source_tier AS old_tier, fresh.data_source_tier AS new_tier,
  old.prediction_id AS old_prediction_id, fresh.prediction_id AS new_prediction_id
FROM {player_prop_predictions} AS old
LEFT JOIN {player_prop_predictions} AS fresh
  ON fresh.game_date = old.game_date AND fresh.game_date >= '1946-01-01'
  AND fresh.prediction_id = old.superseded_by_prediction_id
WHERE old.game_date >= '1946-01-01'  -- for an adopted table that requires a filter
  AND old.superseded AND old.superseded_by_batch_id IS NOT NULL
