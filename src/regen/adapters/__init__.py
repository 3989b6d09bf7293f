"""The outside: Firestore, Pub/Sub, BigQuery, a chat's webhook, and the same ports in memory."""
