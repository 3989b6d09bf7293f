-- All that was ever current for a player, with the time in which it was.
SELECT system_id, current_points_line, predicted_points, recommendation, valid_from, valid_to, superseded_reason
FROM `{nba_predictions}.prediction_history`
WHERE game_date BETWEEN @first AND @last AND player_lookup = @player
ORDER BY system_id, current_points_line, valid_from
