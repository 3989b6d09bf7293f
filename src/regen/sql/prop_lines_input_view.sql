-- Points lines, wherever they are from: what the slate, coverage, the watch for news and training read.
-- This is the default: `player_prop_lines`, and the slate's own line as a fallback. A deployment may have another query with the
-- same columns (docs/data.md); infra/sql has one over the Odds API and BettingPros.
CREATE OR REPLACE VIEW `{nba_predictions}.prop_lines_input` AS
SELECT
  game_date, game_id, player_lookup, 'player_prop_lines' AS source, 1 AS rank, FALSE AS is_fallback, bookmaker, line,
  over_price, under_price, captured_at
FROM {player_prop_lines}
WHERE game_date >= '1946-01-01' AND market = 'points'
UNION ALL
-- When the slate's line itself was seen is not known: its time is that of the row that names it.
SELECT
  game_date, game_id, player_lookup, 'upcoming_player_game_context', 9, TRUE,
  IFNULL(LOWER(current_points_line_source), 'unknown'), IFNULL(current_points_line, opening_points_line),
  CAST(NULL AS INT64), CAST(NULL AS INT64), created_at
FROM {upcoming_player_game_context}
WHERE game_date >= '1946-01-01' AND IFNULL(current_points_line, opening_points_line) IS NOT NULL
