-- The ids of predictions that begin like an id, or end like it: the one that is meant, or else its nearest.
SELECT prediction_id, game_date
FROM {player_prop_predictions}
WHERE game_date BETWEEN @first AND @last
  AND (SUBSTR(prediction_id, 1, LENGTH(@head)) = @head OR SUBSTR(prediction_id, -LENGTH(@tail)) = @tail)
ORDER BY prediction_id
LIMIT 200
