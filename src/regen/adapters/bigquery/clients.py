"""The BigQuery client: with the platform's credentials, or without credentials for an emulator."""

from __future__ import annotations

import os

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery


def bigquery_client(project: str, location: str | None = None) -> bigquery.Client:
    """A client, of the emulator if `BIGQUERY_EMULATOR_HOST` is set (Google's client reads that variable)."""
    anonymous = AnonymousCredentials() if os.environ.get("BIGQUERY_EMULATOR_HOST") else None  # type: ignore[no-untyped-call]
    return bigquery.Client(project=project, location=location, credentials=anonymous)
