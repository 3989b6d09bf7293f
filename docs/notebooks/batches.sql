-- The batches of some dates: what was asked, by whom, and how each stands.
SELECT
  game_date, batch_id, status, reason, triggered_by, opened_at, superseded_count, regenerated_count, coverage_pct,
  last_error
FROM `{nba_predictions}.batches`
WHERE game_date BETWEEN @first AND @last
ORDER BY game_date, opened_at, batch_id
