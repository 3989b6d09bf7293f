-- Keeps the figures of live quality of one date in place of older ones of it: a redelivered grading doubles no row, and an
-- older measurement replaces no newer one. Statements that only insert do not conflict; therefore the transaction changes
-- the lock row of the grades, which the grading before it has made, so that BigQuery cancels one of two concurrent ones.
BEGIN TRANSACTION;

UPDATE {statement_locks} SET `at` = @at, holder = 'quality' WHERE name = 'grades';

IF @@row_count = 0 THEN
  RAISE USING MESSAGE = 'LOCK_MISSING: statement_locks has no row for the grades';
END IF;

DELETE FROM {prediction_quality} WHERE as_of_date = @as_of AND measured_at <= @at;

INSERT INTO {prediction_quality} ({quality_columns}, measured_at)
SELECT {quality_values}, @at
FROM UNNEST(@figures) AS figure
WHERE NOT EXISTS (SELECT 1 FROM {prediction_quality} WHERE as_of_date = @as_of);

COMMIT TRANSACTION;
