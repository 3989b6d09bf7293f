-- Errors of the graded current predictions by date and system, beside those of the line where there is one.
SELECT
  game_date, system_id, COUNT(*) AS graded,
  CAST(AVG(absolute_error) AS FLOAT64) AS mae,
  CAST(AVG(signed_error) AS FLOAT64) AS bias,
  COUNT(line_value) AS lined,
  CAST(AVG(IF(line_value IS NULL, NULL, absolute_error)) AS FLOAT64) AS lined_mae,
  CAST(AVG(ABS(actual_points - line_value)) AS FLOAT64) AS line_mae
FROM (
  SELECT game_date, system_id, absolute_error, signed_error, actual_points, line_value
  FROM {prediction_accuracy}
  WHERE game_date BETWEEN @first AND @last AND NOT IFNULL(is_voided, FALSE)
    AND NOT IFNULL(is_superseded_prediction, FALSE)
  -- The predecessor's grades have no id: they count where nothing else has been graded since.
  QUALIFY prediction_id IS NOT NULL
    OR MAX(prediction_id) OVER (PARTITION BY game_date, game_id, player_lookup, system_id) IS NULL
) AS grades
GROUP BY game_date, system_id
ORDER BY game_date, system_id
