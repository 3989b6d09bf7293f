-- Every generation of a player's predictions over some dates, and the points that he scored.
SELECT
  made.game_date, made.system_id, CAST(made.predicted_points AS FLOAT64) AS points,
  CAST(made.current_points_line AS FLOAT64) AS line, made.recommendation, made.data_source_tier AS tier,
  made.retrospective, made.batch_id, made.created_at, made.superseded_at, made.superseded_reason,
  NOT IFNULL(made.superseded, FALSE) AS is_current, box.points AS actual_points
FROM {player_prop_predictions} AS made
LEFT JOIN (
  SELECT game_date, points
  FROM {player_game_summary}
  WHERE game_date BETWEEN @first AND @last AND player_lookup = @player
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date ORDER BY processed_at DESC) = 1
) AS box ON box.game_date = made.game_date
WHERE made.game_date BETWEEN @first AND @last AND made.player_lookup = @player
ORDER BY made.game_date DESC, made.system_id, made.created_at, line
