-- What the current predictions of games to come rest on, beside what is there now: one row for each player of the slate.
-- Slate and start are read as in read_slate. A game whose start nobody knows counts as begun at midnight UTC after its date.
WITH schedule AS (
  SELECT game_date, game_id, MIN(game_start) AS tip_off, MIN(game_status) AS game_status
  FROM `{nba_predictions}.game_schedule_input`
  WHERE game_date BETWEEN @first AND @last
  GROUP BY game_date, game_id
),
context AS (
  SELECT
    stated.* EXCEPT (game_status), schedule.tip_off,
    COALESCE(NULLIF(TRIM(stated.game_status), ''), schedule.game_status) AS game_status
  FROM (
    SELECT game_date, {context_columns}
    FROM {upcoming_player_game_context}
    WHERE game_date BETWEEN @first AND @last
  ) AS stated
  LEFT JOIN schedule ON schedule.game_date = stated.game_date AND schedule.game_id = stated.game_id
),
slate AS (
  SELECT
    game_date, game_id, team_abbr, player_lookup, tip_off, created_at, avg_minutes_per_game_last_7, has_prop_line,
    LOWER(TRIM(IFNULL(player_status, 'unknown'))) AS status,
    LOWER(TRIM(IFNULL(game_status, ''))) AS game_status
  FROM context
  WHERE TRUE  -- BigQuery wants one beside QUALIFY
  QUALIFY ROW_NUMBER() OVER (
      PARTITION BY game_date, player_lookup
      ORDER BY IFNULL(created_at <= tip_off, TRUE) DESC, created_at DESC, game_id
    ) = 1
),
known_lines AS (
  SELECT game_date, player_lookup, rank, is_fallback, bookmaker, CAST(line AS FLOAT64) AS line, captured_at
  FROM `{nba_predictions}.prop_lines_input`
  WHERE game_date BETWEEN @first AND @last
),
named AS (
  -- The line of the slate's own row.
  SELECT slate.game_date, slate.player_lookup, known_lines.line AS offered_line
  FROM slate
  JOIN known_lines
    ON known_lines.game_date = slate.game_date AND known_lines.player_lookup = slate.player_lookup
    AND known_lines.is_fallback AND IFNULL(known_lines.captured_at <= slate.created_at, TRUE)
  WHERE TRUE  -- BigQuery wants one beside QUALIFY
  QUALIFY ROW_NUMBER() OVER (
      PARTITION BY slate.game_date, slate.player_lookup
      ORDER BY known_lines.rank, known_lines.captured_at DESC, known_lines.line
    ) = 1
),
offers AS (
  -- Of each bookmaker the best source's last snapshot: alternates are seen within two minutes.
  SELECT game_date, player_lookup, bookmaker, AVG(line) AS line
  FROM (
    SELECT
      game_date, player_lookup, bookmaker, line, captured_at,
      MAX(captured_at) OVER (PARTITION BY game_date, player_lookup, bookmaker) AS newest
    FROM (
      SELECT *, MIN(rank) OVER (PARTITION BY game_date, player_lookup, bookmaker) AS best_rank
      FROM known_lines
      WHERE NOT is_fallback AND (captured_at IS NULL OR captured_at <= @at)
    )
    WHERE rank = best_rank
  )
  WHERE captured_at IS NULL OR captured_at >= TIMESTAMP_SUB(newest, INTERVAL 2 MINUTE)
  GROUP BY game_date, player_lookup, bookmaker
),
offered AS (
  SELECT game_date, player_lookup, AVG(line) AS line
  FROM offers
  GROUP BY game_date, player_lookup
),
predictions AS (
  -- The current rows, and those that ended without a heir. Of a replaced row the heir tells all.
  SELECT
    game_date, player_lookup, prediction_id, sportsbook, CAST(current_points_line AS FLOAT64) AS line,
    injury_status_at_prediction, superseded_reason, created_at,
    IFNULL(superseded_at, created_at) AS moved_at,
    superseded IS NULL OR superseded = FALSE AS is_current
  FROM {player_prop_predictions}
  WHERE game_date BETWEEN @first AND @last
    AND (superseded IS NULL OR superseded = FALSE OR superseded_by_prediction_id IS NULL)
),
resting AS (
  SELECT
    game_date, player_lookup, is_current,
    IF(is_current, injury_status_at_prediction, NULL) AS rested_status,
    IF(is_current, NULL, superseded_reason) AS withdrawn,
    MAX(moved_at) OVER (PARTITION BY game_date, player_lookup) AS changed_at
  FROM predictions
  WHERE TRUE  -- BigQuery wants one beside QUALIFY
  QUALIFY ROW_NUMBER() OVER (
      PARTITION BY game_date, player_lookup
      ORDER BY is_current DESC, moved_at DESC, prediction_id
    ) = 1
),
resting_lines AS (
  SELECT game_date, player_lookup, sportsbook, line
  FROM (
    SELECT game_date, player_lookup, sportsbook, AVG(DISTINCT line) AS line, MAX(created_at) AS made_at
    FROM predictions
    WHERE is_current AND line IS NOT NULL
    GROUP BY game_date, player_lookup, sportsbook
  )
  WHERE TRUE  -- BigQuery wants one beside QUALIFY
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, player_lookup ORDER BY made_at DESC, sportsbook) = 1
),
runs AS (
  SELECT DISTINCT game_date, player_lookup
  FROM {prediction_worker_runs}
  WHERE game_date BETWEEN @first AND @last AND run_date >= TIMESTAMP_SUB(@at, INTERVAL 400 DAY)
)
SELECT
  slate.game_date,
  slate.game_id,
  slate.team_abbr,
  slate.player_lookup,
  slate.tip_off,
  slate.status,
  REGEXP_CONTAINS(slate.game_status, r'^(postponed|ppd|cancelled|canceled|suspended|abandoned)([^a-z]|$)')
    AS called_off,
  slate.avg_minutes_per_game_last_7 AS avg_minutes,
  offered.line IS NOT NULL OR named.offered_line IS NOT NULL OR IFNULL(slate.has_prop_line, FALSE) AS has_line,
  IFNULL(resting.is_current, FALSE) AS predicted,
  resting.rested_status,
  resting.withdrawn,
  runs.player_lookup IS NOT NULL AS requested,
  resting_lines.line AS line_was,
  COALESCE(offers.line, offered.line, named.offered_line) AS line_now,
  resting.changed_at
FROM slate
LEFT JOIN resting ON resting.game_date = slate.game_date AND resting.player_lookup = slate.player_lookup
LEFT JOIN resting_lines
  ON resting_lines.game_date = slate.game_date AND resting_lines.player_lookup = slate.player_lookup
LEFT JOIN offers
  ON offers.game_date = slate.game_date AND offers.player_lookup = slate.player_lookup
  AND offers.bookmaker = resting_lines.sportsbook
LEFT JOIN offered ON offered.game_date = slate.game_date AND offered.player_lookup = slate.player_lookup
LEFT JOIN named ON named.game_date = slate.game_date AND named.player_lookup = slate.player_lookup
LEFT JOIN runs ON runs.game_date = slate.game_date AND runs.player_lookup = slate.player_lookup
WHERE IFNULL(slate.tip_off, TIMESTAMP(DATE_ADD(slate.game_date, INTERVAL 1 DAY))) > @at
ORDER BY slate.game_date, slate.game_id, slate.player_lookup
