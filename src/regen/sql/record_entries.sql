-- Inserts the audit entries that are not there yet, each once. Statements that only insert do not conflict, not even a MERGE
-- that inserts. Therefore the transaction changes a lock row, so that BigQuery cancels one of two concurrent ones.
IF NOT EXISTS (SELECT 1 FROM {statement_locks} WHERE name = 'audit') THEN
  INSERT INTO {statement_locks} (name, `at`) VALUES ('audit', CURRENT_TIMESTAMP());
END IF;

BEGIN TRANSACTION;

UPDATE {statement_locks} SET `at` = CURRENT_TIMESTAMP(), holder = @holder WHERE name = 'audit';

IF @@row_count = 0 THEN
  RAISE USING MESSAGE = 'LOCK_MISSING: statement_locks has no row for the audit';
END IF;

INSERT INTO {prediction_regeneration_audit} ({audit_columns}, created_at)
SELECT {audit_values}, CURRENT_TIMESTAMP()
FROM UNNEST(@entries) AS entry
WHERE entry.event_id NOT IN (
    SELECT event_id FROM {prediction_regeneration_audit}
    WHERE regeneration_timestamp >= @since AND event_id IS NOT NULL
  );

COMMIT TRANSACTION;
