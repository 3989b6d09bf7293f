-- Grades what challengers predicted of games whose box score is complete, as grade.sql does current predictions, and again
-- where the box score has changed. One UPDATE of values that follow from the tables: of two at once, the later changes nothing.
UPDATE {prediction_challengers} AS graded
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
  within_interval80 = fresh.points BETWEEN fresh.interval80_low AND fresh.interval80_high,
  is_voided = fresh.points IS NULL,
  graded_at = @at
FROM (
  SELECT
    c.game_date, c.prediction_id, c.predicted_points, c.current_points_line AS line, c.recommendation,
    c.interval80_low, c.interval80_high,
    IF(IFNULL(scored.minutes_played, 0) > 0, scored.points, NULL) AS points,
    IF(IFNULL(scored.minutes_played, 0) > 0, scored.minutes_played, NULL) AS minutes
  FROM {prediction_challengers} AS c
  JOIN (
    {games_in_box_scores:}
  ) AS box ON box.is_whole AND box.game_date = c.game_date AND box.game_id = c.game_id
  LEFT JOIN (
    {newest_box_scores:}
  ) AS scored
    ON scored.game_date = c.game_date AND scored.game_id = c.game_id
    AND scored.player_lookup = c.player_lookup
  WHERE c.game_date BETWEEN @first AND @last
    AND IFNULL(scored.is_settled, TRUE)
) AS fresh
WHERE graded.game_date BETWEEN @first AND @last AND graded.game_date = fresh.game_date
  AND graded.prediction_id = fresh.prediction_id
  AND (
    graded.graded_at IS NULL
    OR IFNULL(graded.actual_points, -1) != IFNULL(fresh.points, -1)
    OR ABS(IFNULL(graded.minutes_played, -1) - IFNULL(fresh.minutes, -1)) > 0.05
  );
