-- The newest row of each player's game, of the dates from @first to @last.
SELECT game_date, game_id, player_lookup, team_abbr, points, minutes_played
FROM {player_game_summary}
WHERE game_date BETWEEN @first AND @last
QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, game_id, player_lookup ORDER BY processed_at DESC) = 1
