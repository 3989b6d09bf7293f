-- Each prediction of some dates that a batch has ended, beside the one that took its place.
SELECT
  game_date, player_lookup, system_id, batch_id, reason, is_withdrawn, old_line, new_line, points_moved, is_flip,
  old_tier, new_tier
FROM `{nba_predictions}.prediction_moves`
WHERE game_date BETWEEN @first AND @last
ORDER BY game_date, ABS(points_moved) DESC, player_lookup, system_id
