-- Records the end of a round that was not promoted: its audit entries and worker runs, each once, in one transaction that
-- changes a lock row (record_entries.sql says why).
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

INSERT INTO {prediction_worker_runs} ({run_columns})
SELECT {staged_run_columns}
FROM {staging}
WHERE kind = 'run' AND run_request_id NOT IN (
    SELECT request_id FROM {prediction_worker_runs}
    -- The second bound is for a table that upstream has partitioned by run_date.
    WHERE game_date = @game_date AND run_date >= TIMESTAMP_SUB(@since, INTERVAL 400 DAY) AND batch_id = @batch_id
  );

COMMIT TRANSACTION;
