-- Merges fences of which older versions left several rows: keeps the highest token and the last promotion.
-- Returns the dates of the merged fences.
DECLARE doubled ARRAY<DATE>;

SET doubled = ARRAY(SELECT game_date FROM {promotion_fence} GROUP BY game_date HAVING COUNT(*) > 1 ORDER BY game_date);

IF ARRAY_LENGTH(doubled) > 0 THEN
  IF NOT EXISTS (SELECT 1 FROM {statement_locks} WHERE name = 'fence') THEN
    INSERT INTO {statement_locks} (name, `at`) VALUES ('fence', @at);
  END IF;

  BEGIN TRANSACTION;

  UPDATE {statement_locks} SET `at` = @at, holder = 'mending' WHERE name = 'fence';

  IF @@row_count = 0 THEN
    RAISE USING MESSAGE = 'LOCK_MISSING: statement_locks has no row for the fence';
  END IF;

  -- The row that stays is identified by its time.
  INSERT INTO {promotion_fence} (
    game_date, token, batch_id, round, raised_at, promoted_batch_id, promoted_round, promoted_at
  )
  SELECT
    highest.game_date, highest.token, highest.batch_id, highest.round, @at,
    latest.promoted_batch_id, latest.promoted_round, latest.promoted_at
  FROM (
    SELECT
      game_date, token, batch_id, round,
      ROW_NUMBER() OVER (PARTITION BY game_date ORDER BY token DESC, raised_at DESC, batch_id, round) AS place
    FROM {promotion_fence}
    WHERE game_date IN UNNEST(doubled)
  ) AS highest
  JOIN (
    SELECT
      game_date, promoted_batch_id, promoted_round, promoted_at,
      ROW_NUMBER()
        OVER (PARTITION BY game_date ORDER BY promoted_at IS NULL, promoted_at DESC, promoted_round DESC)
        AS place
    FROM {promotion_fence}
    WHERE game_date IN UNNEST(doubled)
  ) AS latest ON latest.game_date = highest.game_date AND latest.place = highest.place
  WHERE highest.place = 1;

  DELETE FROM {promotion_fence} WHERE game_date IN UNNEST(doubled) AND raised_at != @at;

  COMMIT TRANSACTION;
END IF;

SELECT game_date FROM UNNEST(doubled) AS game_date ORDER BY game_date;
