-- The games that are neither completed nor expired.
SELECT
  game_date, game_id, status, home_team, away_team, game_start_time, bdb_check_count, last_bdb_check_at,
  bdb_available_at, attempts, updated_at
FROM {pending_bdb_games}
WHERE game_date >= '1946-01-01' AND status NOT IN ('completed', 'expired')
ORDER BY game_date, game_id
