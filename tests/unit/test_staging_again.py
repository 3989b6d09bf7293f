"""A round stages again after a redelivery: its table exists already, which BigQuery answers with 409."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
import requests
from google.api_core import exceptions as google_exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from regen.adapters.bigquery.jobs import POLLING
from regen.adapters.bigquery.warehouse import BigQueryWarehouse

google: Any = google_exceptions
#: https://cloud.google.com/bigquery/docs/error-messages#errortable: "duplicate".
DUPLICATE = {
    "error": {
        "code": 409,
        "message": "Already Exists: Table p:nba_predictions_staging.s_1",
        "errors": [{"reason": "duplicate", "domain": "global", "message": "Already Exists: Table p:d.s_1"}],
        "status": "ALREADY_EXISTS",
    }
}
TABLE = {
    "tableReference": {"projectId": "my-project", "datasetId": "nba_predictions_staging", "tableId": "s_1"},
    "creationTime": "1769000000000",
}


class Wire(requests.Session):
    """BigQuery for a table that exists: to make it is refused, to read it is not."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.is_mtls = False  # as google.auth's session has it

    def request(self, method: str, url: str, **_: Any) -> requests.Response:  # type: ignore[override]
        self.asked.append(method)
        answer = requests.Response()
        answer.status_code, said = (409, DUPLICATE) if method == "POST" else (200, TABLE)
        answer._content = json.dumps(said).encode()
        answer.headers["Content-Type"] = "application/json"
        answer.url, answer.request = url, requests.Request(method, url).prepare()
        return answer


def test_a_staging_table_that_exists_is_used_without_a_pause() -> None:
    wire = Wire()
    client = bigquery.Client(project="my-project", credentials=AnonymousCredentials(), _http=wire)  # type: ignore[no-untyped-call]
    made = BigQueryWarehouse(client, "my-project")._create_staging("my-project.nba_predictions_staging.s_1")
    assert made == datetime.fromisoformat("2026-01-21T12:53:20+00:00")
    assert wire.asked == ["POST", "GET"]


@pytest.mark.parametrize("reason", ["duplicate", "", "backendError"])
def test_no_call_is_repeated_after_a_conflict(reason: str) -> None:
    error = google.Conflict("Already Exists: Table p:d.t", errors=[{"reason": reason}] if reason else [])
    assert not POLLING._predicate(error)
