"""The local warehouse: a client for it, and its tables."""

from __future__ import annotations

from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery

from regen.adapters.bigquery.tables import create_tables


def emulator_client(url: str, project: str) -> bigquery.Client:
    """A client for the emulator at `url`."""
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
    # The emulator is on loopback: HTTP_PROXY and .netrc are for other addresses.
    session.trust_env = False
    return bigquery.Client(project, credentials, _http=session, client_options=ClientOptions(api_endpoint=url))


def create_tables_at(url: str, project: str, prefix: str) -> None:
    """Create datasets, tables, views and functions that are not there yet."""
    client = emulator_client(url, project)
    try:
        create_tables(client, project, prefix)
    finally:
        client.close()  # type: ignore[no-untyped-call]
