-- Writes a scan's changes to games whose row is still as the scan read it: only one of two concurrent scans writes.
-- Upstream's detector goes on beside it: its word (`status`), its checks and its notes are never written.
MERGE {pending_bdb_games} AS game
USING (
  SELECT
    given.game_date AS game_date, given.game_id AS game_id, given.was AS was, given.attempts_were AS attempts_were,
    given.status AS status, given.attempts AS attempts, given.checks AS checks, given.at AS looked_at,
    given.notes AS notes
  FROM UNNEST(@changes) AS given
  JOIN (
    SELECT
      pending_game.game_date, pending_game.game_id, IFNULL(pending_game.attempts, 0) AS attempts,
      {bdb_state:pending_game}
    FROM {pending_bdb_games} AS pending_game
    WHERE pending_game.game_date BETWEEN @first AND @last
  ) AS known
    ON known.game_date = given.game_date AND known.game_id = given.game_id
    AND known.state = given.was AND known.attempts = given.attempts_were
) AS change
  ON game.game_date BETWEEN @first AND @last AND game.game_date = change.game_date AND game.game_id = change.game_id
WHEN MATCHED THEN
  UPDATE SET
    regen_status = IF(change.status = change.was, game.regen_status, change.status),
    attempts = change.attempts,
    regen_checks = change.checks,
    regen_checked_at = change.looked_at,
    regen_completed_at = IF(change.status = 'completed', change.looked_at, game.regen_completed_at),
    regen_notes = IFNULL(change.notes, game.regen_notes),
    regen_updated_at = IF(
      change.status = change.was AND change.attempts = change.attempts_were, game.regen_updated_at, change.looked_at
    )
