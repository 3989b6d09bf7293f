-- Coverage of every date with a slate, with the players who are missing.
SELECT game_date, expected_players, players_with_predictions, coverage_pct, missing_players
FROM `{nba_predictions}.prediction_coverage`
WHERE game_date BETWEEN @first AND @last
ORDER BY game_date
