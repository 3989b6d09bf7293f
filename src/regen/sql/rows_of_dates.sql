-- Rows of some dates, in the columns that an import takes from the tables where it has no file of them.
SELECT {columns} FROM {target} WHERE game_date IN UNNEST(@dates)
