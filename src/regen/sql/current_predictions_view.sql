-- The definition of a current prediction. The bound is for an adopted table that requires a filter: BigQuery may refuse a view without.
CREATE OR REPLACE VIEW `{nba_predictions}.current_predictions` AS
SELECT * FROM {player_prop_predictions}
WHERE game_date >= '1946-01-01' AND (superseded IS NULL OR superseded = FALSE)
