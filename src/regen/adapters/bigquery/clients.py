"""The BigQuery client: with the platform's credentials, or without credentials for an emulator."""

from __future__ import annotations

import os

from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery


def bigquery_client(project: str, location: str | None = None) -> bigquery.Client:
    """A client, of the emulator if `BIGQUERY_EMULATOR_HOST` is set (Google's client reads that variable)."""
    anonymous = AnonymousCredentials() if os.environ.get("BIGQUERY_EMULATOR_HOST") else None  # type: ignore[no-untyped-call]
    return bigquery.Client(project=project, location=location, credentials=anonymous)


def emulator_client(url: str, project: str) -> bigquery.Client:
    """A client for the emulator at `url`."""
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
    # The emulator is on loopback: HTTP_PROXY and .netrc are for other addresses.
    session.trust_env = False
    return bigquery.Client(project, credentials, _http=session, client_options=ClientOptions(api_endpoint=url))
