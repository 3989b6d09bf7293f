"""The warehouse in BigQuery. Nothing is imported here: what reads tables for a terminal needs no official client."""
