-- Players whose current predictions rest on other shot zones than the feature store has now, by upstream's own hash of them.
-- A row without a hash says nothing, in either table: the predecessor's have none. What a rollback brought back stays.
WITH stored AS (
  SELECT game_date, game_id, player_lookup, source_shot_zones_hash AS zones, created_at
  FROM (
    SELECT game_date, {feature_columns}
    FROM {ml_feature_store_v2}
    WHERE game_date BETWEEN @first AND @last
  )
  WHERE TRUE  -- BigQuery wants one beside QUALIFY
  QUALIFY ROW_NUMBER() OVER (
      PARTITION BY game_date, game_id, player_lookup ORDER BY created_at DESC, feature_version DESC
    ) = 1
),
written AS (
  SELECT game_date, MAX(created_at) AS written_at
  FROM stored
  GROUP BY game_date
)
SELECT
  stored.game_date, stored.game_id, stored.player_lookup,
  MIN(predicted.source_shot_zones_hash) AS was, stored.zones, written.written_at
FROM stored
JOIN written ON written.game_date = stored.game_date
JOIN {player_prop_predictions} AS predicted
  ON predicted.game_date = stored.game_date AND predicted.game_id = stored.game_id
  AND predicted.player_lookup = stored.player_lookup
WHERE predicted.game_date BETWEEN @first AND @last
  AND (predicted.superseded IS NULL OR predicted.superseded = FALSE)
  AND predicted.restored_from_prediction_id IS NULL
  AND predicted.source_shot_zones_hash != stored.zones
GROUP BY stored.game_date, stored.game_id, stored.player_lookup, stored.zones, written.written_at
ORDER BY stored.game_date, stored.game_id, stored.player_lookup
