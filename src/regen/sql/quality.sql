-- What the graded current predictions of a range of dates came to, by game and system: the sums of which the watch on live
-- quality makes means. A grade without a prediction_id is the predecessor's, and one without an error has no outcome.
SELECT
  game_date, game_id, system_id,
  COUNT(*) AS graded,
  COUNTIF(IFNULL(retrospective, FALSE)) AS retrospective,
  CAST(SUM(absolute_error) AS FLOAT64) AS mae,
  CAST(SUM(signed_error) AS FLOAT64) AS bias,
  COUNT(line_value) AS lined,
  COUNTIF(recommendation IN ('OVER', 'UNDER')) AS sided,
  COUNTIF(recommendation = 'OVER') AS overs,
  COUNT(prediction_correct) AS decided,
  COUNTIF(prediction_correct) AS hits,
  COUNTIF(line_value IS NOT NULL AND over_probability IS NOT NULL) AS forecasts,
  CAST(SUM(IF(line_value IS NULL, 0, IFNULL(over_probability, 0))) AS FLOAT64) AS expected_overs,
  COUNTIF(over_probability IS NOT NULL AND actual_points > line_value) AS actual_overs
FROM {prediction_accuracy}
WHERE game_date BETWEEN @first AND @last AND prediction_id IS NOT NULL AND absolute_error IS NOT NULL
  AND NOT IFNULL(is_voided, FALSE) AND NOT IFNULL(is_superseded_prediction, FALSE)
GROUP BY game_date, game_id, system_id
ORDER BY game_date, game_id, system_id
