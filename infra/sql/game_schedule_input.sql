-- Start and status of each game out of upstream's schedule, under both forms of its id.
-- Set `input_views = { game_schedule_input = "sql/game_schedule_input.sql" }` and `input_view_datasets = ["nba_raw"]`, or edit a copy.
-- The columns are a contract (docs/data.md). The table may hold several rows of a game: the newest counts. Its `game_date_est`
-- is read as what New York's clocks say, whatever zone its type has.
CREATE OR REPLACE VIEW `{nba_predictions}.game_schedule_input` AS
WITH games AS (
  SELECT
    game_date, game_id,
    CONCAT(FORMAT_DATE('%Y%m%d', game_date), '_', away_team_tricode, '_', home_team_tricode) AS own_id,
    IF(
      DATETIME(game_date_est) = DATETIME_TRUNC(DATETIME(game_date_est), DAY), NULL,
      TIMESTAMP(DATETIME(game_date_est), 'America/New_York')
    ) AS game_start,
    NULLIF(LOWER(TRIM(game_status_text)), '') AS game_status
  FROM `{input_project}.nba_raw.nbac_schedule`
  WHERE game_date >= '1946-01-01'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, game_id ORDER BY processed_at DESC) = 1
)
SELECT game_date, game_id, game_start, game_status
FROM games
UNION ALL
SELECT game_date, own_id, game_start, game_status
FROM games
