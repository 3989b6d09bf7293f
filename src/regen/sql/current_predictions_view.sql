-- The definition of a current prediction.
CREATE OR REPLACE VIEW `{nba_predictions}.current_predictions` AS
SELECT * FROM {player_prop_predictions}
WHERE superseded IS NULL OR superseded = FALSE
