-- What two sides predicted of games that are graded, row by row, for `regen models compare`: of challengers by their names, of
-- current rows by the hash of their artefact, by their system, or, where a side is `in-use`, all of them.
SELECT
  challenger, system_id, ml_model_id AS model, game_date, game_id, player_lookup, batch_id, created_at,
  current_points_line AS line, predicted_points, over_probability, within_interval80 AS inside, actual_points,
  IFNULL(retrospective, FALSE) AS retrospective
FROM {prediction_challengers}
WHERE game_date BETWEEN @first AND @last AND challenger IN (@one, @other)
  AND absolute_error IS NOT NULL AND NOT IFNULL(is_voided, FALSE)
UNION ALL
SELECT
  CAST(NULL AS STRING) AS challenger, system_id, SPLIT(model_version, '-')[SAFE_OFFSET(1)] AS model, game_date, game_id,
  player_lookup, batch_id, graded_at AS created_at, line_value AS line, predicted_points, over_probability,
  within_interval80 AS inside, actual_points, IFNULL(retrospective, FALSE) AS retrospective
FROM {prediction_accuracy}
WHERE game_date BETWEEN @first AND @last
  AND (
    'in-use' IN (@one, @other) OR system_id IN (@one, @other)
    OR SPLIT(model_version, '-')[SAFE_OFFSET(1)] IN (@one, @other)
  )
  AND batch_id IS NOT NULL AND absolute_error IS NOT NULL AND NOT IFNULL(is_voided, FALSE)
  AND NOT IFNULL(is_superseded_prediction, FALSE)
ORDER BY game_date, game_id, player_lookup, system_id, line, created_at
