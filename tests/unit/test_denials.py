"""Denied access is waited out while rights propagate, and told of when it lasts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from regen.adapters.bigquery.loading import TableLoader
from regen.adapters.bigquery.queries import Queries
from regen.client.reader import Reader
from regen.domain.errors import AccessDenied, Unavailable
from regen.services.state import denials
from regen.services.state.deps import ALERT_TOPIC
from support.bench import Bench
from support.league import players
from support.rest import Answers
from support.warehouses import DAY


def denied(*_: object, **__: object) -> Any:
    raise AccessDenied("Access Denied: Table p:nba_predictions.t").of("BigQuery")


def told(bench: Bench) -> list[Any]:
    return [a for a in bench.queue.of(ALERT_TOPIC) if a["type"] == "access_denied"]


def minutes(bench: Bench, number: int) -> None:
    for _ in range(number):
        bench.clock.advance(60)
        try:
            bench.sweep()
        except AccessDenied:
            bench.drain()


def test_lasting_denied_access_raises_one_alert(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(players(4))
    answer = bench.regenerate()
    monkeypatch.setattr(bench.warehouse, "stage", denied)
    with pytest.raises(AccessDenied):
        bench.drain()
    minutes(bench, 14)
    assert told(bench) == [], "rights that were just given take some minutes"
    minutes(bench, 10)
    (alert,) = told(bench)
    assert (alert["service"], alert["severity"]) == ("BigQuery", "ERROR")
    assert "nba_predictions.t" in alert["why"]
    monkeypatch.undo()
    minutes(bench, 2)
    assert bench.batch(answer.batch_id).status.value == "promoted", "nothing was lost"


def test_occasional_denials_raise_no_alert() -> None:
    bench = Bench()
    error = AccessDenied("x").of("BigQuery")
    for _ in range(10):
        denials.note_denied(bench.deps, error)
        bench.clock.advance(denials.QUIET.total_seconds() + 1)
    denials.note_denied(bench.deps, Unavailable("x"))
    bench.sweep()
    assert told(bench) == []


def test_a_commands_query_has_its_limit_too() -> None:
    answers = Answers({"jobComplete": True})
    queries = Queries(answers.session, "a-project", 20_000_000)
    reader = Reader("a-project", maximum_bytes_billed=20_000_000)
    vars(reader)["queries"] = queries
    assert reader.query("SELECT 1") == []
    assert [body["maximumBytesBilled"] for body in answers.bodies] == ["20000000"]


def test_an_imports_delete_has_its_limit_too() -> None:
    seen: list[int | None] = []

    class Client:
        def get_table(self, _: str) -> Any:
            return SimpleNamespace(num_rows=1)

        def query(self, _: str, *, job_config: Any) -> Any:
            seen.append(job_config.maximum_bytes_billed)
            return SimpleNamespace(result=list)

    client: Any = Client()
    for loader in (TableLoader(client, "demo", maximum_bytes_billed=20_000_000), TableLoader(client, "demo")):
        loader.load("player_game_summary", (), replace_dates={DAY})
    assert seen == [20_000_000, 10 * 2**30]
