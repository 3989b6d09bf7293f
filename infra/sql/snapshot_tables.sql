-- Takes a snapshot of every table that cannot be made again, all as of one moment, so that a restore of them agrees in itself:
-- a promotion changes several in one transaction. A snapshot's name ends with its moment, and it expires by itself.
DECLARE moment TIMESTAMP DEFAULT TIMESTAMP_TRUNC(CURRENT_TIMESTAMP(), MINUTE);

FOR backed IN (
  SELECT dataset, name
  FROM UNNEST(ARRAY<STRUCT<dataset STRING, name STRING>>[{snapshot_tables}])
)
DO
  -- Names and the moment of a clone are no parameters in BigQuery: the statement is put together. Its parts are from this file.
  EXECUTE IMMEDIATE FORMAT(
    """
      CREATE SNAPSHOT TABLE IF NOT EXISTS `{backups}.%s_%s` CLONE `{project}.%s.%s`
      FOR SYSTEM_TIME AS OF TIMESTAMP '%t'
      OPTIONS (expiration_timestamp = TIMESTAMP '%t')
    """,
    backed.name,
    FORMAT_TIMESTAMP('%Y%m%d_%H%M', moment),
    backed.dataset,
    backed.name,
    moment,
    TIMESTAMP_ADD(moment, INTERVAL {snapshot_days} DAY)
  );
END FOR;
