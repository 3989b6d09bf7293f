"""An alert is about what it names: not about a revision that a deployment ended, nor hidden by other calls."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from infra.deployment import Deployment
from infra.log_filters import matches
from infra.series import Series, fires
from infra.test_log_filters import a_quiet_day

HOUR = 60
RUN = "cloud_run_revision"
SWEEPS = "logging.googleapis.com/user/regen/sweeps"
REQUESTS = "run.googleapis.com/request_count"


def conditions(d: Deployment, policy: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = d.one("google_monitoring_alert_policy", policy).values["conditions"]
    return found


def any_fires(d: Deployment, policy: str, *measured: Series, until: int = HOUR) -> set[int]:
    return set().union(*(fires(c, measured, until) for c in conditions(d, policy)))


def series(metric: str, revision: int, minutes: range, value: float = 1, **labels: str) -> Series:
    """Of the verifier, unless the labels say otherwise."""
    own = {
        "resource.labels.service_name": "regen-verifier",
        "resource.labels.revision_name": f"regen-verifier-{revision:05d}-abc",
        **{k.replace("__", ".labels."): v for k, v in labels.items()},
    }
    return Series(metric, RUN, own, dict.fromkeys(minutes, value))


def sweeps(revision: int, minutes: range, value: float = 1) -> Series:
    return series(SWEEPS, revision, minutes, value)


def test_deployment_is_not_a_missing_sweep(deployed: Deployment) -> None:
    old, new = sweeps(1, range(20)), sweeps(2, range(20, HOUR))
    assert not any_fires(deployed, "sweep_missing", old, new)


def test_paused_sweep_alerts_although_other_calls_arrive(deployed: Deployment) -> None:
    others = series(REQUESTS, 1, range(HOUR), 30, metric__response_code="204", metric__response_code_class="2xx")
    raised = any_fires(deployed, "sweep_missing", sweeps(1, range(20)), others)
    assert min(raised) == 19 + 10


def test_paused_sweep_alerts_although_the_metric_reports_zero(deployed: Deployment) -> None:
    raised = any_fires(deployed, "sweep_missing", sweeps(1, range(20)), sweeps(1, range(20, HOUR), 0))
    assert min(raised) == 19 + 10


def test_a_sweep_that_skips_some_minutes_is_not_missing(deployed: Deployment) -> None:
    assert not any_fires(deployed, "sweep_missing", Series(SWEEPS, RUN, {}, dict.fromkeys(range(0, HOUR, 9), 1.0)))


def test_a_metric_without_a_point_raises_nothing(deployed: Deployment) -> None:
    """The platform's own rule, which the guide names: until the first sweep nobody is alerted."""
    assert not any_fires(deployed, "sweep_missing")


def test_each_sweep_leaves_one_point_and_nothing_else_does(deployed: Deployment) -> None:
    metric = deployed.one("google_logging_metric", "sweeps").values
    counted = [e for e in a_quiet_day(deployed) if matches(metric["filter"], e)]
    assert len(counted) == 1
    assert counted[0]["jsonPayload"]["route"] == "POST /sweep"
    assert metric["metric_descriptor"][0]["labels"] == []


def test_errors_of_many_codes_and_revisions_are_one_rate(deployed: Deployment) -> None:
    """Four 500 and four 503 a minute, by two revisions: eight a minute of one service."""
    measured = [
        series(REQUESTS, 1, range(HOUR), 4, metric__response_code="500", metric__response_code_class="5xx"),
        series(REQUESTS, 2, range(HOUR), 4, metric__response_code="503", metric__response_code_class="5xx"),
    ]
    assert any_fires(deployed, "server_errors", *measured)
    assert not any_fires(deployed, "server_errors", measured[0])


def test_errors_of_two_services_are_not_added_up(deployed: Deployment) -> None:
    measured = [
        series(REQUESTS, 1, range(HOUR), 4, resource__service_name=f"regen-{name}", metric__response_code_class="5xx")
        for name in ("worker", "verifier")
    ]
    assert not any_fires(deployed, "server_errors", *measured)


@pytest.mark.parametrize("broken", ["each series alone", "grouped by revision"])
def test_without_its_reducer_a_deployment_would_alert(broken: str, deployed: Deployment) -> None:
    (absent, *_) = copy.deepcopy(conditions(deployed, "sweep_missing"))
    aggregation = absent["condition_absent"][0]["aggregations"][0]
    if broken == "each series alone":
        aggregation["cross_series_reducer"] = None
    else:
        aggregation["group_by_fields"] = ["resource.label.revision_name"]
    assert fires(absent, [sweeps(1, range(20)), sweeps(2, range(20, HOUR))], HOUR)
