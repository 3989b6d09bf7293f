-- Points lines for training: the last ones of each bookmaker before the start of the player's game, alternates included. Also
-- the last ones after the start, which the reader sets aside and counts. The start is the
-- schedule's; if it has none, there is no bound. A player without offers has the fallback's line, as in serving.
SELECT
  game_date, player_lookup, bookmaker, line, over_price, under_price,
  IF(is_fallback, NULL, captured_at) AS captured_at, game_start, source, rank, is_fallback
FROM (
  SELECT
    lines.game_date, lines.player_lookup, lines.bookmaker, lines.line, lines.over_price, lines.under_price,
    lines.captured_at, lines.source, lines.rank, lines.is_fallback, starts.game_start,
    IFNULL(lines.captured_at > starts.game_start, FALSE) AS is_late
  FROM `{nba_predictions}.prop_lines_input` AS lines
  LEFT JOIN (
    SELECT placed.game_date, placed.player_lookup, MIN(schedule.game_start) AS game_start
    FROM (
      SELECT game_date, player_lookup, game_id
      FROM {upcoming_player_game_context}
      WHERE game_date BETWEEN @first AND @until
      QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, player_lookup ORDER BY created_at DESC, game_id) = 1
    ) AS placed
    JOIN `{nba_predictions}.game_schedule_input` AS schedule
      ON schedule.game_date BETWEEN @first AND @until
      AND schedule.game_date = placed.game_date AND schedule.game_id = placed.game_id
    GROUP BY placed.game_date, placed.player_lookup
  ) AS starts ON starts.game_date = lines.game_date AND starts.player_lookup = lines.player_lookup
  WHERE lines.game_date BETWEEN @first AND @until
)
WHERE TRUE
QUALIFY IF(
    is_fallback,
    COUNTIF(NOT is_fallback AND NOT is_late) OVER (PARTITION BY game_date, player_lookup) = 0
    AND ROW_NUMBER() OVER (
      PARTITION BY game_date, player_lookup, is_fallback ORDER BY is_late, captured_at DESC, bookmaker, line
    ) = 1,
    IFNULL(
      captured_at >= TIMESTAMP_SUB(
        MAX(captured_at) OVER (PARTITION BY game_date, player_lookup, bookmaker, rank, is_late), INTERVAL 2 MINUTE
      ),
      TRUE
    )
  )
ORDER BY game_date, player_lookup, bookmaker, line, captured_at
