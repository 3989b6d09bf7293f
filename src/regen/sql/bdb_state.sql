-- Of each waiting game: whether its players' features were made since the data came, and what their predictions rest on.
WITH waiting AS (
  SELECT game_date, game_id, bdb_available_at
  FROM {pending_bdb_games}
  WHERE game_date BETWEEN @first AND @last AND status NOT IN ('completed', 'expired')
),
features AS (
  SELECT game_date, game_id, player_lookup, data_hash, created_at
  FROM {ml_feature_store_v2}
  WHERE game_date BETWEEN @first AND @last
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY game_date, game_id, player_lookup ORDER BY created_at DESC, feature_version DESC
  ) = 1
),
predicted AS (
  SELECT game_date, game_id, player_lookup, MAX(feature_version_hash) AS hash, MAX(created_at) AS created_at
  FROM {player_prop_predictions}
  WHERE game_date BETWEEN @first AND @last AND (superseded IS NULL OR superseded = FALSE)
  GROUP BY game_date, game_id, player_lookup
)
SELECT
  waiting.game_date,
  waiting.game_id,
  COUNT(features.player_lookup) AS features,
  COUNTIF(features.created_at < waiting.bdb_available_at) AS old_features,
  COUNTIF(predicted.player_lookup IS NOT NULL
    AND IFNULL(predicted.hash = features.data_hash, predicted.created_at >= features.created_at)) AS fresh,
  COUNTIF(predicted.player_lookup IS NOT NULL
    AND NOT IFNULL(predicted.hash = features.data_hash, predicted.created_at >= features.created_at)) AS stale,
  MAX(predicted.created_at) AS promoted_at
FROM waiting
LEFT JOIN features ON features.game_date = waiting.game_date AND features.game_id = waiting.game_id
LEFT JOIN predicted ON predicted.game_date = features.game_date AND predicted.game_id = features.game_id
  AND predicted.player_lookup = features.player_lookup
GROUP BY waiting.game_date, waiting.game_id
