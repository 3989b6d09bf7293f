-- Coverage of each date against its slate: every rostered player, by the rule that opens a batch.
-- Players of a game that is called off, OUT, DOUBTFUL and those under the setting's minutes without a line are excluded, and so
-- is a player without current predictions whose earlier ones were withdrawn as postponed. A player whose newest run was skipped
-- because he was out or has no history leaves the denominator.
CREATE OR REPLACE VIEW `{nba_predictions}.prediction_coverage` AS
WITH slate AS (
  SELECT
    game_date, game_id, player_lookup, player_status, avg_minutes_per_game_last_7, has_prop_line,
    -- Upstream's table may lack the column, and a view cannot be retried without it. Read from the row as JSON, it is null then.
    LOWER(TRIM(IFNULL(JSON_VALUE(TO_JSON_STRING(context), '$.game_status'), ''))) AS game_status
  FROM {upcoming_player_game_context} AS context
  WHERE game_date >= '1946-01-01'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, player_lookup ORDER BY created_at DESC) = 1
),
schedule AS (
  SELECT game_date, game_id, MIN(game_status) AS game_status
  FROM `{nba_predictions}.game_schedule_input`
  WHERE game_date >= '1946-01-01'
  GROUP BY game_date, game_id
),
lined AS (
  SELECT DISTINCT game_date, player_lookup
  FROM `{nba_predictions}.prop_lines_input`
  WHERE game_date >= '1946-01-01'
),
predicted AS (
  SELECT
    game_date,
    player_lookup,
    LOGICAL_OR(superseded IS NULL OR superseded = FALSE) AS is_produced,
    LOGICAL_OR(
      IFNULL(superseded, FALSE) AND superseded_reason = 'postponed' AND superseded_by_prediction_id IS NULL
    ) AS is_postponed
  FROM {player_prop_predictions}
  WHERE game_date >= '1946-01-01'
  GROUP BY game_date, player_lookup
),
skipped AS (
  SELECT game_date, player_lookup, skip_reason
  FROM {prediction_worker_runs}
  WHERE game_date >= '1946-01-01' AND run_date >= '1946-01-01'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, player_lookup ORDER BY run_date DESC) = 1
),
judged AS (
  SELECT
    slate.game_date,
    slate.player_lookup,
    IFNULL(predicted.is_produced, FALSE) AS is_produced,
    CASE
      WHEN REGEXP_CONTAINS(
          LOWER(COALESCE(NULLIF(slate.game_status, ''), schedule.game_status, '')),
          r'^(postponed|ppd|cancelled|canceled|suspended|abandoned)([^a-z]|$)'
        )
        THEN 'excluded'
      WHEN LOWER(TRIM(IFNULL(slate.player_status, ''))) IN ('out', 'doubtful') THEN 'excluded'
      WHEN lined.player_lookup IS NULL AND NOT IFNULL(slate.has_prop_line, FALSE)
        AND IFNULL(slate.avg_minutes_per_game_last_7, 0) < {min_minutes} THEN 'excluded'
      WHEN predicted.is_postponed AND NOT predicted.is_produced THEN 'excluded'
      WHEN IFNULL(predicted.is_produced, FALSE) = FALSE AND skipped.skip_reason IN ('out', 'no_history') THEN 'skipped'
      ELSE 'expected'
    END AS standing
  FROM slate
  LEFT JOIN schedule ON schedule.game_date = slate.game_date AND schedule.game_id = slate.game_id
  LEFT JOIN lined ON lined.game_date = slate.game_date AND lined.player_lookup = slate.player_lookup
  LEFT JOIN predicted ON predicted.game_date = slate.game_date AND predicted.player_lookup = slate.player_lookup
  LEFT JOIN skipped ON skipped.game_date = slate.game_date AND skipped.player_lookup = slate.player_lookup
)
SELECT
  game_date,
  COUNT(*) AS rostered_players,
  COUNTIF(standing = 'excluded') AS excluded_players,
  COUNTIF(standing = 'skipped') AS skipped_players,
  COUNTIF(standing = 'expected') AS expected_players,
  COUNTIF(standing = 'expected' AND is_produced) AS players_with_predictions,
  ROUND(100 * COUNTIF(standing = 'expected' AND is_produced) / NULLIF(COUNTIF(standing = 'expected'), 0), 1)
    AS coverage_pct,
  ARRAY_AGG(IF(standing = 'expected' AND NOT is_produced, player_lookup, NULL) IGNORE NULLS) AS missing_players
FROM judged
GROUP BY game_date
