"""Every documented reason and text is sorted as the table says, whichever way BigQuery brings it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from google.api_core import exceptions as google_exceptions

from regen.adapters.bigquery.errors import last_word, sorted_error
from regen.adapters.bigquery.refusals import BYTES_HINT, BrokenStatement, documented
from regen.domain import errors as ours
from regen.domain.errors import RegenError, StatementRefused, Unavailable

google: Any = google_exceptions
REASONS = documented()["reasons"]
TEXTS = documented()["texts"]
#: What only waiting mends, as BigQuery words it.
WAITING = (
    "Resources exceeded during query execution: Too many DML statements outstanding against table p:d.t, limit is 20.",
    "DML statement has been queued for too long",
    "Resources exceeded during query execution: Not enough resources for query planning",
    "Transaction is aborted due to concurrent update against table p:d.t. Transaction ID: 1",
    "Could not serialize access to table p:d.t due to concurrent update",
    "Exceeded rate limits: too many table update operations for this table.",
    "Quota exceeded: Your project exceeded quota for total shuffle size limit.",
    "UPDATE or DELETE statement over table p.d.t would affect rows in the streaming buffer, which is not supported",
    "An internal error occurred and the request could not be completed. Retrying the job may solve the problem.",
)


def ended(reason: str, message: str, state: str = "DONE") -> Any:
    return SimpleNamespace(state=state, error_result={"reason": reason, "message": message})


def kind_of(name: str) -> type[RegenError]:
    kind: type[RegenError] = getattr(ours, name)
    return kind


@pytest.mark.parametrize("row", REASONS, ids=lambda row: row["reason"])
def test_each_documented_reason_is_classified_as_listed(row: dict[str, Any]) -> None:
    kind = kind_of(row["error"])
    for code in row["http"]:
        if code >= 400:
            answer = google.from_http_status(code, "words", errors=[{"reason": row["reason"]}])
            assert type(sorted_error(answer)) is kind
    word = last_word(ended(row["reason"], "words"))
    assert type(word) is kind
    assert issubclass(kind, Unavailable) is row["retry"]
    assert getattr(word, "final", False) is (kind is StatementRefused)


@pytest.mark.parametrize("row", TEXTS, ids=lambda row: row["words"])
def test_documented_text_takes_precedence_over_its_reason(row: dict[str, Any]) -> None:
    kind = kind_of(row["error"])
    message = f"Query error: {row['words'].capitalize()} at [1:1]"
    for reason in (row["reason"], "invalidQuery", "unheardOf"):
        assert type(last_word(ended(reason, message))) is kind
    assert type(sorted_error(google.BadRequest(message))) is kind
    assert issubclass(kind, Unavailable) is row["retry"]


def test_every_row_of_the_reasons_names_its_source_once() -> None:
    sources = documented()["sources"]
    assert {row["source"] for row in (*REASONS, *TEXTS)} == set(sources)
    assert all(url.startswith("https://") for name, url in sources.items() if name != "emulator")
    assert len({row["reason"] for row in REASONS}) == len(REASONS) >= 25
    assert all(row["words"] == row["words"].lower() for row in TEXTS)


@pytest.mark.parametrize("message", WAITING, ids=lambda text: text[:40])
@pytest.mark.parametrize("reason", ["invalidQuery", "resourcesExceeded", "invalid", "unheardOf"])
def test_errors_that_waiting_can_fix_are_transient(message: str, reason: str) -> None:
    assert isinstance(sorted_error(google.BadRequest(message, errors=[{"reason": reason}])), Unavailable)
    assert isinstance(last_word(ended(reason, message)), Unavailable)


def test_only_a_finished_job_makes_a_refusal_final() -> None:
    answer = sorted_error(google.BadRequest("x", errors=[{"reason": "invalidQuery"}]))
    assert isinstance(answer, StatementRefused)
    assert not answer.final
    assert last_word(ended("invalidQuery", "x", "RUNNING")) is None
    assert last_word(SimpleNamespace(state="DONE", error_result=None)) is None
    assert isinstance(last_word(ended("unheardOf", "x")), Unavailable)
    assert type(sorted_error(google.BadRequest("x", errors=[{"reason": "unheardOf"}]))) is BrokenStatement


def test_refusal_over_bytes_billed_names_its_setting() -> None:
    text = "Query exceeded limit for bytes billed: 1000000. 10485760 or higher required."
    word = last_word(ended("bytesBilledLimitExceeded", text))
    assert isinstance(word, StatementRefused)
    assert BYTES_HINT in str(word)
    assert "REGEN_MAXIMUM_BYTES_BILLED" in str(word)
    assert "maximum_bytes_billed" in str(word)
