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
offered AS (
  SELECT player_lookup, TO_JSON_STRING(ARRAY_AGG(offer)) AS lines
  FROM (
    SELECT
      player_lookup,
      STRUCT(CAST(line AS FLOAT64) AS value, bookmaker AS bookmaker, over_price AS over_price,
             under_price AS under_price, FORMAT_TIMESTAMP('%Y-%m-%dT%H:%M:%E6SZ', captured_at) AS captured_at) AS offer
    FROM {player_prop_lines}
    WHERE game_date = @game_date AND market = 'points'
    QUALIFY ROW_NUMBER() OVER (PARTITION BY player_lookup, bookmaker, line ORDER BY captured_at DESC) = 1
  )
  GROUP BY player_lookup
),
played AS (
  SELECT player_lookup, TO_JSON_STRING(ARRAY_AGG(game)) AS games
  FROM (
    SELECT
      player_lookup,
      STRUCT(
        game_date AS game_date, game_id AS game_id, team_abbr AS team, opponent_team_abbr AS opponent,
        IFNULL(home_game, FALSE) AS home, CAST(minutes_played AS FLOAT64) AS minutes, points AS points,
        IFNULL(fg_attempts, 0) AS fga, IFNULL(three_pt_attempts, 0) AS fg3a, IFNULL(ft_attempts, 0) AS fta,
        IFNULL(offensive_rebounds, 0) + IFNULL(defensive_rebounds, 0) AS rebounds, IFNULL(assists, 0) AS assists,
        days_rest AS days_rest, CAST(opponent_def_rating AS FLOAT64) AS opponent_def_rating
      ) AS game
    FROM (
      SELECT {game_columns}
      FROM {player_game_summary}
      WHERE game_date >= @history_from AND game_date < @game_date
        AND player_lookup IN (SELECT player_lookup FROM slate)
        AND minutes_played IS NOT NULL AND points IS NOT NULL
    )
    WHERE TRUE  -- BigQuery wants one beside QUALIFY
    QUALIFY ROW_NUMBER() OVER (PARTITION BY player_lookup ORDER BY game_date DESC, game_id DESC) <= @games
  )
  GROUP BY player_lookup
)
SELECT
  slate.player_lookup,
  TO_JSON_STRING(slate) AS context,
  IF(known.player_lookup IS NULL, NULL, TO_JSON_STRING(known)) AS features,
  offered.lines,
  played.games
FROM slate
LEFT JOIN known ON known.player_lookup = slate.player_lookup AND known.game_id = slate.game_id
LEFT JOIN offered ON offered.player_lookup = slate.player_lookup
LEFT JOIN played ON played.player_lookup = slate.player_lookup
ORDER BY slate.player_lookup
