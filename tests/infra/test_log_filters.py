"""Each log filter of the deployment matches the lines that the code writes when the thing happens, and no others."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from flask import Request, Response
from werkzeug.test import EnvironBuilder

from infra.code import ROUTERS, settings_of
from infra.deployment import Deployment, last
from infra.log_filters import as_entry, matches
from infra.test_topology import SECRETS, _token
from regen.adapters.memory.ledger import MemoryLedger
from regen.adapters.memory.store import MemoryStore
from regen.domain.grading import Graded
from regen.domain.values import replace
from regen.ports import Snapshot
from regen.services.state.deps import REQUEST_TOPIC, VERIFY_TOPIC
from regen.services.state.paths import BACKFILLS
from regen.web.bootstrap import App
from regen.web.callers import Gatekeeper
from regen.web.logs import CloudFormatter
from support.bench import Bench
from support.graded import AS_OF, sound
from support.input_rows import Rows, inputs, together
from support.league import entry, players

Entry = dict[str, Any]
#: What the platform itself writes beside the functions' lines, in its own form, with the alert that each is to raise.
PLATFORM: list[dict[str, Any]] = json.loads((Path(__file__).parent / "platform_entries.json").read_text())


class _Lines(logging.Handler):
    """Keeps what would be printed, under the name of the function that is running."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self.service = ""

    def emit(self, record: logging.LogRecord) -> None:
        line = CloudFormatter("demo-project", self.service, "1").format(record)
        self.entries.append(as_entry(self.service, json.loads(line)))


class Functions:
    """The three functions over one bench, each with the settings that it is deployed with."""

    def __init__(self, d: Deployment, bench: Bench) -> None:
        self._d, self.bench = d, bench
        self.lines = _Lines()
        self._routers = {}
        for name, router in ROUTERS.items():
            secrets = {s: SECRETS[s] for s in d.secrets(name)}
            settings = settings_of({**d.environment(name), **secrets, "K_SERVICE": f"regen-{name}"})
            self._routers[name] = router(App(settings, bench.deps, Gatekeeper(settings)))

    def call(self, function: str, path: str, body: bytes, headers: dict[str, str]) -> Response:
        self.lines.service = f"regen-{function}"
        environ = EnvironBuilder(path, method="POST", data=body, headers=list(headers.items())).get_environ()
        return self._routers[function](Request(environ))

    def push(self, function: str, path: str, data: bytes) -> int:
        envelope = {"message": {"data": base64.b64encode(data).decode(), "messageId": "m1", "attributes": {}}}
        headers = self._signed(function, "push")
        return self.call(function, path, json.dumps(envelope).encode(), headers).status_code

    def sweep(self) -> int:
        return self.call("verifier", "/sweep", b"{}", self._signed("verifier", "scheduler")).status_code

    def regenerate(self, **more: Any) -> dict[str, Any]:
        body = json.dumps({"game_date": "2026-01-20", "reason": "bdb_upgrade", **more}).encode()
        key = SECRETS["REGEN_API_KEYS"].partition(":")[2]
        answer = self.call("coordinator", "/regenerate-with-supersede", body, {"X-API-Key": key})
        assert answer.status_code == 202, answer.data
        accepted: dict[str, Any] = json.loads(answer.data)
        return accepted

    def deliver(self) -> None:
        """Every message and event, until none is left."""
        queue = self.bench.queue
        while queue.waiting:
            topic, message = queue.waiting.popleft()
            data = json.dumps(message.data).encode()
            if topic == REQUEST_TOPIC:
                assert self.push("worker", "/", data) == 204
            if topic == VERIFY_TOPIC:
                assert self.push("verifier", "/verify", data) == 204
            while self.bench.events:
                batch_id = self.bench.events.popleft()
                headers = {**self._signed("verifier", "push"), "ce-document": f"prediction_batches/{batch_id}"}
                assert self.call("verifier", "/events/batch", b"\x0a\x80", headers).status_code == 204

    def _signed(self, function: str, caller: str) -> dict[str, str]:
        environment = self._d.environment(function)
        accounts = environment["REGEN_PUSH_ACCOUNTS" if caller == "push" else "REGEN_SCHEDULER_ACCOUNTS"]
        return _token(accounts.split(",")[0], environment["REGEN_OIDC_AUDIENCE"])


@contextmanager
def functions(d: Deployment, bench: Bench) -> Iterator[Functions]:
    made = Functions(d, bench)
    root = logging.getLogger()
    level = root.level
    root.addHandler(made.lines)
    root.setLevel(logging.INFO)
    try:
        yield made
    finally:
        root.removeHandler(made.lines)
        root.setLevel(level)


def a_quiet_day(d: Deployment) -> list[Entry]:
    with functions(d, Bench()) as f:
        f.regenerate()
        f.deliver()
        f.sweep()
        return f.lines.entries


def a_rejection(d: Deployment) -> list[Entry]:
    with functions(d, Bench([entry(f"player{i}", broken=True) for i in range(9)])) as f:
        f.regenerate()
        f.deliver()
        return f.lines.entries


def a_hold(d: Deployment) -> list[Entry]:
    with functions(d, Bench(players(9))) as f:
        f.regenerate(hold=True)
        f.deliver()
        return f.lines.entries


def a_batch_past_its_deadline(d: Deployment) -> list[Entry]:
    with functions(d, Bench(players(9))) as f:
        f.regenerate()
        f.bench.clock.advance(4000)
        f.sweep()
        return f.lines.entries


def a_dead_letter(d: Deployment) -> list[Entry]:
    with functions(d, Bench(players(9))) as f:
        f.regenerate()
        _, message = f.bench.queue.waiting.popleft()
        assert f.push("verifier", "/dead-letters", json.dumps(message.data).encode()) == 204
        return f.lines.entries


def nonsense(d: Deployment) -> list[Entry]:
    with functions(d, Bench()) as f:
        assert f.push("worker", "/", b"nonsense") == 204
        return f.lines.entries


def a_defect(d: Deployment) -> list[Entry]:
    def find(self: MemoryStore, collection: str, *more: Any, **named: Any) -> list[Snapshot]:
        if collection == BACKFILLS:
            raise KeyError("a defect")
        return real(self, collection, *more, **named)

    real = MemoryStore.find
    with functions(d, Bench()) as f, patch.object(MemoryStore, "find", find):
        assert f.sweep() == 200, "its parts go on without each other"
        return f.lines.entries


def _inputs(d: Deployment, *dates: Rows) -> list[Entry]:
    bench = Bench(players(9))
    ledger = MemoryLedger(bench.warehouse)
    ledger.inputs = together(*dates)
    bench.deps = replace(bench.deps, ledger=ledger)
    with functions(d, bench) as f:
        headers = {"X-API-Key": SECRETS["REGEN_API_KEYS"].partition(":")[2]}
        for _ in range(2):
            assert f.call("coordinator", "/bdb/scan", b"{}", headers).status_code == 200
        return f.lines.entries


def an_input_is_late(d: Deployment) -> list[Entry]:
    return _inputs(d, inputs(date(2026, 1, 19), without=[("lines", 1)]))


def an_input_has_shrunk(d: Deployment) -> list[Entry]:
    few = inputs(date(2026, 1, 19))
    few["ml_feature_store_v2"] = few["ml_feature_store_v2"][::2]
    return _inputs(d, few, *(inputs(date(2026, 1, day), played=True, come=True) for day in (16, 17, 18)))


def predictions_are_one_sided(d: Deployment) -> list[Entry]:
    bench = Bench(players(9))
    ledger = MemoryLedger(bench.warehouse)
    ledger.grades = {row["prediction_id"]: {**row, "recommendation": "OVER"} for row in sound()}
    bench.deps = replace(bench.deps, ledger=ledger)
    with functions(d, bench) as f, patch.object(ledger, "grade", lambda *_: [Graded(AS_OF, 9, 9, 0, 0, 4.0)]):
        headers = {"X-API-Key": SECRETS["REGEN_API_KEYS"].partition(":")[2]}
        for _ in range(2):
            assert f.call("coordinator", "/grades", b"{}", headers).status_code == 200
        return f.lines.entries


def a_failed_snapshot(d: Deployment) -> list[dict[str, Any]]:
    """Lines of the transfer service as its page on monitoring describes them: ours, and another scheduled query's."""
    own = last(d.one("google_bigquery_data_transfer_config", "snapshots").values["name"])
    return [
        {
            "logName": "projects/demo-project/logs/bigquerydatatransfer.googleapis.com%2Ftransfer_config",
            "resource": {
                "type": "bigquery_dts_config",
                "labels": {"config_id": config, "location": "us", "project_id": "demo-project"},
            },
            "labels": {"run_id": "65a1"},
            "severity": severity,
            "jsonPayload": {"message": message},
        }
        for config, severity, message in (
            (own, "INFO", "Starting to process the query job."),
            (own, "ERROR", "Access Denied: Table player_prop_lines: Permission bigquery.tables.createSnapshot denied"),
            ("65b2", "ERROR", "Syntax error: Unexpected end of script"),
        )
    ]


HAPPENS = {
    "live_quality": predictions_are_one_sided,
    "source_late": an_input_is_late,
    "source_shrunk": an_input_has_shrunk,
    "batch_rejected": a_rejection,
    "batch_held": a_hold,
    "batch_healed": a_batch_past_its_deadline,
    "dead_letter": a_dead_letter,
    "malformed": nonsense,
    "snapshots_failed": a_failed_snapshot,
    "unexpected_error": a_defect,
}


def _filters(d: Deployment) -> dict[str, str]:
    return {
        r.key: c["condition_matched_log"][0]["filter"]
        for r in d.of("google_monitoring_alert_policy")
        for c in r.values["conditions"]
        if c["condition_matched_log"]
    }


def test_each_log_alert_has_a_test_case(deployed: Deployment) -> None:
    assert _filters(deployed).keys() == HAPPENS.keys()


@pytest.mark.parametrize("alert", HAPPENS)
def test_log_alert_matches_exactly_one_line(alert: str, deployed: Deployment) -> None:
    entries = HAPPENS[alert](deployed)
    found = [e for e in entries if matches(_filters(deployed)[alert], e)]
    assert len(found) == 1, entries


def test_no_alert_is_raised_on_a_quiet_day(deployed: Deployment) -> None:
    entries = a_quiet_day(deployed)
    assert len(entries) > 5
    assert [(a, e) for a, f in _filters(deployed).items() for e in entries if matches(f, e)] == []


@pytest.mark.parametrize("known", PLATFORM, ids=lambda known: known["what"])
def test_request_log_lines_raise_only_their_alerts(known: dict[str, Any], deployed: Deployment) -> None:
    """Its request log names every 503 an ERROR, and the code answers 503 on purpose."""
    raised = [name for name, filter_ in _filters(deployed).items() if matches(filter_, known["entry"])]
    assert raised == ([known["raises"]] if known["raises"] else [])
    counted = [r.key for r in deployed.of("google_logging_metric") if matches(r.values["filter"], known["entry"])]
    assert counted == []


def test_request_log_samples_cover_every_alert() -> None:
    requests = {k["entry"]["httpRequest"]["status"] for k in PLATFORM if "httpRequest" in k["entry"]}
    assert {204, 401, 502, 503, 504} <= requests
    assert any(k["entry"]["logName"].endswith("run.googleapis.com%2Fvarlog%2Fsystem") for k in PLATFORM)


def test_the_dashboards_figures_are_in_the_lines(deployed: Deployment) -> None:
    entries = a_quiet_day(deployed)
    counted: dict[str, list[str]] = {}
    measured: dict[str, list[float]] = {}
    for r in deployed.of("google_logging_metric"):
        labels = {} if r.key == "sweeps" else {"outcome": "EXTRACT(jsonPayload.outcome)"}
        assert (r.values["label_extractors"] or {}) == labels
        found = [e["jsonPayload"] for e in entries if matches(r.values["filter"], e)]
        counted[r.key] = [line["outcome"] for line in found]
        if extractor := r.values["value_extractor"]:
            field = extractor.removeprefix("EXTRACT(jsonPayload.").removesuffix(")")
            measured[r.key] = [line[field] for line in found]
    assert counted["opened"] == ["accepted"]
    assert counted["sweeps"] == ["swept"]
    assert "promoted" in counted["verified"]
    assert len(counted["processed"]) >= 2
    assert (counted["coverage"], measured) == (["promoted"], {"coverage": [100.0]})


def test_log_line_of_an_ended_batch_has_its_coverage(deployed: Deployment) -> None:
    (line,) = [e["jsonPayload"] for e in a_rejection(deployed) if e["jsonPayload"].get("action") == "end"]
    assert line["batch_id"].startswith("regen_2026-01-20_bdb_upgrade_")
    told = {k: line[k] for k in ("game_date", "outcome", "requested", "produced", "coverage_pct")}
    assert told == {
        "game_date": "2026-01-20",
        "outcome": "rejected",
        "requested": 9,
        "produced": 0,
        "coverage_pct": 0.0,
    }


def test_filter_evaluator_refuses_what_does_not_match() -> None:
    line = {"severity": "WARNING", "message": "m", "action": "sweep"}
    assert matches('jsonPayload.action="sweep" AND severity>=WARNING', as_entry("s", line))
    assert not matches('jsonPayload.action="verify"', as_entry("s", line))
    assert not matches('jsonPayload.outcome="rejected"', as_entry("s", line))
    assert not matches("severity>=ERROR", as_entry("s", line))
    assert not matches('severity>=WARNING AND NOT log_id("run.googleapis.com/stdout")', as_entry("s", line))
    assert matches('severity>=WARNING AND NOT log_id("run.googleapis.com/requests")', as_entry("s", line))
    assert not matches('NOT jsonPayload.action="sweep"', as_entry("s", line))
    with pytest.raises(ValueError, match="not understood"):
        matches('jsonPayload.action="a" OR severity>=ERROR', as_entry("s", line))
