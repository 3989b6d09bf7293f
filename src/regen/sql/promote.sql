-- Makes the staged predictions current in place of those that they replace, and writes the audit row, all or nothing.
-- A RAISE ends the script, and with it the transaction, which is then rolled back.
DECLARE measured STRUCT<superseded INT64, withdrawn INT64, inserted INT64, problem STRING>;

BEGIN TRANSACTION;

-- 1. Check that this owner still holds the date, with the highest token, and that the round has not been promoted. Every
-- promotion changes this row, so that two promotions conflict; two transactions that only insert would not.
UPDATE {promotion_fence}
SET promoted_batch_id = @batch_id, promoted_round = @round, promoted_at = @at
WHERE game_date = @game_date AND token = @token AND batch_id = @batch_id AND round = @round
  AND NOT (IFNULL(promoted_batch_id, '') = @batch_id AND IFNULL(promoted_round, -1) >= @round);

IF @@row_count != 1 THEN
  RAISE USING MESSAGE = 'FENCE_LOST: another token holds the date, or the round is promoted already';
END IF;

-- 2. Supersede the current rows of the generations that have a replacement; withdraw those of players ruled out and,
-- for a whole slate, of players no longer on it, and of retired systems (@retired, joined by commas) those of players who
-- get new rows. Superseded rows are never changed (P6). A staged prediction that is not inserted below replaces nothing.
UPDATE {player_prop_predictions} AS old
SET
  superseded = TRUE,
  is_active = FALSE,
  superseded_at = @at,
  updated_at = @at,
  superseded_metadata = PARSE_JSON(@metadata, wide_number_mode => 'round'),
  superseded_by_batch_id = @batch_id,
  superseded_by_prediction_id = (
    SELECT f.id FROM UNNEST(change.fresh) AS f
    WHERE f.system_id = old.system_id
    {nearest_line:f,old}
    LIMIT 1
  ),
  superseded_reason = IF(
    old.system_id IN UNNEST(change.systems), @reason, IFNULL(change.reason, 'system_retired')
  )
FROM (
  SELECT
    known.player_lookup,
    IFNULL(staged.fresh, []) AS fresh,
    IFNULL(staged.systems, []) AS systems,
    IF(ARRAY_LENGTH(IFNULL(staged.systems, [])) > 0, SPLIT(@retired, ','), []) AS retired,
    COALESCE(staged.reason, IF(@whole_slate AND staged.on_slate IS NOT TRUE, 'not_on_slate', NULL)) AS reason
  FROM (
    SELECT DISTINCT player_lookup FROM {player_prop_predictions}
    WHERE game_date = @game_date AND (superseded IS NULL OR superseded = FALSE)
  ) AS known
  LEFT JOIN (
    SELECT
      player_lookup,
      ARRAY_AGG(
        IF(kind = 'prediction', STRUCT(system_id AS system_id, prediction_id AS id, current_points_line AS line), NULL)
        IGNORE NULLS
      ) AS fresh,
      ARRAY_AGG(IF(kind = 'prediction', system_id, NULL) IGNORE NULLS) AS systems,
      MAX(IF(kind = 'withdrawal', reason, NULL)) AS reason,
      LOGICAL_OR(kind IN ('slate', 'prediction')) AS on_slate
    FROM {staging}
    WHERE kind != 'prediction' OR (batch_id = @batch_id AND game_date = @game_date)
    GROUP BY player_lookup
  ) AS staged ON staged.player_lookup = known.player_lookup
) AS change
WHERE old.game_date = @game_date
  AND (old.superseded IS NULL OR old.superseded = FALSE)
  AND old.player_lookup = change.player_lookup
  AND (
    change.reason IS NOT NULL OR old.system_id IN UNNEST(change.systems) OR old.system_id IN UNNEST(change.retired)
  );

-- 3. Insert the new rows, each linked to the one that it replaces.
INSERT INTO {player_prop_predictions} (
  {prediction_columns}, round, supersedes_prediction_id, created_at
)
SELECT
  {staged_columns}, @round,
  (
    SELECT o.id FROM UNNEST(replaced.old) AS o
    {nearest_line:o,fresh}
    LIMIT 1
  ),
  @at
FROM {staging} AS fresh
LEFT JOIN (
  SELECT player_lookup, system_id, ARRAY_AGG(STRUCT(prediction_id AS id, current_points_line AS line)) AS old
  FROM {player_prop_predictions}
  WHERE game_date = @game_date AND superseded = TRUE AND superseded_by_batch_id = @batch_id AND superseded_at = @at
  GROUP BY player_lookup, system_id
) AS replaced ON replaced.player_lookup = fresh.player_lookup AND replaced.system_id = fresh.system_id
WHERE fresh.kind = 'prediction' AND fresh.batch_id = @batch_id AND fresh.game_date = @game_date;

-- 4. Count the changes, and check the date. Double rows of the predecessor stay until they are replaced; a double with one
-- of regen's rows is an error. Superseded rows of other batches are not read, so that the cost does not grow with the
-- number of regenerations: they are not counted, and their ids differ, as an id is made from its batch and round.
SET measured = (
  SELECT AS STRUCT
    IFNULL(SUM(replaced), 0) AS superseded,
    IFNULL(SUM(removed), 0) AS withdrawn,
    IFNULL(SUM(fresh), 0) AS inserted,
    CASE
      WHEN IFNULL(SUM(fresh), 0) != @expected_rows
        THEN CONCAT(
            'PROMOTION_ABORTED: ', CAST(@expected_rows AS STRING), ' rows were staged, ',
            CAST(IFNULL(SUM(fresh), 0) AS STRING), ' inserted'
          )
      WHEN @whole_slate AND NOT EXISTS (SELECT 1 FROM {staging} WHERE kind = 'slate')
        THEN 'PROMOTION_ABORTED: the batch covers the whole slate, but no slate is staged'
      WHEN MAX(doubled) IS NOT NULL
        THEN CONCAT('PROMOTION_ABORTED: more than one current row for a key of ', MAX(doubled))
      WHEN MAX(mixed) IS NOT NULL
        THEN CONCAT('PROMOTION_ABORTED: more than one current generation of ', MAX(mixed))
      WHEN MAX(repeated) IS NOT NULL
        THEN CONCAT('PROMOTION_ABORTED: a prediction id exists already, of ', MAX(repeated))
    END AS problem
  FROM (
    SELECT
      SUM(replaced) AS replaced,
      SUM(removed) AS removed,
      SUM(fresh) AS fresh,
      IF(
        COUNTIF(is_current) > COUNT(DISTINCT IF(is_current, line_key, NULL))
        AND COUNTIF(is_current AND generation != '') > 0,
        name, NULL
      ) AS doubled,
      IF(COUNT(DISTINCT IF(is_current, generation, NULL)) > 1, name, NULL) AS mixed,
      IF(COUNT(DISTINCT IF(ours, prediction_id, NULL)) < COUNTIF(ours), name, NULL) AS repeated
    FROM (
      SELECT
        prediction_id,
        CONCAT(player_lookup, '/', system_id) AS name,
        CONCAT(game_id, '/', IFNULL(CAST(current_points_line AS STRING), 'none')) AS line_key,
        IFNULL(batch_id, '') AS generation,
        batch_id IS NOT NULL OR restored_from_prediction_id IS NOT NULL AS ours,
        superseded IS NULL OR superseded = FALSE AS is_current,
        IF(batch_id = @batch_id AND created_at = @at AND superseded IS NULL, 1, 0) AS fresh,
        IF(
          superseded_by_batch_id = @batch_id AND superseded_at = @at
          AND superseded_by_prediction_id IS NOT NULL, 1, 0
        ) AS replaced,
        IF(
          superseded_by_batch_id = @batch_id AND superseded_at = @at
          AND superseded_by_prediction_id IS NULL, 1, 0
        ) AS removed
      FROM {player_prop_predictions}
      WHERE game_date = @game_date
        AND (superseded IS NULL OR superseded = FALSE OR superseded_by_batch_id = @batch_id OR batch_id = @batch_id)
    )
    GROUP BY name
  )
);

IF measured.problem IS NOT NULL THEN
  RAISE USING MESSAGE = measured.problem;
END IF;

-- 5. Insert the worker runs that are not there yet: a rejected round has written its own. A batch's records live for less
-- than a year; the second bound is for a table that upstream has partitioned by run_date.
INSERT INTO {prediction_worker_runs} ({run_columns})
SELECT {staged_run_columns}
FROM {staging}
WHERE kind = 'run' AND run_request_id NOT IN (
    SELECT request_id FROM {prediction_worker_runs}
    WHERE game_date = @game_date AND run_date >= TIMESTAMP_SUB(@at, INTERVAL 400 DAY) AND batch_id = @batch_id
  );

-- 6. Insert the audit row with the counts, in the same commit (P7).
INSERT INTO {prediction_regeneration_audit} ({audit_columns}, fence_token, created_at)
SELECT {audit_values}, IF(entry.event_id = @event_id, @token, NULL), @at
FROM UNNEST(@entries) AS entry
WHERE entry.event_id NOT IN (
    SELECT event_id FROM {prediction_regeneration_audit}
    WHERE regeneration_timestamp >= @since AND event_id IS NOT NULL
  );

COMMIT TRANSACTION;

SELECT measured.superseded, measured.withdrawn, measured.inserted;
