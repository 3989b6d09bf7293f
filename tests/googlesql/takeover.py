"""The rehearsal of taking over without processes: the command line over the functions, over Google's evaluator.

The predecessor's tables, the real adapters and their SQL are in the evaluator; Pub/Sub and Firestore are in memory.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from google.cloud import bigquery
from werkzeug.test import Client

import infra_adopt as adopt
from acceptance.takeover import PRODUCTION, Takeover
from googlesql.warehouse import EvaluatorHarness, make_views
from regen import clock
from regen.client.coordinator import Coordinator
from regen.client.http import problem_from_answer
from regen.client.reader import Reader
from regen.domain.feature_versions import FeatureVersions
from regen.domain.values import replace
from regen.features.upstream import upstream_versions
from regen.features.versions import ACCEPTED
from regen.ports import Write
from regen.schemas import Field, table, tables
from regen.sql import Names
from regen.systems import by_version
from regen.web.bootstrap import App
from regen.web.callers import Gatekeeper
from regen.web.settings import read_settings
from support import predecessors_documents as documents
from support import predecessors_tables as recorded
from support.commands import run_command
from support.official import ThroughClient
from support.predecessors_inputs import Day
from support.predecessors_platform import INFRA, OWN_VIEWS, input_views
from support.web_bench import KEY, ROUTERS, Web, WebBench, environment, served

INPUTS = ("ml_feature_store_v2", "player_game_summary", "upcoming_player_game_context")
NO_SERVER = "http://127.0.0.1:9"
"""Where no process listens: what the commands ask for is answered in this one."""
_ALTER = re.compile(r"ALTER TABLE `(?P<table>[^`]+)`\s+(?P<act>.+)", re.DOTALL)
_ADD = re.compile(r"ADD COLUMN IF NOT EXISTS `(\w+)` (ARRAY<)?(\w+)>?")
_LOOSEN = re.compile(r"ALTER COLUMN `(\w+)` DROP NOT NULL")
_WIDEN = re.compile(r"ALTER COLUMN `\w+` SET DATA TYPE \w+")


def _own_views() -> Mapping[str, str]:
    return {view: (INFRA / "sql" / f"{view}.sql").read_text(encoding="utf-8") for view in OWN_VIEWS}


def _fields(described: Mapping[str, Any]) -> list[Field]:
    return [Field(f["name"], f["type"], f["mode"], "") for f in described["schema"]["fields"]]


class EvaluatedPlatform:
    """What a rehearsal asks of a platform, in the evaluator: upstream's tables and the predecessor's, as they are recorded."""

    def __init__(self) -> None:
        self.made = EvaluatorHarness(_own_views())
        self.columns = {name: _fields(recorded.described(name)) for name in (*INPUTS, *recorded.ADOPTED)}
        for name in self.columns:
            self._columns_are(name)

    def _columns_are(self, name: str) -> None:
        self.made.engine.alter(self.made.name(name), self.columns[name])
        shown: Any = self.columns[name]
        self.client.schemas[self.made.name(name)] = shown  # type: ignore[attr-defined]

    @property
    def client(self) -> bigquery.Client:
        return self.made.client

    def put(self, rows: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
        for name, found in recorded.of_tables(rows, PRODUCTION).items():
            self.made.engine.load(name, found)

    def found(self, name: str, first: date, last: date | None = None, by: str = "game_date") -> list[dict[str, Any]]:
        return [row for row in self.made.table(name) if first <= _day(row[by]) <= (last or first)]

    def run(self, text: str) -> list[dict[str, Any]]:
        if altered := _ALTER.match(text.strip()):
            self._alter(altered["table"].rpartition(".")[2], altered["act"])
            return []
        return self.made.engine.script(text, [])[0]

    def _alter(self, name: str, act: str) -> None:
        """The three changes of metadata that `tools/infra_adopt.py` writes; the evaluator has no limits to widen."""
        known = self.columns[name]
        types = {ddl: own for own, ddl in adopt.DDL.items()}
        known += [
            Field(n, types.get(kind, kind), "REPEATED" if many else "NULLABLE", "")
            for n, many, kind in _ADD.findall(act)
        ]
        free = _LOOSEN.findall(act)
        assert _ADD.search(act) or free or _WIDEN.search(act), act
        self.columns[name] = [replace(f, mode="NULLABLE") if f.name in free else f for f in known]
        self._columns_are(name)

    def described(self, name: str) -> dict[str, Any]:
        dataset = recorded.full_name(name).partition(".")[0]
        reference = {"projectId": PRODUCTION, "datasetId": dataset, "tableId": name}
        return {**recorded.described(name), "tableReference": reference}

    def copy(self, source: str, target: str) -> None:
        engine, name = self.made.engine, f"{PRODUCTION}.{target}"
        engine.create(name, self.columns[source.rpartition(".")[2]])
        engine.data[name] = engine.data[f"{PRODUCTION}.{source}"]

    def apply_beside(self, project: str) -> None:
        """Make a deployment in a project of its own, whose input tables are views of production's."""
        engine, names = self.made.engine, Names(project)
        for name, text in input_views(PRODUCTION):
            engine.view(f"{project}.{name}", text)
            self.client.schemas[f"{project}.{name}"] = self.client.schemas[f"{PRODUCTION}.{name}"]  # type: ignore[attr-defined]
        for own in tables():
            if own.owner != "upstream":
                engine.create(names.table(own.name), own.fields)
        make_views(engine, names, _own_views(), PRODUCTION)

    def zones_arrive(self, day: Day, at: datetime) -> None:
        engine, store = self.made.engine, self.made.name("ml_feature_store_v2")
        engine.script(f"DELETE FROM `{store}` WHERE game_date = '{day.game_date}'", [])
        self.put({"ml_feature_store_v2": day.features(late=True)})
        if day.said:
            games = self.made.name("pending_bdb_games")
            engine.script(f"UPDATE `{games}` SET status = '{day.said}' WHERE game_date = '{day.game_date}'", [])

    def predict_over(self, day: date, rows: Sequence[Mapping[str, Any]], at: datetime) -> None:
        name = self.made.name("player_prop_predictions")
        act = f"SET superseded = TRUE, superseded_at = '{at.isoformat()}', superseded_reason = 'bdb_upgrade'"
        where = f"WHERE game_date = '{day}' AND (superseded IS NULL OR superseded = FALSE)"
        self.made.engine.script(f"UPDATE `{name}` {act} {where}", [])
        self.put({"player_prop_predictions": [{**row, "created_at": at.isoformat()} for row in rows]})


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


class Functions(Web):
    """The functions over a warehouse with SQL."""

    def __init__(self, made: EvaluatorHarness, at: datetime, systems: Sequence[str]) -> None:
        self.bench = WebBench(
            [],
            systems=tuple(systems),
            run_for=by_version(systems),
            players_per_request=50,
            feature_versions=FeatureVersions(ACCEPTED, upstream_versions()),
        )
        self.bench.push = self.push
        self.bench.clock.advance((at - self.bench.clock.now()).total_seconds())
        self.bench.deps = replace(self.bench.deps, warehouse=made.warehouse, ledger=made.ledger)
        self.settings = read_settings(environment())
        wired = App(self.settings, self.bench.deps, Gatekeeper(self.settings))
        self.routers = {name: router(wired) for name, router in ROUTERS.items()}
        self.apps = {name: served(router) for name, router in self.routers.items()}
        self._one = threading.Lock()

    def answer(self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> Any:
        """What the coordinator answers; messages and events are delivered before and after."""
        with self._one:
            self.settle()
            where = urlsplit(path)
            client = Client(self.apps["coordinator"])
            found = client.open(
                where.path, query_string=where.query, method=method, json=body, headers={**headers, "X-API-Key": KEY}
            )
            if found.status_code >= 400:
                raise problem_from_answer(found.status_code, found.data)
            self.settle()
            return found.json

    def settle(self) -> None:
        """Deliver all messages and events; a minute goes by."""
        if self.bench.queue.waiting or self.bench.events:
            self.bench.drain()
            self.bench.clock.advance(60)


@dataclass
class InProcess(Takeover):
    """The guide's commands, typed into the command line of this process."""

    home: Path = Path()
    functions: Functions = field(init=False)

    def __post_init__(self) -> None:
        self.functions = Functions(self.platform.made, self.at, self.systems)  # type: ignore[attr-defined]
        for day in self.old:
            self.leave(day)
        self.functions.bench.events.clear()

    @contextmanager
    def wired(self) -> Iterator[None]:
        """Let commands reach the functions and the evaluator, at the moment from which the platform lives."""

        def sent(_: Coordinator, method: str, path: str, body: Any, headers: Any, __: float) -> Any:
            return self.functions.answer(method, path, body, headers)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Coordinator, "_sent", sent)
            patch.setattr(Reader, "queries", property(lambda _: ThroughClient(self.platform.client)))
            patch.setattr(Reader, "client", property(lambda _: self.platform.client))
            patch.setattr(clock._Clock, "ahead", clock.ahead_of(clock.anchored(self.at.isoformat())))
            yield

    def regen(self, *arguments: str, code: int = 0) -> str:
        env = {
            "REGEN_LOCAL_HOME": str(self.home), "REGEN_CONFIG": str(self.home / "none"), "REGEN_PROFILE": "",
            "COORDINATOR_URL": NO_SERVER, "API_KEY": KEY, "PROJECT_ID": PRODUCTION, "BIGQUERY_EMULATOR_HOST": NO_SERVER,
        }  # fmt: skip
        result = run_command(arguments, env)
        assert result.exit_code == code, f"{arguments}: {result.exit_code}\n{result.output}"
        return result.stdout

    def adapting(self, command: str) -> None:
        """The tool's statements for each table, by its functions."""
        assert "python tools/infra_adopt.py player_prop_predictions > add.sql" in command
        for name in recorded.ADOPTED:
            there = self.platform.described(name)
            assert list(adopt.conflicts(table(name), there)) == []
            reference = there["tableReference"]
            dataset = f"{reference['projectId']}.{reference['datasetId']}"
            self.said[name] = "".join(f"{text}\n" for text in adopt.statements(table(name), there, dataset))

    def cleared(self, command: str) -> None:
        """Firestore's documents of the predecessor are deleted."""
        self.noted(command)
        if "bulk-delete" in command:
            store = self.functions.bench.store
            names = [f"{documents.BATCHES}/{documents.left(day.game_date, None)[0]}" for day in self.old]
            store.commit([Write("delete", name, {}) for name in names])
            self.functions.bench.events.clear()

    def leave(self, day: Day) -> None:
        bench = self.functions.bench
        name, fields = documents.left(day.game_date, bench.clock.now())
        bench.store.commit([Write("put", f"{documents.BATCHES}/{name}", fields)])

    def now(self) -> datetime:
        """A little after what the functions have done."""
        return self.functions.bench.clock.now() + timedelta(minutes=1)

    def predicted_over(self, command: str) -> None:
        super().predicted_over(command)
        self.functions.bench.clock.advance(timedelta(hours=2).total_seconds())
