"""Queries over BigQuery's REST interface, for processes that a person waits for.

The official client takes most of a second to import; to ask and to read takes its credentials and its HTTP session alone
(docs/decisions/0024-reading-without-the-client.md). What writes goes through the client.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import requests
from google.auth.exceptions import GoogleAuthError
from msgspec import Struct

from regen.adapters.bigquery.refusals import LASTING, SERVICE, refused, silent
from regen.adapters.bigquery.wire import Record, moment, parameter, rows
from regen.domain.errors import RegenError, Unavailable
from regen.domain.promotion import StagingTable

API = "https://bigquery.googleapis.com"
SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
#: Seconds in which BigQuery has to take a call, repeats included.
CALL_SECONDS = 15.0
#: Milliseconds after which BigQuery answers that a query still runs.
ANSWER_MS = 10_000
#: Seconds for which a query is waited for.
QUERY_SECONDS = 120.0
PAUSE = 0.5
_REFUSED = 400


class Queries(Struct, frozen=True):
    """The queries of one project.

    Attributes:
        session: sends each request with the caller's token.
        api: address of BigQuery, or of an emulator.
        maximum_bytes_billed: of one query; BigQuery refuses one that would bill more.
        call_seconds: in which a call has to be taken, repeats included.
    """

    session: requests.Session
    project: str
    maximum_bytes_billed: int
    api: str = API
    call_seconds: float = CALL_SECONDS
    sleep: Callable[[float], None] = time.sleep

    def rows(self, statement: str, values: Mapping[str, object]) -> list[Record]:
        """The rows of a statement.

        Raises:
            RegenError: BigQuery says no, or nothing.
        """
        until = time.monotonic() + QUERY_SECONDS
        answer = self._asked(statement, values)
        found: list[Record] = []
        while True:
            if answer.get("jobComplete"):
                found += rows(answer.get("schema", {}).get("fields", ()), answer.get("rows", ()))
                if not answer.get("pageToken"):
                    return found
            elif time.monotonic() > until:
                raise Unavailable(f"BigQuery has no result after {QUERY_SECONDS:g} s").of(SERVICE)
            answer = self._following(answer)

    def columns_of(self, name: str) -> list[str]:
        """The names of a table's columns.

        Raises:
            RegenError: BigQuery says no, or nothing.
        """
        dataset, table = name.split(".")[-2:]  # a project's own name may have dots: `example.com:props`
        answer = self._call("GET", f"datasets/{dataset}/tables/{table}")
        return [field["name"] for field in answer.get("schema", {}).get("fields", ())]

    def staging_tables(self, dataset: str) -> list[StagingTable]:
        """The tables of the dataset of staging.

        Raises:
            RegenError: BigQuery says no, or nothing.
        """
        found: list[StagingTable] = []
        page: str | None = None
        while True:
            answer = self._call("GET", f"datasets/{dataset.rpartition('.')[2]}/tables", params={"pageToken": page})
            found += map(_table, answer.get("tables", ()))
            if not (page := answer.get("nextPageToken")):
                return found

    def _asked(self, statement: str, values: Mapping[str, object]) -> Record:
        body = {
            "query": statement,
            "useLegacySql": False,
            "parameterMode": "NAMED",
            "queryParameters": [parameter(name, value) for name, value in values.items()],
            "maximumBytesBilled": str(self.maximum_bytes_billed),
            "formatOptions": {"useInt64Timestamp": True},
            "timeoutMs": ANSWER_MS,
            "requestId": uuid.uuid4().hex,  # a repeated call finds the first one's query
        }
        return self._call("POST", "queries", json=body)

    def _following(self, answer: Record) -> Record:
        """The next page, or the first one of a query that still runs."""
        reference = answer["jobReference"]
        asked = {
            "location": reference.get("location"),
            "pageToken": answer.get("pageToken"),
            "timeoutMs": ANSWER_MS,
            "formatOptions.useInt64Timestamp": "true",
        }
        return self._call("GET", f"queries/{reference['jobId']}", params=asked)

    def _call(self, method: str, path: str, **request: Any) -> Record:  # noqa: ANN401
        """One answer; the call is repeated while that can help and there is time."""
        until = time.monotonic() + self.call_seconds
        while True:
            try:
                return self._once(method, path, **request)
            except Unavailable as error:
                if isinstance(error, LASTING) or time.monotonic() + PAUSE > until:
                    raise
            self.sleep(PAUSE)

    def _once(self, method: str, path: str, **request: Any) -> Record:  # noqa: ANN401
        where = f"{self.api.rstrip('/')}/bigquery/v2/projects/{self.project}/{path}"
        try:
            answer = self.session.request(method, where, timeout=self.call_seconds, **request)
        except (GoogleAuthError, requests.RequestException, OSError) as error:
            raise silent(error, str(error)) from error
        content = _object(answer)
        if answer.status_code >= _REFUSED:
            raise _refusal(answer, content)
        if not content:
            raise Unavailable(f"what answers at {self.api} is not BigQuery").of(SERVICE)
        return content


def default_session() -> requests.Session:
    """Requests with the machine's own credentials.

    Raises:
        google.auth.exceptions.DefaultCredentialsError: it has none.
    """
    import google.auth  # noqa: PLC0415 - an emulator wants no credentials, and these take half the time of the client
    from google.auth.transport.requests import AuthorizedSession  # noqa: PLC0415

    credentials, _ = google.auth.default(scopes=SCOPES)
    return AuthorizedSession(credentials)  # type: ignore[no-untyped-call]


def emulator_session() -> requests.Session:
    """Requests to an emulator. It is on loopback: HTTP_PROXY and .netrc are for other addresses."""
    session = requests.Session()
    session.trust_env = False
    return session


def _table(found: Record) -> StagingTable:
    expires = found.get("expirationTime")
    name, created = found["tableReference"]["tableId"], moment(1000 * int(found["creationTime"]))
    return StagingTable(name, created, moment(1000 * int(expires)) if expires else None)


def _object(answer: requests.Response) -> Record:
    """The answer's JSON object; an empty one if it is none."""
    try:
        content = answer.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _refusal(answer: requests.Response, content: Record) -> RegenError:
    error = content.get("error")
    error = error if isinstance(error, dict) else {}
    items = [*(error.get("errors") or ()), *(error.get("details") or ())]
    reasons = [str(one["reason"]) for one in items if isinstance(one, dict) and one.get("reason")]
    text = error.get("message") or answer.text.strip().split("\n", 1)[0][:200] or f"HTTP {answer.status_code}"
    return refused(answer.status_code, str(text), reasons)
