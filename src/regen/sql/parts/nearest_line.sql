-- The counterpart of a row: the one on the same line, else on the nearest line, else any. $1 is the rows to choose from
-- (id, line), $2 the row (current_points_line).
ORDER BY
  CASE
    WHEN $1.line = $2.current_points_line THEN 0
    WHEN $1.line IS NULL AND $2.current_points_line IS NULL THEN 0
    WHEN $1.line IS NOT NULL AND $2.current_points_line IS NOT NULL THEN 1
    ELSE 2
  END,
  ABS($1.line - $2.current_points_line), $1.line, $1.id
