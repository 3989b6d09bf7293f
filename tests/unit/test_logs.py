"""Logs: what Cloud Logging understands, what people read, whose request a line is of, and when it is an error."""

from __future__ import annotations

import json
import logging
import re
import threading
from typing import Any

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from regen.domain.errors import Unavailable
from regen.services.batch import opening, processing
from regen.web.logs import add_context, log_context, set_up
from support.league import DAY
from support.web_bench import KEYED, Web, envelope, pushed

CLOUD = {"K_SERVICE": "regen-worker", "K_REVISION": "regen-worker-7", "REGEN_PROJECT": "my-project"}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
log = logging.getLogger("regen.test")
Printed = pytest.CaptureFixture[str]


@pytest.fixture(name="printed")
def _printed(capsys: Printed) -> Printed:
    return capsys


def lines(printed: Printed) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.readouterr().out.splitlines()]


def test_cloud_run_log_line_is_json_for_cloud_logging(printed: Printed) -> None:
    set_up(CLOUD)
    with log_context(trace=TRACE, batch_id="b1", game_date=None):
        add_context(outcome="done", game_date="2026-01-20")
        log.info("two\nlines, é, \ud800", extra={"event_id": "e1"})
    (line,) = lines(printed)
    assert line["severity"] == "INFO"
    assert line["message"] == "two\nlines, é, \ud800"
    assert line["logging.googleapis.com/trace"] == f"projects/my-project/traces/{TRACE}"
    fields = ("batch_id", "game_date", "outcome", "event_id", "logger")
    assert [line[name] for name in fields] == ["b1", "2026-01-20", "done", "e1", "regen.test"]
    assert line["time"].endswith("+00:00")


def test_an_exception_reaches_error_reporting(printed: Printed) -> None:
    set_up(CLOUD)
    try:
        raise ZeroDivisionError("x")
    except ZeroDivisionError:
        log.exception("unexpected")
    (line,) = lines(printed)
    assert line["severity"] == "ERROR"
    assert "ZeroDivisionError: x" in line["stack_trace"]
    assert line["serviceContext"] == {"service": "regen-worker", "version": "regen-worker-7"}


def test_terminal_log_line_is_text(printed: Printed) -> None:
    set_up({})
    with log_context(batch_id="b1", trace=TRACE):
        log.warning("careful: %s", "x")
    assert printed.readouterr().out.rstrip().endswith("WARNING careful: x  [batch_id=b1]")


def test_the_context_ends_with_its_block(printed: Printed) -> None:
    set_up(CLOUD)
    with log_context(batch_id="b1"):
        with log_context(request_id="r1"):
            log.info("inner")
        log.info("outer")
    log.info("outside")
    inner, outer, outside = lines(printed)
    assert (inner["batch_id"], inner["request_id"]) == ("b1", "r1")
    assert "request_id" not in outer
    assert "batch_id" not in outside


def test_log_context_of_two_threads_is_separate(printed: Printed) -> None:
    set_up(CLOUD)
    both = threading.Barrier(2)

    def request(name: str) -> None:
        with log_context(batch_id=name):
            for _ in range(20):
                both.wait(5)
                add_context(request_id=f"of {name}")
                log.info("%s", name)

    threads = [threading.Thread(target=request, args=(name,)) for name in ("b1", "b2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = lines(printed)
    assert len(seen) == 40
    assert all(line["batch_id"] == line["message"] and line["request_id"] == f"of {line['message']}" for line in seen)


@pytest.mark.parametrize(
    ("headers", "trace"),
    [
        ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, TRACE),
        ({"X-Cloud-Trace-Context": f"{TRACE}/123;o=1"}, TRACE),
        ({"traceparent": "nonsense", "X-Cloud-Trace-Context": TRACE}, TRACE),
        ({"traceparent": f"00-{'z' * 32}-1-1", "X-Cloud-Trace-Context": 'a"b/../c'}, None),
        ({}, None),
    ],
)
def test_a_request_leaves_one_line_with_its_trace(headers: dict[str, str], trace: str | None, printed: Printed) -> None:
    set_up(CLOUD)
    Web().call("coordinator", "GET", "/batches/b1", headers={**KEYED, **headers})
    (line,) = lines(printed)
    assert line["route"] == "GET /batches/b1"
    assert line["served"]["status"] == 404
    assert line["trace"] == trace if trace else re.fullmatch("[0-9a-f]{32}", line["trace"])


def test_a_path_with_line_breaks_makes_no_second_line(printed: Printed) -> None:
    set_up({})
    path = "/x%0A12:00:00%20ERROR%20forged%0D%1b[31m%E2%80%A8" + "y" * 5000
    Web().routers["coordinator"](Request(EnvironBuilder(path).get_environ()))
    text = printed.readouterr().out
    assert len(text.splitlines()) == 1
    assert len(text) < 1500


def test_request_log_line_names_its_batch(printed: Printed) -> None:
    set_up(CLOUD)
    web = Web()
    answer = web.post("/regenerate-with-supersede", {"game_date": DAY.isoformat()})
    assert answer.json is not None
    served = lines(printed)[-1]
    assert (served["batch_id"], served["game_date"]) == (answer.json["batch_id"], DAY.isoformat())
    assert (served["action"], served["outcome"]) == ("open", "accepted")


def _breaking(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(processing, "process_request", fail)
    monkeypatch.setattr(opening, "open_batch", fail)


@pytest.mark.parametrize(
    ("error", "status", "severity"),
    [(Unavailable("down"), 503, "WARNING"), (ZeroDivisionError("a defect"), 500, "ERROR")],
)
def test_redelivery_is_no_error_and_a_defect_is(
    error: Exception, status: int, severity: str, monkeypatch: pytest.MonkeyPatch, printed: Printed
) -> None:
    _breaking(monkeypatch, error)
    set_up(CLOUD)
    web = Web()
    message = envelope({"batch_id": "b1", "request_id": "r1"})
    assert web.call("worker", "POST", "/", message, pushed()).status_code == status
    trigger = envelope({"game_date": DAY.isoformat()})
    assert web.call("coordinator", "POST", "/regenerate-pubsub", trigger, pushed()).status_code == status
    assert {line["severity"] for line in lines(printed) if "served" not in line} == {severity}


def test_malformed_message_is_logged_as_a_warning(printed: Printed) -> None:
    set_up(CLOUD)
    assert Web().push("worker", "/", b"no envelope") == 204
    assert {line["severity"] for line in lines(printed)} == {"INFO", "WARNING"}
