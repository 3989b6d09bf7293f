-- Games whose late data is awaited, or has arrived. What upstream has finished and regen has not touched is shown with all.
SELECT
  game_date, game_id, home_team, away_team, state AS status, status AS upstream_status,
  IFNULL(bdb_available_at, completed_at) AS bdb_available_at,
  regen_checks AS bdb_check_count, attempts, regen_completed_at AS completed_at,
  IFNULL(regen_notes, resolution_notes) AS resolution_notes
FROM (
  SELECT
    *,
    {bdb_state:pending_game}
  FROM {pending_bdb_games} AS pending_game
  WHERE game_date BETWEEN @first AND @last
)
WHERE (@status = '' OR state = @status)
  AND (
    @every
    OR (
      state NOT IN ('completed', 'expired')
      AND (regen_status IS NOT NULL OR status NOT IN ('reran', 'blocked', 'completed_bdb'))
    )
  )
ORDER BY game_date, game_id
