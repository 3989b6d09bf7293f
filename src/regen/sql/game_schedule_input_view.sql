-- Start and status of each game: what the slate, the watch for news, sources and training read.
-- This is the default, made of the slate's newest rows: what those of most of a game's players say. A deployment may have another query
-- with the same columns (docs/data.md). The start is `game_start`, or the text `game_start_time_local` with its zone. Upstream's
-- table lacks some of these columns, and a view cannot be tried again without them: read from the row as JSON, they are null.
CREATE OR REPLACE VIEW `{nba_predictions}.game_schedule_input` AS
WITH newest AS (
  SELECT
    game_date, game_id,
    SAFE_CAST(JSON_VALUE(stated, '$.game_start') AS TIMESTAMP) AS game_start,
    UPPER(TRIM(JSON_VALUE(stated, '$.game_start_time_local'))) AS local_start,
    NULLIF(LOWER(TRIM(JSON_VALUE(stated, '$.game_status'))), '') AS game_status
  FROM (
    SELECT game_date, game_id, player_lookup, created_at, TO_JSON_STRING(context) AS stated
    FROM {upcoming_player_game_context} AS context
    WHERE game_date >= '1946-01-01'
  )
  WHERE TRUE  -- BigQuery wants one beside QUALIFY
  QUALIFY ROW_NUMBER() OVER (PARTITION BY game_date, player_lookup ORDER BY created_at DESC, game_id) = 1
),
texts AS (
  -- A game's players say the same, all but a few: a text is read once, and counts as often as it is said.
  SELECT game_date, game_id, game_start, local_start, game_status, COUNT(*) AS players
  FROM newest
  GROUP BY game_date, game_id, game_start, local_start, game_status
),
clocks AS (
  -- '7:30 PM ET', '07:30 pm EST', '7:30p ET', '19:30 PT', '7 PM (ET)', '19:30 America/Chicago', '00:30Z'.
  SELECT
    *,
    SAFE_CAST(REGEXP_EXTRACT(local_start, r'^([0-9][0-9]?)[^0-9]') AS INT64) AS hour,
    IFNULL(SAFE_CAST(REGEXP_EXTRACT(local_start, r'^[0-9][0-9]?:([0-9][0-9])') AS INT64), 0) AS minute,
    REGEXP_EXTRACT(local_start, r'^[0-9:]+ *([AP])[.]?M?[.]?(?: |$|[(])') AS half,
    REGEXP_EXTRACT(local_start, r'([A-Z]+/[A-Z_/]+|[A-Z]+)[)]?$') AS zone
  FROM texts
),
zoned AS (
  -- ET is what New York's clocks say; EST is five hours behind UTC in summer, too: daylight saving time has a name of its own.
  SELECT
    * EXCEPT (hour, minute, half, zone),
    DATETIME_ADD(
      DATETIME(game_date),
      INTERVAL IF(
        minute > 59, NULL,
        minute + 60 * CASE
          WHEN half IS NOT NULL AND hour BETWEEN 1 AND 12 THEN MOD(hour, 12) + IF(half = 'P', 12, 0)
          WHEN half IS NULL AND hour BETWEEN 0 AND 23 THEN hour
        END
      ) MINUTE
    ) AS clock,
    CASE
      WHEN zone IN ('EASTERN', 'AMERICA/NEW_YORK', 'AMERICA/TORONTO', 'AMERICA/DETROIT') THEN 'ET'
      WHEN zone IN ('CENTRAL', 'AMERICA/CHICAGO') THEN 'CT'
      WHEN zone IN ('MOUNTAIN', 'AMERICA/DENVER') THEN 'MT'
      WHEN zone IN ('PACIFIC', 'AMERICA/LOS_ANGELES') THEN 'PT'
      ELSE zone
    END AS zone,
    CASE
      WHEN zone = 'EDT' THEN 4
      WHEN zone IN ('EST', 'CDT') THEN 5
      WHEN zone IN ('CST', 'MDT', 'AMERICA/MEXICO_CITY') THEN 6
      WHEN zone IN ('MST', 'PDT', 'AMERICA/PHOENIX') THEN 7
      WHEN zone = 'PST' THEN 8
      -- Until noon UTC it is the evening before in the league's cities.
      WHEN zone IN ('UTC', 'GMT', 'Z') THEN IF(hour < 12, 24, 0)
    END AS behind
  FROM clocks
),
dated AS (
  -- A text with its own date and zone is taken as it is.
  SELECT
    game_date, game_id, game_status, players,
    COALESCE(
      game_start,
      IF(
        REGEXP_CONTAINS(local_start, r'^[0-9]+-[0-9]+-[0-9]+[T ][0-9:.]+ *(?:Z|[+-][0-9][0-9]:?[0-9]*)$'),
        SAFE_CAST(local_start AS TIMESTAMP), NULL
      ),
      CASE zone
        WHEN 'ET' THEN TIMESTAMP(clock, 'America/New_York')
        WHEN 'CT' THEN TIMESTAMP(clock, 'America/Chicago')
        WHEN 'MT' THEN TIMESTAMP(clock, 'America/Denver')
        WHEN 'PT' THEN TIMESTAMP(clock, 'America/Los_Angeles')
        ELSE TIMESTAMP_ADD(TIMESTAMP(clock, 'UTC'), INTERVAL behind HOUR)
      END
    ) AS game_start
  FROM zoned
),
counted AS (
  SELECT
    game_date, game_id, game_start, game_status,
    IF(game_start IS NULL, 0, SUM(players) OVER (PARTITION BY game_date, game_id, game_start)) AS starts,
    SUM(players) OVER (PARTITION BY game_date, game_id, game_status) AS statuses
  FROM dated
),
ranked AS (
  SELECT
    *,
    MAX(starts) OVER (PARTITION BY game_date, game_id) AS most_starts,
    MAX(statuses) OVER (PARTITION BY game_date, game_id) AS most_statuses
  FROM counted
)
SELECT
  game_date, game_id,
  MIN(IF(starts = most_starts, game_start, NULL)) AS game_start,
  MIN(IF(statuses = most_statuses, game_status, NULL)) AS game_status
FROM ranked
GROUP BY game_date, game_id
