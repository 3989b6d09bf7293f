-- The state of a game ($1): what regen has written of it, or else what upstream's word means (`regen.domain.bdb.MEANS`).
CASE
  WHEN $1.regen_status IS NOT NULL THEN $1.regen_status
  WHEN $1.status IN ('reran', 'blocked', 'completed_bdb') THEN 'bdb_available'
  WHEN $1.status IN ('failed_max_retries', 'failed_no_bdb_data') THEN 'expired'
  ELSE $1.status
END AS state
