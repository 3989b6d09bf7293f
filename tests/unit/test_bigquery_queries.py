"""Queries over the REST interface: the pages, the waiting, the values and the errors are those of the official client."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
import requests
from google.auth.exceptions import TransportError
from google.cloud import bigquery
from google.cloud.bigquery.table import RowIterator

from regen.adapters.bigquery import queries as module
from regen.adapters.bigquery.params import scalars
from regen.adapters.bigquery.queries import Queries
from regen.adapters.bigquery.refusals import BrokenStatement, documented
from regen.adapters.bigquery.wire import parameter, rows
from regen.domain import errors as ours
from regen.domain.errors import AccessDenied, RegenError, TableMissing, Unavailable
from regen.domain.promotion import StagingTable
from support.rest import Answer, Answers

TOKEN: Any = TransportError("later")  # type: ignore[no-untyped-call]
PAGES = "https://bigquery.googleapis.com/bigquery/v2/projects/p"
FIELDS: list[dict[str, Any]] = [
    {"name": "text", "type": "STRING"},
    {"name": "n", "type": "INTEGER"},
    {"name": "x", "type": "FLOAT"},
    {"name": "exact", "type": "NUMERIC"},
    {"name": "flag", "type": "BOOLEAN"},
    {"name": "day", "type": "DATE"},
    {"name": "at", "type": "TIMESTAMP"},
    {"name": "content", "type": "JSON"},
    {"name": "names", "type": "STRING", "mode": "REPEATED"},
    {
        "name": "parts",
        "type": "RECORD",
        "mode": "REPEATED",
        "fields": [{"name": "a", "type": "INTEGER"}, {"name": "b", "type": "TIMESTAMP"}],
    },
    {"name": "part", "type": "RECORD", "fields": [{"name": "a", "type": "FLOAT"}]},
]
FULL = [
    "a", "-3", "1.5e-3", "79.50", "true", "2026-01-20", "1768910400123456", '{"a": [1, null]}', [{"v": "b"}],
    [{"v": {"f": [{"v": "1"}, {"v": "0"}]}}, {"v": {"f": [{"v": None}, {"v": None}]}}], {"f": [{"v": "NaN"}]},
]  # fmt: skip
EMPTY: list[Any] = [None, None, "-Infinity", None, "false", None, "-1", "null", [], [], None]


def page(*found: list[Any], **more: Any) -> dict[str, Any]:
    cells = [{"f": [{"v": value} for value in row]} for row in found]
    return {"jobComplete": True, "schema": {"fields": FIELDS}, "rows": cells, **more}


def short(text: str, **more: Any) -> dict[str, Any]:
    return {"jobComplete": True, "schema": {"fields": FIELDS[:1]}, "rows": [{"f": [{"v": text}]}], **more}


def asking(*answers: Answer) -> tuple[Queries, Answers]:
    found = Answers(*answers)
    return Queries(found.session, "p", 1000, sleep=lambda _: None), found


def test_values_are_those_of_the_official_client() -> None:
    content = page(FULL, EMPTY)
    schema = [bigquery.SchemaField.from_api_repr(field) for field in FIELDS]
    official = RowIterator(None, None, None, schema, first_page_response=content)
    assert repr(rows(FIELDS, content["rows"])) == repr([dict(row.items()) for row in official])


def test_a_column_of_another_type_is_refused() -> None:
    with pytest.raises(BrokenStatement, match=r"^column g: GEOGRAPHY is not read here$"):
        rows([{"name": "g", "type": "GEOGRAPHY"}], [])


@pytest.mark.parametrize(
    "value",
    [
        "text", "", None, True, False, 0, -7, date(2026, 1, 20), datetime(2026, 1, 20, 12, tzinfo=UTC),
        datetime(2026, 1, 20, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=-5))),
    ],
    ids=str,
)  # fmt: skip
def test_parameters_are_those_of_the_official_client(value: object) -> None:
    (official,) = scalars({"name": value})
    assert parameter("name", value) == official.to_api_repr()


def test_every_page_is_read() -> None:
    job = {"jobId": "j", "location": "EU"}
    made, answers = asking(
        short("a", pageToken="t", jobReference=job), short("b", pageToken="u", jobReference=job), short("c")
    )
    assert [row["text"] for row in made.rows("SELECT 1", {"n": 1})] == ["a", "b", "c"]
    methods = [(method, url, query.get("pageToken")) for method, url, query in answers.asked]
    assert methods == [
        ("POST", f"{PAGES}/queries", None), ("GET", f"{PAGES}/queries/j", "t"), ("GET", f"{PAGES}/queries/j", "u"),
    ]  # fmt: skip
    assert all(query["location"] == "EU" for _, _, query in answers.asked[1:])
    (body,) = answers.bodies
    assert (body["query"], body["parameterMode"], body["useLegacySql"]) == ("SELECT 1", "NAMED", False)


def test_a_query_that_runs_on_is_waited_for() -> None:
    still = {"jobComplete": False, "jobReference": {"jobId": "j", "location": "US"}}
    made, answers = asking(still, still, short("a"))
    assert made.rows("SELECT 1", {}) == [{"text": "a"}]
    assert len(answers.asked) == 3


def test_a_query_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUERY_SECONDS", -1.0)
    made, _ = asking({"jobComplete": False, "jobReference": {"jobId": "j"}})
    with pytest.raises(Unavailable, match="no result"):
        made.rows("SELECT 1", {})


def test_a_statement_without_rows_has_none() -> None:
    made, _ = asking({"jobComplete": True})
    assert made.rows("SELECT 1", {}) == []


def refusal(status: int, reason: str, message: str = "words") -> tuple[int, dict[str, Any]]:
    return status, {"error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}}


@pytest.mark.parametrize("row", documented()["reasons"], ids=lambda row: row["reason"])
def test_each_documented_reason_is_sorted_as_listed(row: dict[str, Any]) -> None:
    kind: type[RegenError] = getattr(ours, row["error"])
    for status in row["http"]:
        if status >= 400:
            found = Answers(refusal(status, row["reason"]))
            with pytest.raises(RegenError) as raised:
                Queries(found.session, "p", 1, call_seconds=0).rows("SELECT 1", {})
            assert type(raised.value) is kind


@pytest.mark.parametrize(
    "first",
    [refusal(503, "backendError"), (502, "<html>"), requests.ConnectionError("reset"), TOKEN],
    ids=["busy", "proxy", "broken", "token"],
)  # fmt: skip
def test_what_may_pass_is_asked_again_as_the_same_query(first: Answer) -> None:
    made, answers = asking(first, short("a"))
    assert made.rows("SELECT 1", {}) == [{"text": "a"}]
    assert answers.bodies[0] == answers.bodies[1]


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        (refusal(403, "accessDenied"), AccessDenied),
        (refusal(404, "notFound", "Not found: Table p:d.t"), TableMissing),
        (refusal(400, "invalidQuery"), RegenError),
    ],
)
def test_what_stays_is_asked_once(first: Answer, kind: type[RegenError]) -> None:
    made, answers = asking(first)
    with pytest.raises(kind):
        made.rows("SELECT 1", {})
    assert len(answers.asked) == 1


def test_what_is_not_bigquery_is_named() -> None:
    found = Answers((200, "<html>hello</html>"))
    with pytest.raises(Unavailable, match=r"^what answers at http://127\.0\.0\.1:9 is not BigQuery$"):
        Queries(found.session, "p", 1, "http://127.0.0.1:9", call_seconds=0).rows("SELECT 1", {})


def test_staging_tables_are_listed_page_by_page() -> None:
    def listed(name: str, **times: str) -> dict[str, Any]:
        return {"tableReference": {"tableId": name}, "creationTime": "1768910400000", **times}

    made, answers = asking(
        {"tables": [listed("a", expirationTime="1768914000000")], "nextPageToken": "t"},
        {"tables": [listed("b")]},
    )
    at = datetime(2026, 1, 20, 12, tzinfo=UTC)
    assert made.staging_tables("p.staging") == [
        StagingTable("a", at, at + timedelta(hours=1)),
        StagingTable("b", at, None),
    ]
    assert [(url, query["pageToken"]) for _, url, query in answers.asked] == [
        (f"{PAGES}/datasets/staging/tables", None), (f"{PAGES}/datasets/staging/tables", "t"),
    ]  # fmt: skip


def test_an_empty_dataset_has_no_tables() -> None:
    made, _ = asking({"kind": "bigquery#tableList", "totalItems": 0})
    assert made.staging_tables("p.staging") == []


def test_columns_are_those_of_the_table() -> None:
    made, answers = asking({"schema": {"fields": FIELDS[:2]}})
    assert made.columns_of("p.d.t") == ["text", "n"]
    assert answers.asked[0][1] == f"{PAGES}/datasets/d/tables/t"


def test_an_emulator_is_asked_past_the_proxy() -> None:
    session = module.emulator_session()
    assert not session.trust_env
