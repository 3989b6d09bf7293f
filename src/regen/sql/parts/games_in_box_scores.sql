-- The games that have a box score, and whether it is whole (`regen.domain.grading`).
SELECT
  game_date, game_id,
  COUNTIF(is_whole) >= 2 AND MAX(IF(is_whole, minutes, NULL)) - MIN(IF(is_whole, minutes, NULL)) <= 5 AS is_whole
FROM (
  SELECT
    game_date, game_id, SUM(minutes_played) AS minutes,
    COUNTIF(minutes_played > 0) >= 8 AND SUM(minutes_played) >= 235 AND SUM(points) >= 45 AS is_whole
  FROM (
    {newest_box_scores:}
  ) AS newest
  GROUP BY game_date, game_id, team_abbr
) AS teams
GROUP BY game_date, game_id
