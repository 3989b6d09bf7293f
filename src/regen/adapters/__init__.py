"""Implementations of the ports: Firestore, Pub/Sub, BigQuery, a chat's webhook, and all ports in memory."""
