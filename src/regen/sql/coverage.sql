-- Coverage of dates against their slates.
SELECT
  game_date, rostered_players, excluded_players, skipped_players, expected_players, players_with_predictions,
  coverage_pct, missing_players
FROM `{nba_predictions}.prediction_coverage`
WHERE game_date BETWEEN @first AND @last
ORDER BY game_date
