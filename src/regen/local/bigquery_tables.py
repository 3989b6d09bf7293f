"""The local stack's tables."""

from regen.adapters.bigquery.tables import create_tables

__all__ = ["create_tables"]
