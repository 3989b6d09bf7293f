-- What each input has of each date of a range with games: rows, players, newest row, games; beside the games that any input knows.
-- Upstream's tables may lack some columns: read from the row as JSON, they are null then.
WITH schedule AS (
  SELECT game_date, game_id, MIN(game_start) AS game_start, MIN(game_status) AS game_status
  FROM `{nba_predictions}.game_schedule_input`
  WHERE game_date BETWEEN @first AND @last
  GROUP BY game_date, game_id
),
context AS (
  SELECT
    slate.game_date, slate.game_id, slate.player_lookup, slate.created_at, schedule.game_start,
    REGEXP_CONTAINS(
      LOWER(
        TRIM(
          COALESCE(
            NULLIF(TRIM(JSON_VALUE(TO_JSON_STRING(slate), '$.game_status')), ''), schedule.game_status, ''
          )
        )
      ),
      r'^(postponed|ppd|cancelled|canceled|suspended|abandoned)([^a-z]|$)'
    ) AS is_off
  FROM {upcoming_player_game_context} AS slate
  LEFT JOIN schedule ON schedule.game_date = slate.game_date AND schedule.game_id = slate.game_id
  WHERE slate.game_date BETWEEN @first AND @last
),
off AS (
  SELECT DISTINCT game_date, game_id
  FROM context
  WHERE is_off
),
pending AS (
  SELECT
    pending_game.game_date, pending_game.game_id, pending_game.game_start_time,
    IFNULL(pending_game.bdb_available_at, pending_game.completed_at) AS bdb_available_at,
    {bdb_state:pending_game}
  FROM {pending_bdb_games} AS pending_game
  LEFT JOIN off ON off.game_date = pending_game.game_date AND off.game_id = pending_game.game_id
  WHERE pending_game.game_date BETWEEN @first AND @last AND off.game_id IS NULL
),
played AS (
  SELECT
    game_date, game_id, player_lookup,
    SAFE_CAST(JSON_VALUE(TO_JSON_STRING(box), '$.processed_at') AS TIMESTAMP) AS made
  FROM {player_game_summary} AS box
  WHERE game_date BETWEEN @first AND @last
),
places AS (
  SELECT game_date, player_lookup, MAX(game_id) AS game_id
  FROM context
  WHERE NOT is_off
  GROUP BY game_date, player_lookup
),
held AS (
  SELECT 'slate' AS source, game_date, game_id, player_lookup AS player, created_at AS made
  FROM context
  WHERE NOT is_off
  UNION ALL
  SELECT 'lines', lines.game_date, IFNULL(lines.game_id, places.game_id), lines.player_lookup, lines.captured_at
  FROM `{nba_predictions}.prop_lines_input` AS lines
  LEFT JOIN places ON places.game_date = lines.game_date AND places.player_lookup = lines.player_lookup
  WHERE lines.game_date BETWEEN @first AND @last AND NOT lines.is_fallback
  UNION ALL
  SELECT 'features', game_date, game_id, player_lookup, created_at
  FROM {ml_feature_store_v2}
  WHERE game_date BETWEEN @first AND @last
  UNION ALL
  SELECT 'box_scores', game_date, game_id, player_lookup, made
  FROM played
  UNION ALL
  SELECT 'play_by_play', game_date, game_id, game_id AS player, bdb_available_at
  FROM pending
  WHERE state IN ('bdb_available', 'regenerating', 'completed')
),
known AS (
  SELECT game_date, game_id, MIN(start) AS start
  FROM (
    SELECT game_date, game_id, game_start AS start
    FROM context
    WHERE NOT is_off
    UNION ALL
    SELECT game_date, game_id, game_start_time
    FROM pending
    UNION ALL
    SELECT game_date, game_id, CAST(NULL AS TIMESTAMP)
    FROM played
  )
  WHERE game_id IS NOT NULL
  GROUP BY game_date, game_id
),
dates AS (
  SELECT game_date, ARRAY_AGG(game_id) AS known_games, MIN(start) AS first_start, MAX(start) AS last_start
  FROM known
  GROUP BY game_date
),
sizes AS (
  SELECT
    source, game_date, COUNT(*) AS row_count, COUNT(DISTINCT player) AS players, MAX(made) AS newest,
    ARRAY_AGG(DISTINCT game_id IGNORE NULLS) AS games
  FROM held
  GROUP BY source, game_date
)
SELECT
  dates.game_date,
  wanted AS source,
  IFNULL(sizes.row_count, 0) AS row_count,
  IFNULL(sizes.players, 0) AS players,
  sizes.newest,
  sizes.games,
  dates.known_games,
  dates.first_start,
  dates.last_start
FROM dates
CROSS JOIN UNNEST(['slate', 'lines', 'features', 'box_scores', 'play_by_play']) AS wanted
LEFT JOIN sizes ON sizes.game_date = dates.game_date AND sizes.source = wanted
ORDER BY dates.game_date, wanted
