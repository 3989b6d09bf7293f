-- Deletes all rows of some dates, which an import replaces.
DELETE FROM {target} WHERE game_date IN UNNEST(@dates)
