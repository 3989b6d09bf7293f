"""What callers see of batches and backfills."""
