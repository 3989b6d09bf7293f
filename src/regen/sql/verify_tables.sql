-- Invariants between the tables: for each, the number of items examined, and those that violate it. Beside them, listed under
-- names of their own: `acts`, the rounds that were promoted or rolled back, with which the batch records are compared; and
-- `systems`, those of the current rows: of what regen does not run, rows stay until they are retired.
-- No slate is known a year before its games, so older audit rows belong to other dates.
WITH entries AS (
  SELECT
    event_id, event, game_date, batch_id, round, regeneration_timestamp AS moment, regenerated_count, superseded_count,
    withdrawn
  FROM {prediction_regeneration_audit}
  WHERE regeneration_timestamp >= TIMESTAMP_SUB(TIMESTAMP(@first), INTERVAL 400 DAY)
    AND game_date BETWEEN @first AND @last AND event_id IS NOT NULL
),
acts AS (
  SELECT * FROM entries WHERE event IN ('promoted', 'rolled_back')
),
predictions AS (
  SELECT
    game_date, batch_id, player_lookup, system_id, prediction_id, predicted_points, created_at, superseded_at,
    superseded_by_batch_id, superseded_by_prediction_id, restored_from_prediction_id,
    superseded IS NULL OR superseded = FALSE AS is_current
  FROM {player_prop_predictions}
  WHERE game_date BETWEEN @first AND @last
),
made AS (
  SELECT
    game_date, IF(restored_from_prediction_id IS NULL, batch_id, NULL) AS batch_id, created_at AS moment,
    COUNT(*) AS number
  FROM predictions
  WHERE batch_id IS NOT NULL OR restored_from_prediction_id IS NOT NULL
  GROUP BY 1, 2, 3
),
gone AS (
  SELECT
    game_date, superseded_by_batch_id AS batch_id, superseded_at AS moment,
    COUNTIF(superseded_by_prediction_id IS NOT NULL) AS replaced,
    COUNTIF(superseded_by_prediction_id IS NULL) AS removed
  FROM predictions
  WHERE superseded_by_batch_id IS NOT NULL
  GROUP BY 1, 2, 3
),
last_promotions AS (
  SELECT game_date, batch_id, round
  FROM acts
  WHERE event = 'promoted'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date ORDER BY moment DESC, round DESC) = 1
),
fences AS (
  SELECT game_date, COUNT(*) AS number, MAX(promoted_batch_id) AS batch_id, MAX(promoted_round) AS round
  FROM {promotion_fence}
  WHERE game_date BETWEEN @first AND @last
  GROUP BY game_date
),
ran AS (
  SELECT
    game_date, batch_id, player_lookup, request_id, MAX(round) AS round, LOGICAL_OR(success) AS success,
    COUNT(*) AS number
  FROM {prediction_worker_runs}
  WHERE game_date BETWEEN @first AND @last AND run_date >= TIMESTAMP_SUB(TIMESTAMP(@first), INTERVAL 400 DAY)
    AND batch_id IS NOT NULL
  GROUP BY game_date, batch_id, player_lookup, request_id
),
grades AS (
  SELECT
    CONCAT(
      CAST(grade.game_date AS STRING), ' ', grade.player_lookup, '/', grade.system_id, ' ',
      IFNULL(grade.prediction_id, 'no id')
    ) AS subject,
    COUNT(*) OVER (PARTITION BY grade.game_date, grade.prediction_id) = 1
    AND prediction.prediction_id IS NOT NULL AND prediction.predicted_points = grade.predicted_points
    AND (grade.is_voided OR ABS(grade.actual_points - grade.predicted_points) = grade.absolute_error) AS holds
  FROM {prediction_accuracy} AS grade
  LEFT JOIN (
    SELECT DISTINCT game_date, prediction_id, predicted_points
    FROM predictions
  ) AS prediction ON prediction.game_date = grade.game_date AND prediction.prediction_id = grade.prediction_id
  -- The predecessor's grades name no prediction.
  WHERE grade.game_date BETWEEN @first AND @last AND grade.prediction_id IS NOT NULL
),
systems AS (
  SELECT system_id, COUNT(*) AS current_rows, COUNT(DISTINCT game_date) AS dates, MAX(game_date) AS last_date
  FROM predictions
  WHERE is_current AND system_id IS NOT NULL
  GROUP BY system_id
),
looked AS (
  SELECT
    'audit_inserted' AS invariant, IFNULL(made.number, 0) = acts.regenerated_count AS holds,
    CONCAT(
      CAST(acts.game_date AS STRING), ' ', acts.batch_id, ' ', acts.event, ': ',
      IFNULL(CAST(acts.regenerated_count AS STRING), 'no'), ' in the audit, ',
      CAST(IFNULL(made.number, 0) AS STRING), ' in the table'
    ) AS subject
  FROM acts
  LEFT JOIN made
    ON made.game_date = acts.game_date AND made.moment = acts.moment
    AND IFNULL(made.batch_id, '') = IF(acts.event = 'promoted', acts.batch_id, '')
  UNION ALL
  SELECT
    'audit_superseded',
    IFNULL(gone.replaced, 0) = acts.superseded_count AND IFNULL(gone.removed, 0) = acts.withdrawn,
    CONCAT(
      CAST(acts.game_date AS STRING), ' ', acts.batch_id, ' ', acts.event, ': ',
      IFNULL(CAST(acts.superseded_count AS STRING), 'no'), ' and ', IFNULL(CAST(acts.withdrawn AS STRING), 'no'),
      ' in the audit, ', CAST(IFNULL(gone.replaced, 0) AS STRING), ' and ',
      CAST(IFNULL(gone.removed, 0) AS STRING), ' in the table'
    )
  FROM acts
  LEFT JOIN gone ON gone.game_date = acts.game_date AND gone.batch_id = acts.batch_id AND gone.moment = acts.moment
  UNION ALL
  SELECT
    'audit_missing', acts.event_id IS NOT NULL,
    CONCAT(
      CAST(made.game_date AS STRING), ' ', IFNULL(made.batch_id, 'a rollback'), ' made ',
      CAST(made.number AS STRING), ' rows, and no entry says so'
    )
  FROM made
  LEFT JOIN acts
    ON acts.game_date = made.game_date AND acts.moment = made.moment
    AND IF(acts.event = 'promoted', acts.batch_id, '') = IFNULL(made.batch_id, '')
  UNION ALL
  SELECT
    'audit_missing', acts.event_id IS NOT NULL,
    CONCAT(
      CAST(gone.game_date AS STRING), ' ', gone.batch_id, ' superseded ',
      CAST(gone.replaced + gone.removed AS STRING), ' rows, and no entry says so'
    )
  FROM gone
  LEFT JOIN acts ON acts.game_date = gone.game_date AND acts.batch_id = gone.batch_id AND acts.moment = gone.moment
  UNION ALL
  SELECT
    'audit_once', COUNT(*) = 1,
    CONCAT(
      CAST(MAX(game_date) AS STRING), ' ', IFNULL(MAX(batch_id), 'no batch'), ' ', MAX(event), ': ',
      CAST(COUNT(*) AS STRING), ' times'
    )
  FROM entries
  GROUP BY event_id
  UNION ALL
  SELECT
    'fence_agrees',
    IFNULL(
      fences.number = 1 AND fences.batch_id = last_promotions.batch_id
      AND fences.round >= last_promotions.round, FALSE
    ),
    CONCAT(
      CAST(last_promotions.game_date AS STRING), ' ', last_promotions.batch_id, ' in the audit, ',
      IFNULL(fences.batch_id, 'none'), ' in the fence'
    )
  FROM last_promotions
  LEFT JOIN fences ON fences.game_date = last_promotions.game_date
  UNION ALL
  SELECT 'fence_once', number = 1, CONCAT(CAST(game_date AS STRING), ': ', CAST(number AS STRING), ' rows')
  FROM fences
  UNION ALL
  SELECT
    'runs_recorded', good.player_lookup IS NOT NULL,
    CONCAT(CAST(predicted.game_date AS STRING), ' ', predicted.batch_id, ' ', predicted.player_lookup)
  FROM (
    SELECT DISTINCT game_date, batch_id, player_lookup
    FROM predictions
    WHERE batch_id IS NOT NULL AND restored_from_prediction_id IS NULL
  ) AS predicted
  LEFT JOIN (
    SELECT DISTINCT game_date, batch_id, player_lookup
    FROM ran
    WHERE success
  ) AS good
    ON good.game_date = predicted.game_date AND good.batch_id = predicted.batch_id
    AND good.player_lookup = predicted.player_lookup
  UNION ALL
  SELECT
    'runs_once', number = 1,
    CONCAT(CAST(game_date AS STRING), ' ', batch_id, ' ', player_lookup, ': ', CAST(number AS STRING), ' times')
  FROM ran
  -- The predecessor, which has no rounds, wrote a run for each delivery.
  WHERE round IS NOT NULL
  UNION ALL
  SELECT
    'ended',
    MAX(IF(event IN ('requested', 'redrive_requested', 'promote_requested', 'rollback_requested'), moment, NULL))
    > @stale
    OR IFNULL(
      MAX(
        IF(
          event IN ('promoted', 'rejected', 'held', 'failed', 'cancelled', 'rolled_back', 'rollback_refused'),
          moment,
          NULL
        )
      )
      >= MAX(IF(event IN ('requested', 'redrive_requested', 'promote_requested', 'rollback_requested'), moment, NULL)),
      FALSE
    ),
    CONCAT(CAST(MAX(game_date) AS STRING), ' ', batch_id, ' was begun and has no end')
  FROM entries
  WHERE batch_id IS NOT NULL AND event NOT IN ('coalesced', 'healed', 'malformed')
  GROUP BY game_date, batch_id
  HAVING COUNTIF(event IN ('requested', 'redrive_requested', 'promote_requested', 'rollback_requested')) > 0
  UNION ALL
  SELECT 'acts', TRUE, CONCAT(batch_id, ' ', CAST(round AS STRING), ' ', event)
  FROM acts
  WHERE batch_id IS NOT NULL AND round IS NOT NULL
  UNION ALL
  SELECT 'grades_agree', holds, subject
  FROM grades
  UNION ALL
  SELECT
    'bdb_vocabulary', status IN UNNEST(SPLIT(@words, ',')),
    CONCAT(CAST(game_date AS STRING), ' ', game_id, ' is ', IFNULL(status, 'nothing'))
  FROM {pending_bdb_games}
  WHERE game_date BETWEEN @first AND @last
  UNION ALL
  SELECT
    'systems', TRUE,
    CONCAT(
      CAST(current_rows AS STRING), ' ', CAST(dates AS STRING), ' ', CAST(last_date AS STRING), ' ',
      TO_JSON_STRING(system_id)
    )
  FROM systems
)
SELECT
  invariant,
  COUNT(*) AS checked,
  COUNTIF(holds IS NOT TRUE) AS violations,
  STRING_AGG(IF(holds IS NOT TRUE, subject, NULL), '\n' LIMIT 20) AS examples,
  STRING_AGG(IF(invariant IN ('acts', 'systems'), subject, NULL), '\n') AS listed
FROM looked
GROUP BY invariant
