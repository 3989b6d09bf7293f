-- Points lines for training: the last ones of each bookmaker before the start of the player's game, alternates included. Also
-- the last ones after the start, which the reader sets aside and counts. The start is the one in the newest rows of most of
-- the game's players; if no row has one, there is no bound.
SELECT game_date, player_lookup, bookmaker, line, over_price, under_price, captured_at, game_start
FROM (
  SELECT
    lines.game_date, lines.player_lookup, lines.bookmaker, lines.line, lines.over_price, lines.under_price,
    lines.captured_at, starts.game_start,
    IFNULL(lines.captured_at > starts.game_start, FALSE) AS is_late
  FROM {player_prop_lines} AS lines
  LEFT JOIN (
    SELECT
      game_date, player_lookup,
      FIRST_VALUE(game_start) OVER (
        PARTITION BY game_date, game_id ORDER BY players DESC, game_start
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) AS game_start
    FROM (
      SELECT
        game_date, player_lookup, game_id, game_start,
        COUNT(game_start) OVER (PARTITION BY game_date, game_id, game_start) AS players
      FROM (
        SELECT {context_columns}, game_date
        FROM {upcoming_player_game_context}
        WHERE game_date BETWEEN @first AND @until
      )
      WHERE TRUE  -- BigQuery wants one beside QUALIFY
      QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, player_lookup ORDER BY created_at DESC, game_id) = 1
    )
  ) AS starts ON starts.game_date = lines.game_date AND starts.player_lookup = lines.player_lookup
  WHERE lines.game_date BETWEEN @first AND @until AND lines.market = 'points'
)
WHERE TRUE
QUALIFY IFNULL(
    captured_at >= TIMESTAMP_SUB(
      MAX(captured_at) OVER (PARTITION BY game_date, player_lookup, bookmaker, is_late), INTERVAL 2 MINUTE
    ),
    TRUE
  )
ORDER BY game_date, player_lookup, bookmaker, line, captured_at
