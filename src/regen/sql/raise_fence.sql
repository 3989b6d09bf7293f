-- Takes a date for a token, and returns the token that holds it afterwards.
-- Statements that only insert do not conflict, a MERGE that inserts included
-- (https://cloud.google.com/bigquery/docs/data-manipulation-language#dml_statement_conflicts). So the row of a date is
-- created in a transaction that changes a lock row: BigQuery cancels one of two concurrent ones. It is raised by a plain
-- UPDATE, which BigQuery queues behind a running promotion.
IF NOT EXISTS (SELECT 1 FROM {promotion_fence} WHERE game_date = @game_date) THEN
  -- A doubled lock row does no harm: the transaction changes both.
  IF NOT EXISTS (SELECT 1 FROM {statement_locks} WHERE name = 'fence') THEN
    INSERT INTO {statement_locks} (name, `at`) VALUES ('fence', @at);
  END IF;

  BEGIN TRANSACTION;

  UPDATE {statement_locks} SET `at` = @at, holder = @batch_id WHERE name = 'fence';

  IF @@row_count = 0 THEN
    RAISE USING MESSAGE = 'LOCK_MISSING: statement_locks has no row for the fence';
  END IF;

  INSERT INTO {promotion_fence} (game_date, token, batch_id, round, raised_at)
  SELECT made.game_date, @token, @batch_id, @round, @at
  FROM (SELECT @game_date AS game_date) AS made
  WHERE NOT EXISTS (SELECT 1 FROM {promotion_fence} AS taken WHERE taken.game_date = made.game_date);

  COMMIT TRANSACTION;
END IF;

-- A repetition with the same token, batch and round changes only the time.
UPDATE {promotion_fence}
SET token = @token, batch_id = @batch_id, round = @round, raised_at = @at
WHERE game_date = @game_date
  AND (token < @token OR (token = @token AND batch_id = @batch_id AND round = @round));

SELECT token, batch_id, round
FROM {promotion_fence}
WHERE game_date = @game_date
ORDER BY token DESC, batch_id, round;
