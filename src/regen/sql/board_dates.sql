-- The dates of the console's board: coverage against the slate, current rows and those on GOLD, games whose late data is awaited.
WITH current_rows AS (
  SELECT game_date, COUNT(*) AS current_rows, COUNTIF(data_source_tier = 'GOLD') AS gold_rows
  FROM {player_prop_predictions}
  WHERE game_date BETWEEN @first AND @last AND (superseded IS NULL OR superseded = FALSE)
  GROUP BY game_date
),
awaited AS (
  SELECT game_date, COUNT(*) AS awaited_games, MIN(game_start_time) AS oldest_start
  FROM (
    SELECT
      game_date, game_start_time,
      regen_status IS NULL AND status IN ('reran', 'blocked', 'completed_bdb') AS is_finished,
      {bdb_state:pending_game}
    FROM {pending_bdb_games} AS pending_game
    WHERE game_date BETWEEN @first AND @last
  )
  WHERE state NOT IN ('completed', 'expired') AND NOT is_finished
  GROUP BY game_date
)
SELECT
  coverage.game_date, coverage.expected_players, coverage.players_with_predictions, coverage.coverage_pct,
  IFNULL(current_rows.current_rows, 0) AS current_rows, IFNULL(current_rows.gold_rows, 0) AS gold_rows,
  IFNULL(awaited.awaited_games, 0) AS awaited_games, awaited.oldest_start
FROM `{nba_predictions}.prediction_coverage` AS coverage
LEFT JOIN current_rows ON current_rows.game_date = coverage.game_date
LEFT JOIN awaited ON awaited.game_date = coverage.game_date
WHERE coverage.game_date BETWEEN @first AND @last
ORDER BY coverage.game_date
