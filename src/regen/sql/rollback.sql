-- Undoes a batch: inserts copies of the rows that it superseded or withdrew, and supersedes those that it inserted, all or
-- nothing. Superseded rows are never changed, so that the rows current at any time in the past can still be found.
DECLARE measured STRUCT<superseded INT64, withdrawn INT64, inserted INT64, problem STRING>;

BEGIN TRANSACTION;

-- 1. Check that this owner still holds the date, with the highest token.
UPDATE {promotion_fence}
SET promoted_at = @at
WHERE game_date = @game_date AND token = @token AND batch_id = @batch_id AND round = @round;

IF @@row_count != 1 THEN
  RAISE USING MESSAGE = 'FENCE_LOST: another token holds the date';
END IF;

-- 2. Refuse if a later batch has replaced rows of this one: a generation that it made has no current row any more, or one
-- that it withdrew has new rows. Generations that the batch neither made nor ended do not count.
SET measured = (
  SELECT AS STRUCT
    0 AS superseded, 0 AS withdrawn, 0 AS inserted,
    CASE
      WHEN MAX(standing) IS NOT NULL
        THEN CONCAT('PROMOTION_ABORTED: a later batch has replaced rows of ', @undone, ', of ', MAX(standing))
      WHEN IFNULL(SUM(touched), 0) = 0
        THEN CONCAT('PROMOTION_ABORTED: ', @undone, ' has no current rows to roll back')
    END AS problem
  FROM (
    SELECT
      IF(
        (COUNTIF(made) > 0 AND COUNTIF(made AND is_current) = 0)
        OR (COUNTIF(made) = 0 AND COUNTIF(gone) > 0 AND COUNTIF(is_current) > 0), name, NULL
      ) AS standing,
      COUNTIF(made OR gone) AS touched
    FROM (
      SELECT
        CONCAT(player_lookup, '/', system_id) AS name,
        IFNULL(batch_id, '') = @undone AS made,
        IFNULL(batch_id, '') != @undone AND IFNULL(superseded_by_batch_id, '') = @undone AS gone,
        superseded IS NULL OR superseded = FALSE AS is_current
      FROM {player_prop_predictions}
      WHERE game_date = @game_date
        AND (superseded IS NULL OR superseded = FALSE OR superseded_by_batch_id = @undone OR batch_id = @undone)
    )
    GROUP BY name
  )
);

IF measured.problem IS NOT NULL THEN
  RAISE USING MESSAGE = measured.problem;
END IF;

-- 3. Insert copies of the generations that the batch ended, as of its last promotion, each linked to the row it replaces.
INSERT INTO {player_prop_predictions} (
  {copied_columns}, prediction_id, is_active, restored_from_prediction_id, supersedes_prediction_id, created_at
)
SELECT
  {copied_values},
  SUBSTR(TO_HEX(SHA256(CONCAT(@id_prefix, '/', gone.prediction_id))), 1, 32),
  TRUE,
  gone.prediction_id,
  (
    SELECT o.id FROM UNNEST(made.rows_made) AS o
    {nearest_line:o,gone}
    LIMIT 1
  ),
  @at
FROM (
  SELECT *
  FROM {player_prop_predictions}
  WHERE game_date = @game_date AND superseded = TRUE AND superseded_by_batch_id = @undone
    AND IFNULL(batch_id, '') != @undone
  QUALIFY superseded_at = MAX(superseded_at) OVER (PARTITION BY player_lookup, system_id)
) AS gone
LEFT JOIN (
  SELECT player_lookup, system_id, ARRAY_AGG(STRUCT(prediction_id AS id, current_points_line AS line)) AS rows_made
  FROM {player_prop_predictions}
  WHERE game_date = @game_date AND batch_id = @undone AND (superseded IS NULL OR superseded = FALSE)
  GROUP BY player_lookup, system_id
) AS made ON made.player_lookup = gone.player_lookup AND made.system_id = gone.system_id;

-- 4. Supersede the rows that the batch had made.
UPDATE {player_prop_predictions} AS old
SET
  superseded = TRUE,
  is_active = FALSE,
  superseded_at = @at,
  updated_at = @at,
  superseded_reason = @reason,
  superseded_metadata = PARSE_JSON(@metadata, wide_number_mode => 'round'),
  superseded_by_batch_id = @batch_id,
  superseded_by_prediction_id = (
    SELECT f.id FROM UNNEST(change.fresh) AS f
    {nearest_line:f,old}
    LIMIT 1
  )
FROM (
  SELECT
    player_lookup,
    system_id,
    ARRAY_AGG(
      IF(
        restored_from_prediction_id IS NOT NULL AND created_at = @at,
        STRUCT(prediction_id AS id, current_points_line AS line), NULL
      )
      IGNORE NULLS
    ) AS fresh
  FROM {player_prop_predictions}
  WHERE game_date = @game_date AND (superseded IS NULL OR superseded = FALSE)
  GROUP BY player_lookup, system_id
) AS change
WHERE old.game_date = @game_date
  AND (old.superseded IS NULL OR old.superseded = FALSE)
  AND old.batch_id = @undone
  AND NOT (old.restored_from_prediction_id IS NOT NULL AND old.created_at = @at)
  AND old.player_lookup = change.player_lookup
  AND old.system_id = change.system_id;

-- 5. Count the changes, and check the date. Only a row restored by an earlier rollback can have the id of one restored now.
SET measured = (
  SELECT AS STRUCT
    IFNULL(SUM(replaced), 0) AS superseded,
    IFNULL(SUM(removed), 0) AS withdrawn,
    IFNULL(SUM(fresh), 0) AS inserted,
    CASE
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
        IF(restored_from_prediction_id IS NOT NULL AND created_at = @at, 1, 0) AS fresh,
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
        AND (
          superseded IS NULL OR superseded = FALSE OR superseded_by_batch_id = @batch_id
          OR restored_from_prediction_id IS NOT NULL
        )
    )
    GROUP BY name
  )
);

IF measured.problem IS NOT NULL THEN
  RAISE USING MESSAGE = measured.problem;
END IF;

-- 6. Insert the audit row, in the same commit (P7).
INSERT INTO {prediction_regeneration_audit} ({audit_columns}, fence_token, created_at)
SELECT {audit_values}, IF(entry.event_id = @event_id, @token, NULL), @at
FROM UNNEST(@entries) AS entry
WHERE entry.event_id NOT IN (
    SELECT event_id FROM {prediction_regeneration_audit}
    WHERE regeneration_timestamp >= @since AND event_id IS NOT NULL
  );

COMMIT TRANSACTION;

SELECT measured.superseded, measured.withdrawn, measured.inserted;
