"""`doctor --deployed` against recorded forms of Google's answers: each thing that can be wrong is named, with what to do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from regen.cli.doctor.deployed import PERMISSIONS, ROWS, cloud
from regen.cli.doctor.looking import Look, LookResult, findings
from regen.client.vitals import State
from unit.google_rest import Google, form, healthy, serving


@pytest.fixture
def google() -> Iterator[Google]:
    with serving(healthy()) as google:
        yield google


def rows(google: Google) -> dict[str, LookResult]:
    return {finding.what: finding for finding in findings(cloud(google.deployment()))}


def test_healthy_deployment_passes_every_row(google: Google) -> None:
    found = rows(google)
    assert [f"{name}: {f.state} {f.details}" for name, f in found.items() if f.state is not State.OK] == []
    assert tuple(found) == ROWS


def _old_revision(google: Google) -> None:
    google.service("worker")["latestCreatedRevision"] = "projects/p-123/.../revisions/regen-worker-00008-new"


def _other_code(google: Google) -> None:
    google.service("verifier")["template"]["containers"][0]["env"][1]["value"] = "0.0.9+old"


def _held_traffic(google: Google) -> None:
    pinned = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "regen-worker-00003-old", "percent": 100}
    google.service("worker")["traffic"] = [pinned]


def _broken_start(google: Google) -> None:
    google.service("verifier")["terminalCondition"] = {
        "type": "Ready", "state": "CONDITION_FAILED",
        "message": "Revision 'regen-verifier-00008-abc' is not ready and cannot serve traffic.",
    }  # fmt: skip


def _other_endpoint(google: Google) -> None:
    google.subscription("prediction-verify-verifier")["pushConfig"]["pushEndpoint"] = "https://old.example/verify"


def _no_endpoint(google: Google) -> None:
    google.subscription("prediction-request-worker")["pushConfig"] = {}


def _other_account(google: Google) -> None:
    push = google.subscription("prediction-request-worker")["pushConfig"]
    push["oidcToken"]["serviceAccountEmail"] = "someone@p-123.iam.gserviceaccount.com"


def _other_audience(google: Google) -> None:
    del google.subscription("prediction-request-worker")["pushConfig"]["oidcToken"]["audience"]


def _no_dead_letters(google: Google) -> None:
    del google.subscription("nba-prediction-trigger-coordinator")["deadLetterPolicy"]


def _topic_deleted(google: Google) -> None:
    google.subscription("prediction-verify-verifier")["topic"] = "_deleted-topic_"


def _detached(google: Google) -> None:
    google.subscription("prediction-verify-verifier")["state"] = "RESOURCE_ERROR"


def _subscription_gone(google: Google) -> None:
    del google.answers["/projects/p-123/subscriptions/prediction-verify-verifier"]


def _parked(google: Google) -> None:
    google.answers["/projects/p-123/timeSeries"]["timeSeries"][-1]["points"][0]["value"]["int64Value"] = "3"


def _no_trigger(google: Google) -> None:
    google.answers["/projects/p-123/locations/-/triggers"] = {}


def _other_path(google: Google) -> None:
    google.trigger["destination"]["cloudRun"]["path"] = "/"


def _other_document(google: Google) -> None:
    google.trigger["eventFilters"][2]["value"] = "batches/{id}"


def _other_events_account(google: Google) -> None:
    google.trigger["serviceAccount"] = "123456789012-compute@developer.gserviceaccount.com"


def _trigger_condition(google: Google) -> None:
    google.trigger["conditions"] = {
        "google.cloud.run.v1": {"code": "NOT_FOUND", "message": "the Cloud Run service is gone"}
    }


def _sweep_paused(google: Google) -> None:
    google.job("regen-sweep")["state"] = "PAUSED"


def _sweep_failed(google: Google) -> None:
    google.job("regen-sweep")["status"] = {"code": 7}


def _sweep_late(google: Google) -> None:
    google.job("regen-sweep")["lastAttemptTime"] = "2026-11-01T00:00:00.123456Z"


def _sweep_never(google: Google) -> None:
    del google.job("regen-sweep")["lastAttemptTime"]


def _schedule_gone(google: Google) -> None:
    del google.answers["/projects/p-123/locations/us-central1/jobs/regen-grade"]


def _schedule_elsewhere(google: Google) -> None:
    google.job("regen-start")["httpTarget"]["uri"] = "https://regen-coordinator.example/"


def _no_job_right(google: Google) -> None:
    held = sorted(PERMISSIONS.keys() - {"bigquery.jobs.create"})
    google.answers["/projects/p-123:testIamPermissions"] = {"permissions": held}


def _not_callable(google: Google) -> None:
    google.answers["/projects/p-123/locations/us-central1/services/regen-coordinator:testIamPermissions"] = {}


def _no_right_at_all(google: Google) -> None:
    google.answers["/projects/p-123:testIamPermissions"] = {}


@pytest.mark.parametrize(
    ("wrong", "row", "says"),
    [
        (_old_revision, "functions", "worker: revision regen-worker-00008-new is not ready"),
        (_other_code, "functions", "verifier 0.0.9+old"),
        (_held_traffic, "functions", "worker: traffic is held"),
        (_broken_start, "functions", "cannot serve traffic"),
        (_other_endpoint, "subscriptions", "prediction-verify-verifier: pushes to https://old.example/verify"),
        (_no_endpoint, "subscriptions", "prediction-request-worker: pushes to nowhere"),
        (_other_account, "subscriptions", "carries the account someone@"),
        (_other_audience, "subscriptions", "prediction-request-worker: has the audience"),
        (_no_dead_letters, "subscriptions", "nba-prediction-trigger-coordinator: sends dead letters to nowhere"),
        (_topic_deleted, "subscriptions", "belongs to _deleted-topic_"),
        (_detached, "subscriptions", "is RESOURCE_ERROR"),
        (_subscription_gone, "subscriptions", "prediction-verify-verifier: is not there"),
        (_parked, "dead letters", "3 in prediction-parked-sub"),
        (_no_trigger, "change events", "prediction-batch-changed is not there"),
        (_other_path, "change events", "calls regen-verifier/"),
        (_other_document, "change events", "of batches/{id}"),
        (_other_events_account, "change events", "compute@developer"),
        (_trigger_condition, "change events", "the Cloud Run service is gone"),
        (_sweep_paused, "schedules", "regen-sweep is paused"),
        (_sweep_failed, "schedules", "regen-sweep failed the last time (code 7)"),
        (_sweep_late, "schedules", "regen-sweep came"),
        (_sweep_never, "schedules", "regen-sweep has never come"),
        (_schedule_gone, "schedules", "regen-grade is not there"),
        (_schedule_elsewhere, "schedules", "regen-start calls https://regen-coordinator.example/"),
        (_no_job_right, "your rights", "bigquery.jobs.create"),
        (_not_callable, "your rights", "run.routes.invoke on regen-coordinator"),
        (_no_right_at_all, "your rights", "run.services.get"),
    ],
)
def test_each_fault_is_named_with_what_to_do(
    google: Google, wrong: Callable[[Google], None], row: str, says: str
) -> None:
    wrong(google)
    found = rows(google)
    assert found[row].state is State.FAILED
    assert says in found[row].details
    assert found[row].next, "it says what to do"
    assert {name for name, f in found.items() if f.state is State.FAILED} == {row}


def test_only_a_paused_sweep_schedule_is_a_failure(google: Google) -> None:
    google.job("regen-bdb-scan")["state"] = "PAUSED"
    assert rows(google)["schedules"].state is State.MISSING


def test_a_schedule_that_never_ran_has_not_failed(google: Google) -> None:
    """Cloud Scheduler may give such a job the code -1."""
    job = google.job("regen-grade")
    job["status"] = {"code": -1}
    del job["lastAttemptTime"]
    assert rows(google)["schedules"].state is State.OK
    job["lastAttemptTime"] = "2026-11-01T00:00:00.123456Z"
    assert "regen-grade failed the last time (code -1)" in rows(google)["schedules"].details


def test_a_subscription_without_a_figure_is_not_called_empty(google: Google) -> None:
    google.answers["/projects/p-123/timeSeries"] = {}
    found = rows(google)["dead letters"]
    assert found.state is State.MISSING
    assert "no figure yet" in found.details


def test_a_missing_right_fails_its_row_and_no_other(google: Google) -> None:
    google.fail("/jobs/", 403, form("forbidden"))
    found = rows(google)
    assert {name for name, f in found.items() if f.state is State.FAILED} == {"schedules"}
    assert "not permitted: Permission" in found["schedules"].details
    assert "your rights" in found["schedules"].next


def test_doctor_changes_nothing(google: Google) -> None:
    rows(google)
    posted = [path for path, _ in google.asked if path.endswith(":testIamPermissions")]
    assert len(posted) == 2, "the only POSTs, and they read"


def test_unanswered_call_fails_its_row_in_time() -> None:
    gate = threading.Event()
    looks = [
        Look("silent", lambda: (State.OK, str(gate.wait(60)), ""), "try again"),
        Look("next", lambda: (State.OK, "asked all the same", "")),
    ]
    begun = time.monotonic()
    silent, after = findings(looks, patience=0.2)
    assert time.monotonic() - begun < 30
    gate.set()
    assert (silent.state, silent.next) == (State.FAILED, "try again")
    assert "no answer in 0.2 s" in silent.details
    assert after.state is State.OK


def test_doctor_prints_rows_as_they_arrive() -> None:
    seen: list[Any] = []
    looks = (Look(str(n), lambda n=n: seen.append(n) or (State.OK, "", "")) for n in range(3))  # type: ignore[misc, func-returns-value]
    first = next(findings(looks))
    assert (first.what, seen) == ("0", [0])
