-- Invariants of the other tables: grades, and pending games.
WITH grades AS (
  SELECT
    grade.prediction_id,
    CONCAT(
      CAST(grade.game_date AS STRING), ' ', grade.player_lookup, '/', grade.system_id, ' ',
      IFNULL(grade.prediction_id, 'no id')
    ) AS subject,
    COUNT(*) OVER (PARTITION BY grade.game_date, grade.prediction_id) = 1
    AND told.prediction_id IS NOT NULL AND told.predicted_points = grade.predicted_points
    AND (grade.is_voided OR ABS(grade.actual_points - grade.predicted_points) = grade.absolute_error) AS holds
  FROM {prediction_accuracy} AS grade
  LEFT JOIN (
    SELECT DISTINCT game_date, prediction_id, predicted_points
    FROM {player_prop_predictions}
    WHERE game_date BETWEEN @first AND @last
  ) AS told ON told.game_date = grade.game_date AND told.prediction_id = grade.prediction_id
  -- The predecessor's grades name no prediction.
  WHERE grade.game_date BETWEEN @first AND @last AND grade.prediction_id IS NOT NULL
),
looked AS (
  SELECT 'grades_agree' AS invariant, holds, subject FROM grades
  UNION ALL
  SELECT
    'bdb_vocabulary', status IN UNNEST(SPLIT(@words, ',')),
    CONCAT(CAST(game_date AS STRING), ' ', game_id, ' is ', IFNULL(status, 'nothing'))
  FROM {pending_bdb_games}
  WHERE game_date BETWEEN @first AND @last
)
SELECT
  invariant,
  COUNT(*) AS checked,
  COUNTIF(holds IS NOT TRUE) AS violations,
  STRING_AGG(IF(holds IS NOT TRUE, subject, NULL), '\n' LIMIT 20) AS examples
FROM looked
GROUP BY invariant
