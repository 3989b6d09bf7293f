-- Box scores for training: the newest row of each player's game.
SELECT
  player_lookup, game_date, game_id, team_abbr, opponent_team_abbr, home_game, minutes_played, points, assists,
  offensive_rebounds, defensive_rebounds, fg_attempts, three_pt_attempts, ft_attempts
FROM (
  SELECT {game_columns}, processed_at
  FROM {player_game_summary}
  WHERE game_date BETWEEN @first AND @until AND minutes_played > 0 AND points IS NOT NULL
)
WHERE TRUE  -- BigQuery wants one beside QUALIFY
QUALIFY ROW_NUMBER() OVER (PARTITION BY player_lookup, game_id ORDER BY processed_at DESC) = 1
ORDER BY game_date, game_id, player_lookup
