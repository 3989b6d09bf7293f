-- The newest row of each player's game, of the dates from @first to @last, and whether it is settled: it has minutes and points,
-- or neither. Minutes without points, points without minutes and numbers below zero are half a row.
SELECT
  game_date, game_id, player_lookup, team_abbr, points, minutes_played,
  IF(
    IFNULL(minutes_played, 0) > 0,
    IFNULL(points, -1) >= 0,
    IFNULL(minutes_played, 0) = 0 AND IFNULL(points, 0) = 0
  ) AS is_settled
FROM {player_game_summary}
WHERE game_date BETWEEN @first AND @last
QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, game_id, player_lookup ORDER BY processed_at DESC) = 1
