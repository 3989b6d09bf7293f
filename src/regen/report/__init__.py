"""A report to look at: one self-contained page about a batch or a backfill."""
