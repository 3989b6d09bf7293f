-- The systems of the current rows of a range of dates, for what regen does not run: rows of these stay until they are retired.
SELECT
  system_id, COUNT(*) AS current_rows, COUNT(DISTINCT game_date) AS dates, MAX(game_date) AS last_date
FROM {player_prop_predictions}
WHERE game_date BETWEEN @first AND @last AND (superseded IS NULL OR superseded = FALSE)
GROUP BY system_id
ORDER BY system_id
