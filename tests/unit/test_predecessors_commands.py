"""The predecessor's commands, line by line: each runs here as it is typed, or the guide names what stands in its place."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from regen.topology import topology
from support.league import players
from support.predecessors_commands import commands
from support.web_bench import KEY, Web, envelope, pushed
from unit.test_cli_commands import commands as regen_commands
from unit.test_predecessors_log_queries import queries

ROOT = Path(__file__).parents[2]
LATER = "2026-01-25"
DAYS = [f"2026-01-{day}" for day in range(20, 25)]
SQL = {"final prediction counts", "coverage"}
"""Run by tests/acceptance/test_predecessor.py, and analysed by tests/googlesql/test_predecessors_queries.py."""


def _web(*days: str) -> Web:
    web = Web()
    for day in days:
        web.bench.slate(players(3), date.fromisoformat(day))
    return web


def _typed(command: str, **variables: str) -> list[str]:
    """The words of a command as the shell makes them."""
    known = {"COORDINATOR_URL": "https://coordinator.example", "API_KEY": KEY, **variables}
    text = re.sub(r"\$\{?(\w+)\}?", lambda m: known[m[1]], command.replace("\\\n", " "))
    return shlex.split(text)


def _curl(web: Web, words: list[str]) -> Any:
    """The call that curl makes of its words."""
    url = next(word for word in words if word.startswith("https://"))
    given = dict(pairwise(words))
    named = dict(words[n + 1].split(": ", 1) for n, word in enumerate(words) if word == "-H")
    body = given["-d"].encode() if "-d" in given else None
    return web.call("coordinator", given.get("-X", "GET"), urlsplit(url).path, body, named)


def test_the_health_check_answers_without_a_key() -> None:
    said = _curl(Web(), _typed(commands()["health"]))
    assert (said.status_code, (said.json or {})["status"]) == (200, "healthy")


def test_the_curl_of_a_regeneration_works_as_typed() -> None:
    web = _web(LATER)
    said = _curl(web, _typed(commands()["regenerate by HTTP"]))
    assert (said.status_code, (said.json or {})["status"]) == (202, "accepted")
    web.bench.drain()
    done: Mapping[str, Any] = web.get(f"/batches/{(said.json or {})['batch_id']}").json or {}
    assert (done["status"], done["reason"], done["metadata"]) == ("promoted", "test", {"test": True})


def test_the_published_trigger_works_as_typed() -> None:
    words = _typed(commands()["regenerate by Pub/Sub"])
    (door,) = [s for s in topology().push_subscriptions if s.topic == words[4]]
    assert words[:4] == ["gcloud", "pubsub", "topics", "publish"]
    data = json.loads(words[5].removeprefix("--message="))
    web = _web(LATER)
    assert web.call(door.service, "POST", door.path, envelope(data), pushed()).status_code == 204
    web.bench.drain()
    (batch,) = (web.get("/batches").json or {})["batches"]
    assert (batch["status"], batch["reason"]) == ("promoted", "pubsub_test")


def test_the_loop_over_five_dates_works_as_typed() -> None:
    command = commands()["the backfill of five dates"]
    head, body = command.split("; do ")
    assert head.split(" in ")[1].split() == DAYS
    web = _web(*DAYS)
    for day in DAYS:
        said = _curl(web, _typed(body.removesuffix("; done"), d=day))
        assert said.status_code == 202
    web.bench.drain()
    listed = (web.get("/batches").json or {})["batches"]
    assert sorted((b["game_date"], b["status"]) for b in listed) == [(day, "promoted") for day in DAYS]


def _table() -> dict[str, str]:
    """The guide's table of these commands: what stands in the place of each."""
    text = (ROOT / "docs" / "taking-over.md").read_text(encoding="utf-8")
    rows = text.split("| they type, to know or to do | here |\n|---|---|\n", 1)[1].split("\n\n", 1)[0]
    return {row.split(" | ")[0].strip("| "): row.split(" | ", 1)[1].removesuffix(" |") for row in rows.splitlines()}


def test_each_command_has_a_row_in_the_guide() -> None:
    assert list(_table()) == list(commands())


@pytest.mark.parametrize("question", [q for q, text in commands().items() if "logging read" in text])
def test_each_log_query_has_its_like_in_the_runbook(question: str) -> None:
    """tests/unit/test_predecessors_log_queries.py shows that each finds its lines and no others."""
    assert "[runbook](operations.md#the-old-queries-and-what-replaces-them)" in _table()[question]
    runbook = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert question in queries() or f"| {question} | none can arise" in runbook


def test_what_the_guide_names_in_their_place_exists() -> None:
    from regen.cli.main import make_app  # noqa: PLC0415

    known = {path[0] for path in regen_commands(make_app())}
    outputs = set(re.findall(r'^output "(\w+)"', (ROOT / "infra" / "outputs.tf").read_text(), re.MULTILINE))
    for question, here in _table().items():
        named = re.findall(r"`([^`]+)`", here)
        assert named or "as it stands" in here or "runbook" in here, question
        for words in (name.split() for name in named):
            if words[0] == "regen":
                assert words[1] in known, question
            if words[:2] == ["terraform", "output"]:
                assert words[-1] in outputs, question
    secrets = (ROOT / "infra" / "secrets.tf").read_text()
    assert '"${var.name}-api-keys"' in secrets
    assert "--secret=regen-api-keys" in _table()["the key"]


def test_every_command_is_run_by_a_test() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    run = {q for q in commands() if f'commands()["{q}"]' in source}
    logs = {q for q, text in commands().items() if "logging read" in text}
    elsewhere = {"the coordinator's address", "the revision that serves", "the key"}
    assert run | SQL | logs | elsewhere == set(commands())
