-- Everything that a batch needs to know of a date, in one query: one row for each rostered player.
-- The newest row of each source counts. TO_JSON_STRING keeps the result small and lets a broken row be told by name.
WITH slate AS (
  SELECT {context_columns}
  FROM {upcoming_player_game_context}
  WHERE game_date = @game_date
  QUALIFY ROW_NUMBER() OVER (PARTITION BY player_lookup ORDER BY created_at DESC, game_id) = 1
),
known AS (
  SELECT {feature_columns}
  FROM {ml_feature_store_v2}
  WHERE game_date = @game_date
  QUALIFY ROW_NUMBER() OVER (PARTITION BY player_lookup, game_id ORDER BY created_at DESC, feature_version DESC) = 1
),
lines AS (
  SELECT player_lookup, TO_JSON_STRING(ARRAY_AGG(line)) AS lines
  FROM (
    SELECT
      player_lookup,
      STRUCT(line AS line, bookmaker AS bookmaker, over_price AS over_price, under_price AS under_price,
             captured_at AS captured_at) AS line
    FROM {player_prop_lines}
    WHERE game_date = @game_date AND market = 'points'
    QUALIFY ROW_NUMBER() OVER (PARTITION BY player_lookup, bookmaker, line ORDER BY captured_at DESC) = 1
  )
  GROUP BY player_lookup
),
games AS (
  SELECT player_lookup, TO_JSON_STRING(ARRAY_AGG(game)) AS games
  FROM (
    SELECT player_lookup, STRUCT({game_columns}) AS game
    FROM {player_game_summary}
    WHERE game_date >= @history_from AND game_date < @game_date
      AND minutes_played IS NOT NULL AND points IS NOT NULL
    QUALIFY ROW_NUMBER() OVER (PARTITION BY player_lookup ORDER BY game_date DESC, game_id DESC) <= @games
  )
  GROUP BY player_lookup
)
SELECT
  slate.player_lookup,
  TO_JSON_STRING(slate) AS context,
  IF(known.player_lookup IS NULL, NULL, TO_JSON_STRING(known)) AS features,
  lines.lines,
  games.games
FROM slate
LEFT JOIN known ON known.player_lookup = slate.player_lookup AND known.game_id = slate.game_id
LEFT JOIN lines ON lines.player_lookup = slate.player_lookup
LEFT JOIN games ON games.player_lookup = slate.player_lookup
ORDER BY slate.player_lookup
