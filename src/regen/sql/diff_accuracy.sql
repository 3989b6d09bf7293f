-- The errors of batches' predictions and of those that they replaced, for players who have played since.
WITH scored AS (
  SELECT game_date, game_id, player_lookup, points
  FROM {player_game_summary}
  WHERE game_date BETWEEN @first AND @last AND minutes_played > 0 AND points IS NOT NULL
),
pairs AS (
  SELECT DISTINCT
    fresh.game_date, fresh.game_id, fresh.system_id, fresh.player_lookup,
    CAST(fresh.predicted_points AS FLOAT64) AS new_points, CAST(old.predicted_points AS FLOAT64) AS old_points,
    scored.points
  FROM {player_prop_predictions} AS fresh
  JOIN scored
    ON scored.game_date = fresh.game_date AND scored.game_id = fresh.game_id
    AND scored.player_lookup = fresh.player_lookup
  LEFT JOIN {player_prop_predictions} AS old
    ON old.game_date = fresh.game_date AND old.prediction_id = fresh.supersedes_prediction_id
    AND old.game_date BETWEEN @first AND @last
  WHERE fresh.game_date BETWEEN @first AND @last AND (@system = '' OR fresh.system_id = @system)
    AND fresh.batch_id IN UNNEST(SPLIT(@batches, ',')) AND fresh.restored_from_prediction_id IS NULL
),
games AS (
  -- Sums of errors by game: what happens in a game moves all of its players, so that intervals are made of games.
  SELECT
    game_date, game_id, system_id,
    COUNT(*) AS players,
    COUNT(old_points) AS pairs,
    SUM(ABS(old_points - points)) AS off_before,
    SUM(IF(old_points IS NULL, NULL, ABS(new_points - points))) AS off_after,
    SUM(ABS(new_points - points)) AS off
  FROM pairs
  GROUP BY game_date, game_id, system_id
)
SELECT
  game_date,
  system_id,
  SUM(players) AS players,
  SUM(pairs) AS pairs,
  SUM(off_before) / NULLIF(SUM(pairs), 0) AS mae_before,
  SUM(off_after) / NULLIF(SUM(pairs), 0) AS mae_after,
  SUM(off) / SUM(players) AS mae,
  COUNTIF(pairs > 0) AS paired_games,
  SUM(pairs * pairs) AS pairs_pairs,
  SUM(pairs * (off_after - off_before)) AS pairs_changes,
  SUM((off_after - off_before) * (off_after - off_before)) AS changes_changes
FROM games
GROUP BY game_date, system_id
ORDER BY game_date, system_id
