"""Backfills: a range of dates, one batch each."""
