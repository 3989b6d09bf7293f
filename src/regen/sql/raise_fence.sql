-- Takes a date for a token. No row changed: a higher token has been taken already.
-- Taking it again with the same token, batch and round changes nothing but the time.
MERGE {promotion_fence} AS fence
USING (SELECT @game_date AS game_date) AS taken
ON fence.game_date = taken.game_date
WHEN MATCHED AND (
  fence.token < @token OR (fence.token = @token AND fence.batch_id = @batch_id AND fence.round = @round)
) THEN
  UPDATE SET token = @token, batch_id = @batch_id, round = @round, raised_at = @at
WHEN NOT MATCHED THEN
  INSERT (game_date, token, batch_id, round, raised_at)
  VALUES (@game_date, @token, @batch_id, @round, @at)
