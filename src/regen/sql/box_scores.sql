-- The league's box scores of a window of dates, for the shared history: one row for each date that has any.
-- Of each player's game the newest row counts, and a row without minutes says that he did not play it. Upstream's box scores
-- do not say who was at home: the slate of the date did. A row is an array of texts, which is a third of what named fields
-- would take; a date that the reader has already (@known holds its fingerprint) comes without its rows.
WITH sides AS (
  SELECT game_date, game_id, team_abbr, home_game
  FROM {upcoming_player_game_context}
  WHERE game_date >= @first AND game_date < @game_date AND home_game IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, game_id, team_abbr ORDER BY created_at DESC, home_game) = 1
),
played AS (
  SELECT *
  FROM (
    SELECT {game_columns}, processed_at
    FROM {player_game_summary}
    WHERE game_date >= @first AND game_date < @game_date
  )
  WHERE TRUE  -- BigQuery wants one beside QUALIFY
  QUALIFY ROW_NUMBER() OVER (PARTITION BY player_lookup, game_date, game_id ORDER BY processed_at DESC) = 1
),
dates AS (
  SELECT
    played.game_date,
    CONCAT('[', STRING_AGG(
      TO_JSON_STRING([
        played.player_lookup,
        played.game_id,
        played.team_abbr,
        played.opponent_team_abbr,
        CAST(IFNULL(played.home_game, sides.home_game) AS STRING),
        CAST(CAST(played.minutes_played AS FLOAT64) AS STRING),
        CAST(played.points AS STRING),
        CAST(played.assists AS STRING),
        CAST(played.offensive_rebounds AS STRING),
        CAST(played.defensive_rebounds AS STRING),
        CAST(played.fg_attempts AS STRING),
        CAST(played.three_pt_attempts AS STRING),
        CAST(played.ft_attempts AS STRING)
      ]),
      ',' ORDER BY played.game_id, played.team_abbr, played.player_lookup
    ), ']') AS games
  FROM played
  LEFT JOIN sides
    ON sides.game_date = played.game_date AND sides.game_id = played.game_id AND sides.team_abbr = played.team_abbr
  WHERE played.minutes_played > 0 AND played.points IS NOT NULL
  GROUP BY played.game_date
)
SELECT game_date, fingerprint, IF(STRPOS(@known, fingerprint) > 0, NULL, games) AS games
FROM (SELECT game_date, TO_HEX(MD5(games)) AS fingerprint, games FROM dates)
ORDER BY game_date
