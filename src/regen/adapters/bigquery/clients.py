"""The client: with the platform's credentials, or with none for an emulator."""

from __future__ import annotations

import os

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery


def bigquery_client(project: str, location: str | None = None) -> bigquery.Client:
    """A client; to the emulator if `BIGQUERY_EMULATOR_HOST` names one (the client finds it there by itself)."""
    anonymous = AnonymousCredentials() if os.environ.get("BIGQUERY_EMULATOR_HOST") else None  # type: ignore[no-untyped-call]
    return bigquery.Client(project=project, location=location, credentials=anonymous)
