-- The dates of a range that have a slate, with their coverage.
SELECT game_date, rostered_players, expected_players, players_with_predictions, missing_players
FROM `{nba_predictions}.prediction_coverage`
WHERE game_date BETWEEN @first AND @last
ORDER BY game_date
