"""The log queries that the runbook has in place of the predecessor's: each finds the lines that it is about, and no others."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.log_filters import as_entry, matches
from regen.web.logs import CloudFormatter
from support.league import DAY
from support.web_bench import Web, envelope, pushed

RUNBOOK = Path(__file__).parents[2] / "docs" / "operations.md"


class Lines(logging.Handler):
    """What the functions print, as Cloud Logging stores it."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[dict[str, Any]] = []
        self.service = ""

    def emit(self, record: logging.LogRecord) -> None:
        line = CloudFormatter("demo-project", self.service, "1").format(record)
        self.entries.append(as_entry(self.service, json.loads(line)))


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def web(lines: Lines) -> Web:
    made = Web()
    for name, router in made.routers.items():
        call = router._safely

        def named(request: Any, call: Any = call, name: str = name) -> Any:
            lines.service = f"regen-{name}"
            return call(request)

        router._safely = named  # type: ignore[method-assign]
    return made


def queries() -> dict[str, str]:
    """The filters of the runbook, by question."""
    text = RUNBOOK.read_text(encoding="utf-8").split("| question | filter", 1)[1].split("\n\n", 1)[0]
    return dict(re.findall(r"^\| ([^|]+?) \| `([^`]+)`", text, re.MULTILINE))


def found(lines: Lines, question: str) -> list[dict[str, Any]]:
    return [entry["jsonPayload"] for entry in lines.entries if matches(queries()[question], entry)]


def test_each_question_of_the_predecessors_has_its_query() -> None:
    assert set(queries()) == {
        "errors since a moment",
        "did the Pub/Sub trigger arrive",
        "what regenerations ran lately",
        "was the batch recorded before publishing",
        "did workers receive requests",
    }


def test_the_queries_find_a_regeneration_by_pubsub(web: Web, lines: Lines) -> None:
    data = {"game_date": DAY.isoformat(), "reason": "pubsub_test", "mode": "regenerate_with_supersede"}
    web.call("coordinator", "POST", "/regenerate-pubsub", envelope(data), pushed())
    (arrived,) = found(lines, "did the Pub/Sub trigger arrive")
    batch_id = arrived["batch_id"]
    assert batch_id.startswith(f"regen_{DAY}_pubsub_test_")
    assert [line["batch_id"] for line in found(lines, "was the batch recorded before publishing")] == [batch_id]
    assert found(lines, "what regenerations ran lately") == found(lines, "did workers receive requests") == []
    web.bench.drain()
    requests = web.get(f"/batches/{batch_id}").json or {}
    assert len(found(lines, "did workers receive requests")) == requests["requests"]
    (ran,) = found(lines, "what regenerations ran lately")
    assert (ran["batch_id"], ran["outcome"]) == (batch_id, "promoted")
    assert found(lines, "errors since a moment") == []


def test_a_daily_run_is_no_regeneration(web: Web, lines: Lines) -> None:
    web.post("/start", {"game_date": DAY.isoformat()})
    web.bench.drain()
    assert found(lines, "what regenerations ran lately") == found(lines, "did the Pub/Sub trigger arrive") == []
    assert len(found(lines, "was the batch recorded before publishing")) == 1
