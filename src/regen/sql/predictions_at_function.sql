-- What was current for a date at a moment, such as tip-off: rows never change once they are superseded.
CREATE OR REPLACE TABLE FUNCTION `{nba_predictions}.predictions_at` (day DATE, moment TIMESTAMP) AS
SELECT * FROM {player_prop_predictions}
WHERE game_date = day
  AND created_at <= moment
  AND (superseded IS NULL OR superseded = FALSE OR superseded_at > moment)
