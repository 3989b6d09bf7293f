-- Grades the current predictions of played games, once each; a grade whose prediction is not current any more is kept and
-- says so. A game is played when anybody's box score of it is there; a player without one did not play.
MERGE {prediction_accuracy} AS grade
USING (
  WITH scored AS (
    SELECT game_date, game_id, player_lookup, points, minutes_played
    FROM {player_game_summary}
    WHERE game_date BETWEEN @first AND @last
    QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, game_id, player_lookup ORDER BY processed_at DESC) = 1
  ),
  played AS (
    SELECT DISTINCT game_date, game_id FROM scored
  ),
  told AS (
    SELECT
      p.prediction_id, p.player_lookup, p.game_id, p.game_date, p.system_id, p.team_abbr, p.opponent_team_abbr,
      p.predicted_points, p.confidence_score, p.recommendation, p.current_points_line AS line, p.over_probability,
      p.interval80_low, p.interval80_high, p.model_version, p.batch_id, p.feature_quality_score, p.data_source_tier,
      p.shot_zones_source, p.supersedes_prediction_id, p.retrospective,
      LOWER(IFNULL(p.injury_status_at_prediction, 'unknown')) AS injury,
      IF(IFNULL(scored.minutes_played, 0) > 0, scored.points, NULL) AS points,
      IF(IFNULL(scored.minutes_played, 0) > 0, scored.minutes_played, NULL) AS minutes
    FROM {player_prop_predictions} AS p
    JOIN played ON played.game_date = p.game_date AND played.game_id = p.game_id
    LEFT JOIN scored ON scored.game_date = p.game_date AND scored.game_id = p.game_id
      AND scored.player_lookup = p.player_lookup
    WHERE p.game_date BETWEEN @first AND @last AND (p.superseded IS NULL OR p.superseded = FALSE)
  )
  SELECT * FROM told
) AS fresh
ON grade.game_date BETWEEN @first AND @last AND grade.game_date = fresh.game_date
  AND grade.prediction_id = fresh.prediction_id
WHEN MATCHED AND (
  IFNULL(grade.actual_points, -1) != IFNULL(fresh.points, -1) OR IFNULL(grade.is_superseded_prediction, TRUE)
) THEN
  UPDATE SET
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
WHEN NOT MATCHED BY SOURCE AND grade.game_date BETWEEN @first AND @last
  AND IFNULL(grade.is_superseded_prediction, FALSE) = FALSE THEN
  UPDATE SET is_superseded_prediction = TRUE
WHEN NOT MATCHED THEN
  INSERT (
    prediction_id, player_lookup, game_id, game_date, system_id, team_abbr, opponent_team_abbr, predicted_points,
    confidence_score, confidence_decile, recommendation, line_value, over_probability, actual_points, minutes_played,
    absolute_error, signed_error, prediction_correct, predicted_margin, actual_margin, within_3_points, within_5_points,
    within_interval80, is_voided, void_reason, pre_game_injury_flag, pre_game_injury_status, model_version, batch_id,
    feature_quality_score, data_quality_tier, shot_zones_source, bdb_available_at_prediction, is_superseded_prediction,
    original_prediction_id, retrospective, graded_at
  )
  VALUES (
    fresh.prediction_id, fresh.player_lookup, fresh.game_id, fresh.game_date, fresh.system_id, fresh.team_abbr,
    fresh.opponent_team_abbr, fresh.predicted_points, fresh.confidence_score / 100,
    LEAST(10, CAST(FLOOR(fresh.confidence_score / 10) AS INT64) + 1), fresh.recommendation, fresh.line,
    fresh.over_probability, fresh.points, fresh.minutes, ABS(fresh.points - fresh.predicted_points),
    fresh.predicted_points - fresh.points,
    CASE
      WHEN fresh.points = fresh.line THEN NULL
      WHEN fresh.recommendation = 'OVER' THEN fresh.points > fresh.line
      WHEN fresh.recommendation = 'UNDER' THEN fresh.points < fresh.line
    END,
    fresh.predicted_points - fresh.line, fresh.points - fresh.line,
    ABS(fresh.points - fresh.predicted_points) <= 3, ABS(fresh.points - fresh.predicted_points) <= 5,
    fresh.points BETWEEN fresh.interval80_low AND fresh.interval80_high,
    fresh.points IS NULL,
    CASE
      WHEN fresh.points IS NOT NULL THEN NULL
      WHEN fresh.injury IN ('out', 'doubtful', 'questionable') THEN 'dnp_injury_confirmed'
      WHEN fresh.injury IN ('available', 'probable') THEN 'dnp_late_scratch'
      ELSE 'dnp_unknown'
    END,
    fresh.injury NOT IN ('available', 'unknown'), fresh.injury, fresh.model_version, fresh.batch_id,
    fresh.feature_quality_score, fresh.data_source_tier, fresh.shot_zones_source,
    IFNULL(fresh.shot_zones_source = 'bigdataball', FALSE), FALSE, fresh.supersedes_prediction_id,
    fresh.retrospective, @at
  );

SELECT
  p.game_date,
  COUNT(p.prediction_id) AS gradable,
  COUNT(grade.prediction_id) AS graded,
  COUNTIF(grade.is_voided) AS voided,
  MAX(IFNULL(old.number, 0)) AS superseded,
  CAST(AVG(IF(p.system_id = 'ensemble_v1', grade.absolute_error, NULL)) AS FLOAT64) AS mae
FROM {player_prop_predictions} AS p
JOIN (
  SELECT DISTINCT game_date, game_id FROM {player_game_summary} WHERE game_date BETWEEN @first AND @last
) AS played ON played.game_date = p.game_date AND played.game_id = p.game_id
LEFT JOIN {prediction_accuracy} AS grade ON grade.game_date BETWEEN @first AND @last
  AND grade.game_date = p.game_date AND grade.prediction_id = p.prediction_id
LEFT JOIN (
  SELECT game_date, COUNT(*) AS number FROM {prediction_accuracy}
  WHERE game_date BETWEEN @first AND @last AND is_superseded_prediction
  GROUP BY game_date
) AS old ON old.game_date = p.game_date
WHERE p.game_date BETWEEN @first AND @last AND (p.superseded IS NULL OR p.superseded = FALSE)
GROUP BY p.game_date
ORDER BY p.game_date;
