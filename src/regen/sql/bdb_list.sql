-- Games whose late data is awaited, or has arrived.
SELECT
  game_date, game_id, home_team, away_team, status, bdb_available_at, bdb_check_count, attempts, completed_at,
  resolution_notes
FROM {pending_bdb_games}
WHERE game_date BETWEEN @first AND @last
  AND (@status = '' OR status = @status)
  AND (@every OR status NOT IN ('completed', 'expired'))
ORDER BY game_date, game_id
