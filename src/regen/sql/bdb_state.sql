-- For each waiting game: whether its players' features are newer than the data, and on which features their predictions rest.
WITH waiting AS (
  SELECT game_date, game_id, bdb_available_at
  FROM (
    SELECT
      game_date, game_id, IFNULL(bdb_available_at, completed_at) AS bdb_available_at,
      {bdb_state:pending_game}
    FROM {pending_bdb_games} AS pending_game
    WHERE game_date BETWEEN @first AND @last
  )
  WHERE state NOT IN ('completed', 'expired')
),
features AS (
  SELECT game_date, game_id, player_lookup, data_hash, created_at
  FROM {ml_feature_store_v2}
  WHERE game_date BETWEEN @first AND @last
  QUALIFY ROW_NUMBER() OVER (
      PARTITION BY game_date, game_id, player_lookup ORDER BY created_at DESC, feature_version DESC
    ) = 1
),
resting AS (
  -- A player's current predictions may come from several batches: one on older features makes him stale.
  SELECT
    features.game_date, features.game_id, features.player_lookup, MAX(predicted.created_at) AS created_at,
    MIN(
      IF(IFNULL(predicted.feature_version_hash = features.data_hash, predicted.created_at >= features.created_at), 1, 0)
    ) AS fresh
  FROM features
  JOIN {player_prop_predictions} AS predicted
    ON predicted.game_date = features.game_date AND predicted.game_id = features.game_id
    AND predicted.player_lookup = features.player_lookup
  WHERE predicted.game_date BETWEEN @first AND @last AND (predicted.superseded IS NULL OR predicted.superseded = FALSE)
  GROUP BY features.game_date, features.game_id, features.player_lookup
)
SELECT
  waiting.game_date,
  waiting.game_id,
  COUNT(features.player_lookup) AS features,
  COUNTIF(features.created_at < waiting.bdb_available_at) AS old_features,
  COUNTIF(resting.fresh = 1) AS fresh,
  COUNTIF(resting.fresh = 0) AS stale,
  MAX(resting.created_at) AS promoted_at
FROM waiting
LEFT JOIN features ON features.game_date = waiting.game_date AND features.game_id = waiting.game_id
LEFT JOIN resting
  ON resting.game_date = features.game_date AND resting.game_id = features.game_id
  AND resting.player_lookup = features.player_lookup
GROUP BY waiting.game_date, waiting.game_id
