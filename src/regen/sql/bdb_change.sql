-- Writes a scan's changes to games whose row is still as the scan read it: only one of two concurrent scans writes.
MERGE {pending_bdb_games} AS game
USING (
  SELECT
    given.game_date AS game_date, given.game_id AS game_id, given.was AS was, given.attempts_were AS attempts_were,
    given.status AS status, given.attempts AS attempts, given.checks AS checks, given.at AS looked_at,
    given.notes AS notes
  FROM UNNEST(@changes) AS given
) AS change
  ON game.game_date BETWEEN @first AND @last AND game.game_date = change.game_date AND game.game_id = change.game_id
WHEN MATCHED AND game.status = change.was AND IFNULL(game.attempts, 0) = change.attempts_were THEN
  UPDATE SET
    status = change.status,
    attempts = change.attempts,
    bdb_check_count = change.checks,
    last_bdb_check_at = change.looked_at,
    completed_at = IF(change.status = 'completed', change.looked_at, game.completed_at),
    resolution_notes = IFNULL(change.notes, game.resolution_notes),
    updated_at = IF(
      change.status = change.was AND change.attempts = change.attempts_were, game.updated_at, change.looked_at
    )
