-- Points lines of upstream's Odds API and BettingPros tables, of `player_prop_lines`, and the slate's own line as a fallback.
-- Set `input_views = { prop_lines_input = "sql/prop_lines_input.sql" }` and `input_view_datasets = ["nba_raw"]`, or edit a copy.
-- The columns are a contract (docs/data.md). The rank is the predecessor's order: Odds API before BettingPros, both with
-- DraftKings and FanDuel before the other bookmakers.
-- `BettingPros Consensus` is an average; the slate sets it aside and counts it.
CREATE OR REPLACE VIEW `{nba_predictions}.prop_lines_input` AS
SELECT
  game_date, game_id, player_lookup, 'player_prop_lines' AS source, 1 AS rank, FALSE AS is_fallback, bookmaker, line,
  over_price, under_price, captured_at
FROM {player_prop_lines}
WHERE game_date >= '1946-01-01' AND market = 'points'
UNION ALL
-- Upstream's ids of games are of another form here: the slate places a player in his game.
SELECT
  game_date, CAST(NULL AS STRING), player_lookup, 'ODDS_API',
  IF(LOWER(bookmaker) IN ('draftkings', 'fanduel'), 2, 4), FALSE, LOWER(bookmaker),
  CAST(points_line AS NUMERIC), over_price_american, under_price_american, snapshot_timestamp
FROM `{input_project}.nba_raw.odds_api_player_points_props`
WHERE game_date >= '1946-01-01' AND player_lookup IS NOT NULL
UNION ALL
-- One row for each side: the other side's price is the last one until then. The table has other markets, too.
SELECT
  game_date, CAST(NULL AS STRING), player_lookup, 'BETTINGPROS',
  IF(REGEXP_REPLACE(LOWER(bookmaker), '[^a-z0-9]', '') IN ('draftkings', 'fanduel'), 3, 5), FALSE,
  REGEXP_REPLACE(LOWER(bookmaker), '[^a-z0-9]', ''), CAST(points_line AS NUMERIC),
  LAST_VALUE(IF(bet_side = 'over', odds_american, NULL) IGNORE NULLS) OVER same_line,
  LAST_VALUE(IF(bet_side = 'under', odds_american, NULL) IGNORE NULLS) OVER same_line,
  bookmaker_last_update
FROM `{input_project}.nba_raw.bettingpros_player_points_props`
WHERE game_date >= '1946-01-01' AND market_type = 'points' AND is_active
WINDOW
  same_line AS (
    PARTITION BY game_date, player_lookup, book_id, CAST(points_line AS NUMERIC) ORDER BY bookmaker_last_update
  )
UNION ALL
-- When the slate's line itself was seen is not known: its time is that of the row that names it.
SELECT
  game_date, game_id, player_lookup, 'upcoming_player_game_context', 9, TRUE,
  IFNULL(LOWER(current_points_line_source), 'unknown'), IFNULL(current_points_line, opening_points_line),
  CAST(NULL AS INT64), CAST(NULL AS INT64), created_at
FROM {upcoming_player_game_context}
WHERE game_date >= '1946-01-01' AND IFNULL(current_points_line, opening_points_line) IS NOT NULL
