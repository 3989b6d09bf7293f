"""The local warehouse: a client for it, and its tables."""

from __future__ import annotations

from regen.adapters.bigquery.clients import emulator_client
from regen.adapters.bigquery.tables import create_tables


def create_tables_at(url: str, project: str, prefix: str) -> None:
    """Create datasets, tables, views and functions that are not there yet."""
    client = emulator_client(url, project)
    try:
        create_tables(client, project, prefix)
    finally:
        client.close()  # type: ignore[no-untyped-call]
