-- How many predictions of a batch there are, and how many of them are current.
SELECT COUNT(*) AS inserted_rows, COUNTIF(superseded IS NULL OR superseded = FALSE) AS current_rows
FROM {player_prop_predictions}
WHERE game_date = @game_date AND batch_id = @batch_id
