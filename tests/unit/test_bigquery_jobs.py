"""Submitting jobs: what is found again, what is repeated, and how what BigQuery says is sorted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from google.api_core import exceptions as google_exceptions
from google.auth import exceptions as auth_exceptions

from regen.adapters.bigquery.errors import sorted_error, translated
from regen.adapters.bigquery.jobs import ATTEMPTS, MEETINGS, PATIENCE, POLLING, Jobs
from regen.adapters.bigquery.refusals import BrokenStatement
from regen.domain.errors import (
    AccessDenied,
    Conflict,
    FenceLost,
    PromotionAborted,
    RateLimited,
    RegenError,
    StagingMissing,
    StatementRefused,
    TableMissing,
    Unavailable,
)

google: Any = google_exceptions
auth: Any = auth_exceptions


def forbidden(reason: str) -> Exception:
    error: Exception = google.Forbidden("too many api requests", errors=[{"reason": reason}])
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (forbidden("rateLimitExceeded"), RateLimited),
        (forbidden("quotaExceeded"), RateLimited),
        (forbidden("accessDenied"), AccessDenied),
        (google.Forbidden("no reason"), AccessDenied),
        (
            google.InternalServerError("Query exceeded limit for bytes billed: 1. 10485760 or higher required."),
            StatementRefused,
        ),
        (google.BadRequest("Syntax error", errors=[{"reason": "invalidQuery"}]), StatementRefused),
        (google.TooManyRequests("slow down"), RateLimited),
        (google.InternalServerError("x"), Unavailable),
        (google.ServiceUnavailable("x"), Unavailable),
        (google.GatewayTimeout("x"), Unavailable),
        (google.NotFound("Not found: Table p:nba_analytics.t was not found in location US"), TableMissing),
        (google.NotFound("Not found: Dataset p:nba_analytics was not found in location US"), TableMissing),
        (google.NotFound("Not found: Table p:nba_predictions_staging.s_1 was not found"), StagingMissing),
        (google.NotFound("404 Not found: Job p:US.regen-a-1"), Unavailable),
        (google.BadRequest("Transaction is aborted due to concurrent update against table t"), Conflict),
        (google.BadRequest("Could not serialize access to table t due to concurrent update"), Conflict),
        (google.BadRequest("Failed to commit DuckLake transaction: Transaction conflict"), Conflict),
        (google.BadRequest("Query error: FENCE_LOST: another token at [5:3]"), FenceLost),
        (google.BadRequest("Query error: PROMOTION_ABORTED: 9 rows at [5:3]"), PromotionAborted),
        (google.BadRequest("Syntax error"), BrokenStatement),
        (google.BadRequest("x", errors=[{"reason": "backendError"}]), Unavailable),
        (google.RetryError("late", None), Unavailable),
        (requests.ConnectionError("refused"), Unavailable),
        (requests.ReadTimeout("late"), Unavailable),
        (auth.TransportError("no token"), Unavailable),
        (TimeoutError(), Unavailable),
        (ConnectionResetError("reset"), Unavailable),
        (ValueError("ours"), BrokenStatement),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)[:40]),
)
def test_bigquery_errors_become_domain_errors(error: Exception, kind: type[RegenError]) -> None:
    assert type(sorted_error(error)) is kind
    assert sorted_error(error).dependency == "BigQuery"
    with pytest.raises(kind) as caught, translated():
        raise error
    assert caught.value.__cause__ is error


def test_domain_errors_are_not_translated() -> None:
    ours = FenceLost("x")
    assert sorted_error(ours) is ours
    with pytest.raises(FenceLost), translated():
        raise ours


def test_conflicting_script_is_retried_under_a_new_id() -> None:
    met = google.BadRequest("Transaction is aborted due to concurrent update against table t")
    client = FakeClient(*[ending(met)] * len(MEETINGS), ok)
    found, pauses = jobs(client)
    assert found.alone("UPDATE", []) == client.names[-1]
    assert len(set(client.names)) == len(pauses) + 1 == len(MEETINGS) + 1
    with pytest.raises(Conflict):
        jobs(FakeClient(*[ending(met)] * 9))[0].alone("UPDATE", [])


class FakeJob:
    """A job that has ended so; with `state` RUNNING, it is the call that fails, and not the job."""

    def __init__(self, name: str, error: Exception | None, state: str = "DONE") -> None:
        self.name, self.error, self.state = name, error, state
        reason = next((e["reason"] for e in getattr(error, "errors", ())), "invalidQuery")
        failed = error is not None and state == "DONE"
        self.error_result = {"reason": reason, "message": getattr(error, "message", "")} if failed else None

    def result(self, **_: object) -> str:
        if self.error:
            raise self.error
        return self.name


class FakeClient:
    """Answers each submission with the next of `plan`: an error that is raised, or a job that ends so."""

    def __init__(self, *plan: Exception | Callable[[str], FakeJob]) -> None:
        self.plan = list(plan)
        self.there: dict[str, FakeJob] = {}
        self.foreign: set[str] = set()
        self.names: list[str] = []

    def query(self, _: str, *, job_id: str, **__: object) -> FakeJob:
        self.names.append(job_id)
        if job_id in self.there:
            raise google.Conflict(f"Already Exists: Job p:{job_id}")
        step = self.plan.pop(0) if self.plan else ok
        if isinstance(step, Exception):
            raise step
        self.there[job_id] = step(job_id)
        return self.there[job_id]

    def get_job(self, name: str, **_: object) -> FakeJob:
        if name in self.foreign:
            raise forbidden("accessDenied")
        return self.there[name]

    def used_by_another(self, number: int) -> None:
        """Let another account have used this many of the ids of `a`: its jobs are seen, and may not be read."""
        self.foreign = {f"regen-a-{n}" for n in range(1, number + 1)}
        self.there |= {name: ok(name) for name in self.foreign}


def ok(name: str) -> FakeJob:
    return FakeJob(name, None)


def ending(error: Exception) -> Callable[[str], FakeJob]:
    return lambda name: FakeJob(name, error)


def jobs(client: FakeClient) -> tuple[Jobs, list[float]]:
    pauses: list[float] = []
    fake: Any = client
    return Jobs(fake, sleep=pauses.append), pauses


def test_rate_limited_job_is_submitted_again() -> None:
    """I-31: their retry was unreachable, and 67 load jobs at once lost a date."""
    client = FakeClient(forbidden("rateLimitExceeded"), google.ServiceUnavailable("x"), ok)
    runner, pauses = jobs(client)
    assert runner.query("SELECT 1", [], "a") == "regen-a-1"
    assert client.names == ["regen-a-1"] * 3
    assert len(pauses) == 2
    assert runner.submitted == 1


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (requests.ConnectionError("Connection aborted."), True),
        (google.ServiceUnavailable("x"), True),
        (forbidden("rateLimitExceeded"), True),
        (forbidden("accessDenied"), False),
        (google.NotFound("Not found: Table t"), False),
        (google.NotFound("Not found: Table p:nba_predictions_staging.s_1"), False),
        (google.BadRequest("Transaction is aborted due to concurrent update against table t"), False),
        (google.BadRequest("Query error: FENCE_LOST: another token at [5:3]"), False),
    ],
    ids=lambda value: str(value)[:40],
)
def test_transient_errors_of_polling_are_retried(error: Exception, again: bool) -> None:  # noqa: FBT001
    """A connection reset while a promotion's result was read once cost a whole new attempt."""
    assert POLLING._predicate(error) is again


def test_retries_end_after_the_time_limit() -> None:
    runner, pauses = jobs(FakeClient(*[forbidden("rateLimitExceeded")] * 20))
    with pytest.raises(RateLimited):
        runner.query("SELECT 1", [], "a")
    assert len(pauses) == len(PATIENCE)
    assert sum(pauses) <= sum(PATIENCE)
    assert runner.submitted == 0


def test_permanent_error_is_not_retried() -> None:
    client = FakeClient(google.BadRequest("Syntax error"))
    with pytest.raises(BrokenStatement):
        jobs(client)[0].query("SELEC", [], "a")
    assert len(client.names) == 1


def test_a_repeated_submission_finds_the_first_job() -> None:
    client = FakeClient(ok)
    runner, _ = jobs(client)
    assert runner.query("SELECT 1", [], "a") == runner.query("SELECT 1", [], "a") == "regen-a-1"
    assert runner.submitted == 1


def test_a_submission_whose_answer_was_lost_finds_its_job(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeClient()
    runner, _ = jobs(client)
    original = client.query

    def lossy(text: str, *, job_id: str, **more: object) -> FakeJob:
        first = job_id not in client.there
        found = original(text, job_id=job_id, **more)
        if first:
            raise google.ServiceUnavailable("the answer was lost")
        return found

    monkeypatch.setattr(client, "query", lossy)
    assert runner.query("SELECT 1", [], "a") == "regen-a-1"
    assert list(client.there) == ["regen-a-1"]


def test_failed_job_makes_room_for_the_next_attempt() -> None:
    client = FakeClient(ending(google.BadRequest("Transaction is aborted due to concurrent update")), ok)
    runner, _ = jobs(client)
    with pytest.raises(Conflict):
        runner.query("SELECT 1", [], "a")
    assert runner.query("SELECT 1", [], "a") == "regen-a-2"
    assert runner.query("SELECT 1", [], "a") == "regen-a-2"
    assert runner.submitted == 2


def test_job_can_always_be_attempted_again() -> None:
    """An entry whose eight ids had failed could never be recorded again."""
    client = FakeClient(*[ending(google.BadRequest("PROMOTION_ABORTED: x"))] * (ATTEMPTS + 3), ok)
    runner, _ = jobs(client)
    for _ in range(ATTEMPTS + 3):
        with pytest.raises(PromotionAborted):
            runner.query("SELECT 1", [], "a")
    assert runner.query("SELECT 1", [], "a").startswith("regen-a-")
    assert runner.submitted == ATTEMPTS + 4 == len(client.there)


@pytest.mark.parametrize("used", [1, ATTEMPTS - 1, ATTEMPTS])
def test_ids_that_another_account_has_used_are_passed_over(used: int) -> None:
    client = FakeClient()
    client.used_by_another(used)
    runner, _ = jobs(client)
    found = runner.query("SELECT 1", [], "a")
    assert found not in client.foreign
    assert found in client.there
    assert (runner.submitted, len(client.names)) == (1, used + 1)


def test_running_job_is_awaited_not_started_again() -> None:
    client = FakeClient()
    runner, _ = jobs(client)
    client.there["regen-a-1"] = FakeJob("regen-a-1", TimeoutError(), "RUNNING")
    with pytest.raises(Unavailable):
        runner.query("SELECT 1", [], "a")
    assert list(client.there) == ["regen-a-1"]


def test_jobs_without_a_name_get_unique_ids() -> None:
    client = FakeClient()
    runner, _ = jobs(client)
    runner.query("SELECT 1", [])
    runner.query("SELECT 1", [])
    assert len(set(client.names)) == 2


def test_creating_an_existing_table_is_not_a_job_conflict() -> None:
    client = FakeClient(google.Conflict("Already Exists: Table p:d.t"))
    with pytest.raises(BrokenStatement):
        jobs(client)[0].query("CREATE TABLE t", [], "a")
