-- Grades the current predictions of games whose box score is complete, once each. A grade whose prediction is no longer
-- current is kept and marked. A grade without the id of a prediction is the predecessor's: it stands for what the predecessor
-- predicted of that player, game and system, and is left alone. A box score is complete when each of two teams has eight
-- players with minutes, and 235 minutes and 45 points in total, and when the minutes of both agree within five; a player who is
-- not in it did not play. A half-loaded game waits, and so does a player with minutes but no points, or points but no minutes,
-- so that missing data voids no prediction and grades none by a placeholder.
-- Statements that only insert do not conflict, not even a MERGE that inserts
-- (https://cloud.google.com/bigquery/docs/data-manipulation-language#dml_statement_conflicts): a duplicate message would
-- grade a date twice. Therefore the transaction changes a lock row, so that BigQuery cancels one of two concurrent ones.
IF NOT EXISTS (SELECT 1 FROM {statement_locks} WHERE name = 'grades') THEN
  -- A doubled lock row does no harm: the transaction changes both.
  INSERT INTO {statement_locks} (name, `at`) VALUES ('grades', @at);
END IF;

BEGIN TRANSACTION;

UPDATE {statement_locks} SET `at` = @at, holder = CAST(@first AS STRING) WHERE name = 'grades';

IF @@row_count = 0 THEN
  RAISE USING MESSAGE = 'LOCK_MISSING: statement_locks has no row for the grades';
END IF;

-- 1. Mark the grades whose predictions are no longer current.
UPDATE {prediction_accuracy} AS grade
SET is_superseded_prediction = TRUE
WHERE grade.game_date BETWEEN @first AND @last AND IFNULL(grade.is_superseded_prediction, FALSE) = FALSE
  AND grade.prediction_id NOT IN (
    SELECT prediction_id FROM {player_prop_predictions}
    WHERE game_date BETWEEN @first AND @last AND (superseded IS NULL OR superseded = FALSE)
  );

-- 2. A row for each prediction that has none, with what was predicted; TRUE until the next statement has graded it.
INSERT INTO {prediction_accuracy} (
  prediction_id, player_lookup, game_id, game_date, system_id, team_abbr, opponent_team_abbr, predicted_points,
  confidence_score, confidence_decile, recommendation, line_value, over_probability, predicted_margin, is_voided,
  pre_game_injury_flag, pre_game_injury_status, model_version, batch_id, feature_quality_score, data_quality_tier,
  shot_zones_source, bdb_available_at_prediction, is_superseded_prediction, original_prediction_id, retrospective,
  inputs_as_of, graded_at
)
SELECT
  p.prediction_id, p.player_lookup, p.game_id, p.game_date, p.system_id, p.team_abbr, p.opponent_team_abbr,
  p.predicted_points, p.confidence_score / 100, LEAST(10, CAST(FLOOR(p.confidence_score / 10) AS INT64) + 1),
  p.recommendation, p.current_points_line, p.over_probability, p.predicted_points - p.current_points_line, FALSE,
  LOWER(IFNULL(p.injury_status_at_prediction, 'unknown')) NOT IN ('available', 'unknown'),
  LOWER(IFNULL(p.injury_status_at_prediction, 'unknown')), p.model_version, p.batch_id, p.feature_quality_score,
  p.data_source_tier, p.shot_zones_source, IFNULL(p.shot_zones_source = 'bigdataball', FALSE), TRUE,
  p.supersedes_prediction_id, p.retrospective, p.inputs_as_of, @at
FROM {player_prop_predictions} AS p
JOIN (
  {games_in_box_scores:}
) AS box ON box.is_whole AND box.game_date = p.game_date AND box.game_id = p.game_id
LEFT JOIN (
  {newest_box_scores:}
) AS scored ON scored.game_date = p.game_date AND scored.game_id = p.game_id AND scored.player_lookup = p.player_lookup
WHERE p.game_date BETWEEN @first AND @last AND (p.superseded IS NULL OR p.superseded = FALSE)
  AND IFNULL(scored.is_settled, TRUE)
  AND p.prediction_id NOT IN (
    SELECT prediction_id FROM {prediction_accuracy}
    WHERE game_date BETWEEN @first AND @last AND prediction_id IS NOT NULL
  )
  -- The predecessor's grades name no prediction. They stand for its own predictions of that key, and are left alone.
  AND (
    p.batch_id IS NOT NULL
    OR CONCAT(CAST(p.game_date AS STRING), ' ', p.game_id, ' ', p.player_lookup, ' ', p.system_id) NOT IN (
      SELECT CONCAT(CAST(game_date AS STRING), ' ', game_id, ' ', player_lookup, ' ', system_id)
      FROM {prediction_accuracy}
      WHERE game_date BETWEEN @first AND @last AND prediction_id IS NULL
    )
  );

-- 3. The outcome of those that are new, or whose box score has changed.
UPDATE {prediction_accuracy} AS grade
SET
  actual_points = fresh.points,
  minutes_played = fresh.minutes,
  absolute_error = ABS(fresh.points - fresh.predicted_points),
  signed_error = fresh.predicted_points - fresh.points,
  prediction_correct = CASE
    WHEN fresh.points = fresh.line THEN NULL
    WHEN fresh.recommendation = 'OVER' THEN fresh.points > fresh.line
    WHEN fresh.recommendation = 'UNDER' THEN fresh.points < fresh.line
  END,
  actual_margin = fresh.points - fresh.line,
  within_3_points = ABS(fresh.points - fresh.predicted_points) <= 3,
  within_5_points = ABS(fresh.points - fresh.predicted_points) <= 5,
  within_interval80 = fresh.points BETWEEN fresh.interval80_low AND fresh.interval80_high,
  is_voided = fresh.points IS NULL,
  void_reason = CASE
    WHEN fresh.points IS NOT NULL THEN NULL
    WHEN fresh.injury IN ('out', 'doubtful', 'questionable') THEN 'dnp_injury_confirmed'
    WHEN fresh.injury IN ('available', 'probable') THEN 'dnp_late_scratch'
    ELSE 'dnp_unknown'
  END,
  is_superseded_prediction = FALSE,
  graded_at = @at
FROM (
  SELECT
    p.game_date, p.prediction_id, p.predicted_points, p.current_points_line AS line, p.recommendation,
    p.interval80_low, p.interval80_high, LOWER(IFNULL(p.injury_status_at_prediction, 'unknown')) AS injury,
    IF(IFNULL(scored.minutes_played, 0) > 0, scored.points, NULL) AS points,
    IF(IFNULL(scored.minutes_played, 0) > 0, scored.minutes_played, NULL) AS minutes
  FROM {player_prop_predictions} AS p
  JOIN (
    {games_in_box_scores:}
  ) AS box ON box.is_whole AND box.game_date = p.game_date AND box.game_id = p.game_id
  LEFT JOIN (
    {newest_box_scores:}
  ) AS scored
    ON scored.game_date = p.game_date AND scored.game_id = p.game_id
    AND scored.player_lookup = p.player_lookup
  WHERE p.game_date BETWEEN @first AND @last AND (p.superseded IS NULL OR p.superseded = FALSE)
    AND IFNULL(scored.is_settled, TRUE)
) AS fresh
WHERE grade.game_date BETWEEN @first AND @last AND grade.game_date = fresh.game_date
  AND grade.prediction_id = fresh.prediction_id
  AND (
    IFNULL(grade.actual_points, -1) != IFNULL(fresh.points, -1)
    -- An adopted table rounds minutes to one decimal: that is no correction.
    OR ABS(IFNULL(grade.minutes_played, -1) - IFNULL(fresh.minutes, -1)) > 0.05
    OR IFNULL(grade.is_superseded_prediction, TRUE)
  );

COMMIT TRANSACTION;

WITH boxes AS (
  {games_in_box_scores:}
)
SELECT
  p.game_date,
  COUNTIF(boxes.is_whole) AS gradable,
  COUNTIF(boxes.is_whole AND (grade.prediction_id IS NOT NULL OR theirs.system_id IS NOT NULL)) AS graded,
  COUNTIF(boxes.is_whole AND IFNULL(grade.is_voided, theirs.is_voided)) AS voided,
  MAX(IFNULL(old.number, 0)) AS superseded,
  CAST(AVG(
    IF(boxes.is_whole AND p.system_id = 'ensemble_v1', IFNULL(grade.absolute_error, theirs.absolute_error), NULL)
  ) AS FLOAT64) AS mae,
  ARRAY_AGG(DISTINCT IF(boxes.is_whole, NULL, p.game_id) IGNORE NULLS) AS waiting
FROM {player_prop_predictions} AS p
JOIN boxes ON boxes.game_date = p.game_date AND boxes.game_id = p.game_id
LEFT JOIN {prediction_accuracy} AS grade
  ON grade.game_date BETWEEN @first AND @last
  AND grade.game_date = p.game_date AND grade.prediction_id = p.prediction_id
LEFT JOIN (
  SELECT
    game_date, game_id, player_lookup, system_id,
    LOGICAL_OR(is_voided) AS is_voided, MIN(absolute_error) AS absolute_error
  FROM {prediction_accuracy}
  WHERE game_date BETWEEN @first AND @last AND prediction_id IS NULL
  GROUP BY game_date, game_id, player_lookup, system_id
) AS theirs
  ON theirs.game_date = p.game_date AND theirs.game_id = p.game_id AND theirs.player_lookup = p.player_lookup
  AND theirs.system_id = p.system_id AND p.batch_id IS NULL
LEFT JOIN (
  SELECT game_date, COUNT(*) AS number FROM {prediction_accuracy}
  WHERE game_date BETWEEN @first AND @last AND is_superseded_prediction
  GROUP BY game_date
) AS old ON old.game_date = p.game_date
WHERE p.game_date BETWEEN @first AND @last AND (p.superseded IS NULL OR p.superseded = FALSE)
GROUP BY p.game_date
ORDER BY p.game_date;
