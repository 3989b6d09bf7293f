-- The figures of live quality that are kept of a range of dates, the newest first.
SELECT {quality_columns}, measured_at
FROM {prediction_quality}
WHERE as_of_date BETWEEN @first AND @last
ORDER BY as_of_date DESC, system_id, window_days
