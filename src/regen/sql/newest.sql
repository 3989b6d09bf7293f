-- The newest prediction of some dates, and how many there are.
SELECT MAX(created_at) AS newest, COUNT(*) AS prediction_rows
FROM {player_prop_predictions}
WHERE game_date BETWEEN @first AND @last
