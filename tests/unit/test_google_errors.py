"""What Google answers is sorted by a list of its own, not by the table in the sources: every status, reason and class."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from google.api_core import exceptions as google_exceptions

from regen.adapters.bigquery.errors import last_word, sorted_error
from regen.adapters.bigquery.refusals import BrokenStatement
from regen.adapters.firestore import FirestoreStore
from regen.adapters.pubsub import PubSubQueue
from regen.domain.errors import (
    AccessDenied,
    AlreadyExists,
    Conflict,
    InvalidInput,
    RateLimited,
    RegenError,
    StatementRefused,
    TableMissing,
    Unavailable,
)
from regen.ports import Message, Write

google: Any = google_exceptions

#: Of BigQuery's page of errors and of the reasons that all of Google's interfaces share.
REASONS: dict[str, tuple[int, type[RegenError]]] = {
    "accessDenied": (403, AccessDenied),
    "attributeError": (400, StatementRefused),
    "backendError": (503, Unavailable),
    "badRequest": (400, StatementRefused),
    "billingNotEnabled": (403, AccessDenied),
    "billingTierLimitExceeded": (400, StatementRefused),
    "blocked": (403, RateLimited),
    "concurrentLimitExceeded": (403, RateLimited),
    "dailyLimitExceeded": (403, RateLimited),
    "dailyLimitExceededUnreg": (403, AccessDenied),
    "duplicate": (409, Unavailable),
    "forbidden": (403, AccessDenied),
    "internalError": (500, Unavailable),
    "invalid": (400, StatementRefused),
    "invalidQuery": (400, StatementRefused),
    "invalidUser": (400, AccessDenied),
    "jobBackendError": (400, Unavailable),
    "jobInternalError": (400, Unavailable),
    "jobRateLimitExceeded": (400, RateLimited),
    "notFound": (404, TableMissing),
    "notImplemented": (501, StatementRefused),
    "proxyAuthenticationRequired": (407, Unavailable),
    "quotaExceeded": (403, RateLimited),
    "rateLimitExceeded": (403, RateLimited),
    "RATE_LIMIT_EXCEEDED": (403, RateLimited),
    "resourceInUse": (400, Unavailable),
    "resourcesExceeded": (400, Unavailable),
    "responseTooLarge": (403, StatementRefused),
    "stopped": (499, Unavailable),
    "tableUnavailable": (400, Unavailable),
    "timeout": (400, Unavailable),
    "userRateLimitExceeded": (403, RateLimited),
}
#: Statuses without a reason. What is not listed has no known meaning: from 500 on a repeat may mend it, below none does.
STATUSES: dict[int, type[RegenError]] = {
    **dict.fromkeys((407, 408, 409, 412, 421, 423, 425, 499), Unavailable),
    **dict.fromkeys((411, 413, 414, 431), StatementRefused),
    **dict.fromkeys((401, 403), AccessDenied),
    404: TableMissing,
    429: RateLimited,
}


@pytest.mark.parametrize("reason", REASONS)
def test_bigquerys_reasons_are_sorted(reason: str) -> None:
    code, kind = REASONS[reason]
    assert type(sorted_error(google.from_http_status(code, "words", errors=[{"reason": reason}]))) is kind


def test_a_finished_jobs_duplicate_and_bad_request_have_a_kind() -> None:
    words = {
        reason: last_word(SimpleNamespace(state="DONE", error_result={"reason": reason, "message": "words"}))
        for reason in ("duplicate", "badRequest", "userRateLimitExceeded", "concurrentLimitExceeded")
    }
    assert {reason: type(word) for reason, word in words.items()} == {
        "duplicate": Unavailable,
        "badRequest": StatementRefused,
        "userRateLimitExceeded": RateLimited,
        "concurrentLimitExceeded": RateLimited,
    }


@pytest.mark.parametrize("code", range(400, 505))
def test_bigquerys_statuses_are_sorted(code: int) -> None:
    wanted = STATUSES.get(code, Unavailable if code >= 500 else BrokenStatement)
    assert type(sorted_error(google.from_http_status(code, "words"))) is wanted


#: By status of gRPC, and of HTTP below it: of a read, of a write, of a publication.
CLASSES: dict[str, tuple[type[RegenError], type[RegenError], type[RegenError]]] = {
    "Aborted": (Unavailable, Conflict, Unavailable),
    "AlreadyExists": (AlreadyExists, AlreadyExists, Unavailable),
    "Cancelled": (Unavailable, Unavailable, Unavailable),
    "DataLoss": (Unavailable, Unavailable, Unavailable),
    "DeadlineExceeded": (Unavailable, Unavailable, Unavailable),
    "FailedPrecondition": (Unavailable, Conflict, Unavailable),
    "InternalServerError": (Unavailable, Unavailable, Unavailable),
    "InvalidArgument": (InvalidInput, InvalidInput, Unavailable),
    "MethodNotImplemented": (Unavailable, Unavailable, Unavailable),
    "NotFound": (Unavailable, Conflict, Unavailable),
    "OutOfRange": (InvalidInput, InvalidInput, Unavailable),
    "PermissionDenied": (AccessDenied, AccessDenied, AccessDenied),
    "ResourceExhausted": (RateLimited, RateLimited, RateLimited),
    "ServiceUnavailable": (Unavailable, Unavailable, Unavailable),
    "Unauthenticated": (AccessDenied, AccessDenied, AccessDenied),
    "Unknown": (Unavailable, Unavailable, Unavailable),
}
HTTP: dict[int, tuple[type[RegenError], type[RegenError], type[RegenError]]] = {
    400: (InvalidInput, InvalidInput, Unavailable),
    404: (Unavailable, Conflict, Unavailable),
    409: (Unavailable, Conflict, Unavailable),
    412: (Unavailable, Conflict, Unavailable),
    429: (RateLimited, RateLimited, RateLimited),
    **dict.fromkeys((401, 403), (AccessDenied, AccessDenied, AccessDenied)),
}


class Failing:
    """A client of either service, each of whose calls ends in one error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def document(self, path: str) -> Any:
        return SimpleNamespace(get=self._fail)

    def collection(self, path: str) -> Any:
        return SimpleNamespace(stream=self._fail)

    def batch(self) -> Any:
        return SimpleNamespace(commit=self._fail, set=lambda *_: None)

    get_all = publish = property(lambda self: self._fail)

    def _fail(self, *_: Any, **__: Any) -> Any:
        raise self._error


def met(error: Exception) -> dict[str, RegenError]:
    """What each call of both adapters raises."""
    client: Any = Failing(error)
    store, queue = FirestoreStore(client), PubSubQueue(client, "p")
    calls: dict[str, Any] = {
        "get": lambda: store.get("a/b"),
        "get_many": lambda: store.get_many(["a/b"]),
        "find": lambda: store.find("a"),
        "commit": lambda: store.commit([Write("put", "a/b", {})]),
        "publish": lambda: queue.publish("t", [Message({})]),
    }
    found = {}
    for name, call in calls.items():
        with pytest.raises(RegenError) as raised:
            call()
        found[name] = raised.value
    return found


def expected(read: type[RegenError], write: type[RegenError], publication: type[RegenError]) -> dict[str, Any]:
    return {"get": read, "get_many": read, "find": read, "commit": write, "publish": publication}


@pytest.mark.parametrize("name", CLASSES)
def test_statuses_of_firestore_and_pubsub_are_sorted(name: str) -> None:
    found = met(getattr(google, name)("words"))
    assert {call: type(error) for call, error in found.items()} == expected(*CLASSES[name])


@pytest.mark.parametrize("code", range(400, 505))
def test_http_statuses_of_firestore_and_pubsub_are_sorted(code: int) -> None:
    found = met(google.from_http_status(code, "words"))
    unknown = (Unavailable, Unavailable, Unavailable)
    assert {call: type(error) for call, error in found.items()} == expected(*HTTP.get(code, unknown))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("FailedPrecondition", "The Cloud Firestore API is not available for Firestore in Datastore Mode database projects/p"),
        ("FailedPrecondition", "The query requires an index. You can create it here: https://console.firebase.google.com"),
        ("FailedPrecondition", "The query requires an index. That index is currently building and cannot be used yet."),
        ("NotFound", "The database (default) does not exist for project p Please visit https://console.cloud.google.com"),
    ],
)  # fmt: skip
def test_what_a_database_lacks_is_no_conflict_of_writers(kind: str, message: str) -> None:
    """It was tried twelve times, and then said to be `too many writers at once`."""
    for error in met(getattr(google, kind)(message)).values():
        assert type(error) is Unavailable
        assert message in str(error)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("FailedPrecondition", "the stored version (1700000000000001) does not match the required base version (17)"),
        ("NotFound", "No document to update: projects/p/databases/(default)/documents/prediction_batches/b"),
        ("Aborted", "Too much contention on these documents. Please try again."),
    ],
)
def test_what_another_writer_did_is_a_conflict(kind: str, message: str) -> None:
    assert type(met(getattr(google, kind)(message))["commit"]) is Conflict
