-- How many rows a table has of some dates: what an import would replace.
SELECT COUNT(*) AS number FROM {target} WHERE game_date IN UNNEST(@dates)
