-- The state of some dates' predictions: of those made up to a time (the old ones), and of those made since.
WITH predictions AS (
  SELECT
    game_date, prediction_id, player_lookup, game_id, system_id, current_points_line, batch_id,
    superseded_by_prediction_id, superseded_reason, created_at <= @before AS is_old,
    superseded IS NULL OR superseded = FALSE AS is_current
  FROM {player_prop_predictions}
  WHERE game_date BETWEEN @first AND @last
),
keys AS (
  SELECT
    game_date, COUNT(*) - COUNT(DISTINCT CONCAT(
      player_lookup, '/', game_id, '/', system_id, '/',
      IFNULL(CAST(current_points_line AS STRING), 'none')
    )) AS doubled
  FROM predictions
  WHERE is_current
  GROUP BY game_date
)
SELECT
  old.game_date,
  COUNTIF(old.is_old) AS old_rows,
  COUNTIF(old.is_old AND old.is_current) AS kept_rows,
  COUNTIF(old.is_old AND NOT old.is_current AND fresh.prediction_id IS NOT NULL AND fresh.is_current) AS replaced_rows,
  COUNTIF(
    old.is_old AND NOT old.is_current AND old.superseded_by_prediction_id IS NULL
    AND old.superseded_reason IS NOT NULL
  ) AS withdrawn_rows,
  COUNTIF(NOT old.is_old AND old.is_current) AS new_rows,
  COUNTIF(old.is_current) AS current_rows,
  COUNT(DISTINCT IF(old.is_current, old.player_lookup, NULL)) AS current_players,
  IFNULL(MAX(keys.doubled), 0) AS doubled_keys
FROM predictions AS old
LEFT JOIN predictions AS fresh
  ON fresh.game_date = old.game_date AND fresh.prediction_id = old.superseded_by_prediction_id
LEFT JOIN keys ON keys.game_date = old.game_date
GROUP BY old.game_date
ORDER BY old.game_date
