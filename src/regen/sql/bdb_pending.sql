-- The games that are neither completed nor expired. Upstream keeps a whole season of games that it has finished: of these only
-- recent ones (@since).
SELECT
  game_date, game_id, state AS status, home_team, away_team, game_start_time, regen_checks AS bdb_check_count,
  regen_checked_at AS last_bdb_check_at, IFNULL(bdb_available_at, completed_at) AS bdb_available_at, attempts,
  IFNULL(regen_updated_at, updated_at) AS updated_at
FROM (
  SELECT
    *,
    {bdb_state:pending_game}
  FROM {pending_bdb_games} AS pending_game
  WHERE game_date >= '1946-01-01'
)
WHERE state NOT IN ('completed', 'expired')
  AND (regen_status IS NOT NULL OR status NOT IN ('reran', 'blocked', 'completed_bdb') OR game_date >= @since)
ORDER BY game_date, game_id
