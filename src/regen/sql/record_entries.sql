-- Audit entries that are not there yet. MERGE, because two of them at once conflict, where two INSERTs would both write.
MERGE {prediction_regeneration_audit} AS written
USING (SELECT {entry_columns} FROM UNNEST(@entries) AS given) AS entry
ON written.event_id = entry.event_id AND written.regeneration_timestamp >= @since
WHEN NOT MATCHED THEN
  INSERT ({audit_columns}, created_at)
  VALUES ({audit_values}, CURRENT_TIMESTAMP())
