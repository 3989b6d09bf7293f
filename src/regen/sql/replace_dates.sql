-- What an import replaces: all that a table holds of some dates.
DELETE FROM {target} WHERE game_date IN UNNEST(@dates)
