-- The newest prediction of some dates, and the number of predictions.
SELECT MAX(created_at) AS newest, COUNT(*) AS prediction_rows
FROM {player_prop_predictions}
WHERE game_date BETWEEN @first AND @last
