-- All data that a batch needs of a date, in one query: one row for each rostered player.
-- - Slate: a player's newest row from before the start of the game; without one, the newest row.
-- - Features: the newest row, whenever it was made.
-- - Lines: of each source, bookmaker and value the newest one from before the start; of later ones the newest, for a warning.
--   Of the fallback's the newest one that the player's row can rest on; the time of the row is no time of the line.
-- The start is the schedule's; so is the status of the game where the player's row has none. Rows and lines with a time after
-- the reading (@at), or after the making of the player's row, come from a wrong clock and are not used.
-- TO_JSON_STRING keeps the result small, and lets a broken row be reported with its player's name.
WITH schedule AS (
  SELECT game_id, MIN(game_start) AS tip_off, MIN(game_status) AS game_status
  FROM `{nba_predictions}.game_schedule_input`
  WHERE game_date = @game_date
  GROUP BY game_id
),
context AS (
  SELECT
    stated.* EXCEPT (game_status), schedule.tip_off,
    COALESCE(NULLIF(TRIM(stated.game_status), ''), schedule.game_status) AS game_status
  FROM (
    SELECT {context_columns}
    FROM {upcoming_player_game_context}
    WHERE game_date = @game_date
  ) AS stated
  LEFT JOIN schedule ON schedule.game_id = stated.game_id
),
slate AS (
  SELECT
    *,
    LEAST(IFNULL(tip_off, GREATEST(@at, created_at)), GREATEST(@at, created_at)) AS known_until
  FROM context
  WHERE TRUE  -- BigQuery wants one beside QUALIFY
  QUALIFY ROW_NUMBER() OVER (
      PARTITION BY player_lookup ORDER BY IFNULL(created_at <= tip_off, TRUE) DESC, created_at DESC, game_id
    ) = 1
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
      lines.player_lookup,
      STRUCT(
        CAST(lines.line AS FLOAT64) AS value, IFNULL(lines.bookmaker, 'unknown') AS bookmaker,
        lines.over_price AS over_price, lines.under_price AS under_price,
        FORMAT_TIMESTAMP('%Y-%m-%dT%H:%M:%E6SZ', IF(lines.is_fallback, NULL, lines.captured_at)) AS captured_at,
        IFNULL(lines.is_fallback, FALSE) AS is_fallback, lines.source AS source, IFNULL(lines.rank, 99) AS rank
      ) AS offer
    FROM `{nba_predictions}.prop_lines_input` AS lines
    JOIN slate ON slate.player_lookup = lines.player_lookup
    WHERE lines.game_date = @game_date AND lines.line IS NOT NULL
      AND IF(
        lines.is_fallback, IFNULL(lines.captured_at <= GREATEST(slate.known_until, slate.created_at), TRUE), TRUE
      )
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY
          lines.player_lookup, lines.source, lines.is_fallback,
          IF(lines.is_fallback, NULL, lines.bookmaker), IF(lines.is_fallback, NULL, lines.line),
          NOT lines.is_fallback AND IFNULL(lines.captured_at > slate.known_until, FALSE)
        ORDER BY lines.captured_at DESC, lines.bookmaker, lines.line
      ) = 1
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
