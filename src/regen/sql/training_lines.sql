-- Points lines to learn from: the last seen of each bookmaker.
SELECT game_date, player_lookup, bookmaker, line, over_price, under_price, captured_at
FROM {player_prop_lines}
WHERE game_date BETWEEN @first AND @until AND market = 'points'
QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, player_lookup, bookmaker ORDER BY captured_at DESC, line) = 1
ORDER BY game_date, player_lookup, bookmaker
