-- Invariants of single predictions and of generations: for each, the number of items examined, and those that violate it.
-- Rows that the predecessor made or superseded are checked only against the invariants of all rows: it says neither which
-- batch has superseded a row nor that the row is inactive. Our own row that it has predicted over has a row of its after it.
WITH predictions AS (
  SELECT
    prediction_id, game_date, game_id, player_lookup, system_id, current_points_line AS line, predicted_points,
    confidence_score, over_probability, recommendation, is_active, batch_id, created_at, superseded_at,
    superseded_reason, superseded_by_batch_id, superseded_by_prediction_id, supersedes_prediction_id,
    restored_from_prediction_id,
    superseded IS NULL OR superseded = FALSE AS is_current,
    IFNULL(superseded_reason, '') IN ('out', 'postponed', 'not_on_slate', 'system_retired', 'rollback')
    AND superseded_by_prediction_id IS NULL AS is_withdrawn,
    batch_id IS NOT NULL AS is_ours
  FROM {player_prop_predictions}
  WHERE game_date BETWEEN @first AND @last
),
-- One row for each id. Where an id stands twice, the least of each column speaks for both: `unique_ids` counts them.
ids AS (
  SELECT
    game_date, prediction_id, COUNT(*) AS same_id, MIN(player_lookup) AS player_lookup, MIN(system_id) AS system_id,
    MIN(line) AS line, MIN(predicted_points) AS predicted_points, MIN(created_at) AS created_at,
    MIN(superseded_at) AS superseded_at, MIN(supersedes_prediction_id) AS supersedes_prediction_id,
    MIN(superseded_by_batch_id) AS superseded_by_batch_id, LOGICAL_AND(is_current) AS is_current
  FROM predictions
  GROUP BY game_date, prediction_id
),
keys AS (
  SELECT game_date, game_id, player_lookup, system_id, IFNULL(line, -1) AS line_or_none, COUNT(*) AS same_key
  FROM predictions
  WHERE is_current
  GROUP BY game_date, game_id, player_lookup, system_id, line_or_none
),
generations AS (
  SELECT
    game_date, player_lookup, system_id,
    MIN(IF(is_current, IFNULL(batch_id, ''), NULL)) AS one,
    MAX(IF(is_current, IFNULL(batch_id, ''), NULL)) AS other
  FROM predictions
  GROUP BY game_date, player_lookup, system_id
),
predecessors AS (
  SELECT game_date, player_lookup, MAX(created_at) AS newest_at
  FROM predictions
  WHERE NOT is_ours
  GROUP BY game_date, player_lookup
),
grouped AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY game_date, player_lookup, system_id
      ORDER BY is_current DESC, IFNULL(superseded_at, created_at) DESC, prediction_id
    ) AS newest
  FROM predictions
),
judged AS (
  SELECT
    p.*, own.same_id, keys.same_key, generations.one, generations.other,
    NOT p.is_current AND p.superseded_by_batch_id IS NULL AND p.superseded_by_prediction_id IS NULL
    AND IFNULL(predecessors.newest_at >= p.superseded_at, FALSE) AS is_predicted_over,
    CONCAT(
      CAST(p.game_date AS STRING), ' ', p.player_lookup, '/', p.system_id, '/',
      IFNULL(CAST(p.line AS STRING), 'no line'), ' ', p.prediction_id
    ) AS subject,
    next.prediction_id IS NOT NULL AND next.player_lookup = p.player_lookup AND next.system_id = p.system_id
    AND next.created_at = p.superseded_at AND next.supersedes_prediction_id IS NOT NULL AS next_fits,
    old.prediction_id IS NOT NULL AND old.player_lookup = p.player_lookup AND old.system_id = p.system_id
    AND old.superseded_at = p.created_at AND old.superseded_by_batch_id IS NOT NULL AS old_fits,
    source.prediction_id IS NOT NULL AND source.player_lookup = p.player_lookup AND source.system_id = p.system_id
    AND source.predicted_points = p.predicted_points AND NOT source.is_current
    AND (source.line = p.line OR (source.line IS NULL AND p.line IS NULL)) AS source_fits
  FROM grouped AS p
  LEFT JOIN ids AS own ON own.game_date = p.game_date AND own.prediction_id = p.prediction_id
  LEFT JOIN keys
    ON keys.game_date = p.game_date AND keys.game_id = p.game_id AND keys.player_lookup = p.player_lookup
    AND keys.system_id = p.system_id AND keys.line_or_none = IFNULL(p.line, -1)
  LEFT JOIN generations
    ON generations.game_date = p.game_date AND generations.player_lookup = p.player_lookup
    AND generations.system_id = p.system_id
  LEFT JOIN predecessors ON predecessors.game_date = p.game_date AND predecessors.player_lookup = p.player_lookup
  LEFT JOIN ids AS next ON next.game_date = p.game_date AND next.prediction_id = p.superseded_by_prediction_id
  LEFT JOIN ids AS old ON old.game_date = p.game_date AND old.prediction_id = p.supersedes_prediction_id
  LEFT JOIN ids AS source ON source.game_date = p.game_date AND source.prediction_id = p.restored_from_prediction_id
),
-- For each row and invariant: whether it holds; NULL if it does not apply.
looked AS (
  SELECT
    subject,
    IF(is_current, IFNULL(one = other, FALSE), NULL) AS one_generation,
    IF(is_current, same_key = 1, NULL) AS unique_keys,
    IF(is_ours, same_id = 1, NULL) AS unique_ids,
    IF(
      (is_ours OR superseded_by_batch_id IS NOT NULL) AND NOT is_predicted_over,
      IFNULL(is_active = is_current, FALSE), NULL
    ) AS active_agrees,
    IF(
      is_current,
      superseded_at IS NULL AND superseded_reason IS NULL AND superseded_by_batch_id IS NULL
      AND superseded_by_prediction_id IS NULL, NULL
    ) AS current_untouched,
    IF(
      NOT is_current AND NOT is_predicted_over
      AND (is_ours OR superseded_by_batch_id IS NOT NULL OR superseded_by_prediction_id IS NOT NULL),
      IFNULL(
        superseded_at >= created_at AND superseded_reason IS NOT NULL AND superseded_by_batch_id IS NOT NULL, FALSE
      ),
      NULL
    ) AS superseded_told,
    IF(
      NOT is_current AND superseded_by_batch_id IS NOT NULL,
      is_withdrawn OR superseded_by_prediction_id IS NOT NULL, NULL
    ) AS replaced_or_withdrawn,
    IF(newest = 1, is_current OR is_withdrawn, NULL) AS nothing_lost,
    IF(superseded_by_prediction_id IS NOT NULL, IFNULL(next_fits, FALSE), NULL) AS links_forward,
    IF(supersedes_prediction_id IS NOT NULL, IFNULL(old_fits, FALSE), NULL) AS links_back,
    IF(restored_from_prediction_id IS NOT NULL, IFNULL(source_fits, FALSE), NULL) AS restored_links,
    IF(
      is_current AND is_ours,
      IFNULL(
        predicted_points BETWEEN 0 AND 100 AND confidence_score BETWEEN 0 AND 100
        AND IFNULL(over_probability, 0) BETWEEN 0 AND 1, FALSE
      ), NULL
    ) AS values_sane,
    IF(
      is_current AND is_ours,
      IFNULL(CASE recommendation
        WHEN 'OVER' THEN predicted_points > line
        WHEN 'UNDER' THEN predicted_points < line
        WHEN 'PASS' THEN line IS NOT NULL
        WHEN 'NO_LINE' THEN line IS NULL
      END, FALSE), NULL
    ) AS direction_agrees
  FROM judged
)
SELECT
  invariant,
  COUNT(*) AS checked,
  COUNTIF(NOT holds) AS violations,
  STRING_AGG(IF(holds, NULL, subject), '\n' LIMIT 20) AS examples
FROM looked
UNPIVOT (holds FOR invariant IN (
  one_generation, unique_keys, unique_ids, active_agrees, current_untouched, superseded_told, replaced_or_withdrawn,
  nothing_lost, links_forward, links_back, restored_links, values_sane, direction_agrees
))
GROUP BY invariant
