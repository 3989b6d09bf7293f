-- One table's share of an import: rows of its dates become what was staged. Rows that stay keep their other columns.
UPDATE {target} AS kept
SET {assignments}
FROM {staged} AS fresh
WHERE kept.game_date IN UNNEST(@{dates}) AND {same};

DELETE FROM {target} AS kept
WHERE kept.game_date IN UNNEST(@{dates}) AND NOT EXISTS (SELECT 1 FROM {staged} AS fresh WHERE {same});

INSERT INTO {target} ({columns})
SELECT {fresh_columns}
FROM {staged} AS fresh
WHERE NOT EXISTS (SELECT 1 FROM {target} AS kept WHERE kept.game_date IN UNNEST(@{dates}) AND {same});
