"""The rehearsal without processes: the guide's commands as the requests that they send, on the predecessor's tables.

The functions are served over the real adapter, whose SQL Google's evaluator runs; Pub/Sub and Firestore are in memory. Tables are made as
they are after the adopting statements, which the evaluator does not run. tests/acceptance/test_takeover.py plays all of it on the
local stack: shadow, adoption and Firestore, too. The season's box scores are too short to be graded here: that run compares errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from acceptance import takeover_checks as checks
from acceptance.takeover import Takeover
from googlesql.warehouse import EvaluatorHarness
from regen.domain.feature_versions import FeatureVersions
from regen.features.upstream import upstream_versions
from regen.features.versions import ACCEPTED
from regen.schemas import Field, table
from regen.systems import by_version, system_ids
from regen.web.bootstrap import App
from regen.web.callers import Gatekeeper
from regen.web.settings import read_settings
from support import predecessors_tables as recorded
from support.predecessors_inputs import Day, box_scores, upstream_days
from support.predecessors_platform import INFRA, OWN_VIEWS
from support.predecessors_rows import predicted
from support.season_factory import season
from support.web_bench import ROUTERS, Web, WebBench, environment, served

INPUTS = ("ml_feature_store_v2", "player_game_summary", "upcoming_player_game_context")


def fields(name: str) -> list[Field]:
    """The columns of a table: upstream's as recorded, an adopted one's with regen's beside them."""
    known = {
        f["name"]: Field(f["name"], f["type"], f["mode"], "") for f in recorded.described(name)["schema"]["fields"]
    }
    added = [] if name in INPUTS else [f for f in table(name).fields if f.name not in known]
    loose = [replace(f, mode="NULLABLE" if f.mode == "REQUIRED" else f.mode) for f in added]
    free = {"prediction_regeneration_audit": {"game_date"}}.get(name, set())
    return [replace(f, mode="NULLABLE") if f.name in free else f for f in known.values()] + loose


class EvaluatedPlatform:
    """What a rehearsal asks of a platform, in the evaluator."""

    def __init__(self) -> None:
        own = {view: (INFRA / "sql" / f"{view}.sql").read_text(encoding="utf-8") for view in OWN_VIEWS}
        self.made = EvaluatorHarness(own)
        for name in (*INPUTS, *recorded.ADOPTED):
            self.made.engine.create(self.made.name(name), fields(name))
            columns: Any = fields(name)
            self.made.client.schemas[self.made.name(name)] = columns  # type: ignore[attr-defined]

    def put(self, rows: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
        for name, found in recorded.of_tables(rows, self.made.names.project).items():
            self.made.engine.load(name, found)

    def found(self, name: str, first: date, last: date | None = None) -> list[dict[str, Any]]:
        return [row for row in self.made.table(name) if first <= row["game_date"] <= (last or first)]

    def run(self, text: str) -> list[dict[str, Any]]:
        return self.made.engine.script(text, [])[0]

    def zones_arrive(self, day: Day, at: datetime) -> None:
        engine, store = self.made.engine, self.made.name("ml_feature_store_v2")
        engine.script(f"DELETE FROM `{store}` WHERE game_date = '{day.game_date}'", [])
        self.put({"ml_feature_store_v2": day.features(late=True)})
        if day.said:
            games = self.made.name("pending_bdb_games")
            engine.script(f"UPDATE `{games}` SET status = '{day.said}' WHERE game_date = '{day.game_date}'", [])

    def predict_over(self, day: date, rows: list[dict[str, Any]], at: datetime) -> None:
        name = self.made.name("player_prop_predictions")
        act = f"SET superseded = TRUE, superseded_at = '{at.isoformat()}', superseded_reason = 'bdb_upgrade'"
        where = f"WHERE game_date = '{day}' AND (superseded IS NULL OR superseded = FALSE)"
        self.made.engine.script(f"UPDATE `{name}` {act} {where}", [])
        self.put({"player_prop_predictions": [{**row, "created_at": at.isoformat()} for row in rows]})


class Functions(Web):
    """The functions over a warehouse with SQL."""

    def __init__(self, made: EvaluatorHarness, at: datetime) -> None:
        self.bench = WebBench(
            [],
            systems=system_ids(),
            run_for=by_version(system_ids()),
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


class Requests(Takeover):
    """Commands as the requests that they send."""

    functions: Functions

    def asked_for(self, path: str, body: Mapping[str, Any], code: int) -> None:
        """Send a request that opens a batch, and see it to its end."""
        said = self.functions.post(path, body, {"Idempotency-Key": f"key-{len(self.said)}-{path}-{body}"})
        assert said.status_code == 202, said.json
        self.functions.bench.drain()
        self.functions.bench.clock.advance(60)
        batch = self.functions.bench.batch((said.json or {})["batch_id"])
        assert (batch.status.value == "promoted") == (code == 0), (batch.status, batch.error)

    def regen(self, *arguments: str, code: int = 0) -> str:
        word, *rest = arguments
        self.said[f"{len(self.said)}"] = " ".join(arguments)
        if word == "start":
            self.asked_for("/start", {"game_date": rest[0], **({"only": "missing"} if "--only" in rest else {})}, code)
        elif word == "regenerate":
            reason = rest[rest.index("--reason") + 1]
            self.asked_for("/regenerate-with-supersede", {"game_date": rest[0], "reason": reason}, code)
        return ""

    def json(self, *arguments: str, code: int = 0) -> Any:
        word, *rest = arguments
        ledger, at = self.platform.made.ledger, self.functions.bench.clock.now()  # type: ignore[attr-defined]
        first, last = (date.fromisoformat(text) for text in (rest[0], rest[-1])) if word != "bdb" else (None, None)
        if word == "bdb":
            report = self.functions.post("/bdb/scan", {}, {"Idempotency-Key": f"scan-{len(self.said)}"}).json
            self.functions.bench.drain()
            self.functions.bench.clock.advance(60)
            return report
        if word == "grade":
            return {"dates": [{"graded": g.graded, "gradable": g.gradable} for g in ledger.grade(first, last, at)]}
        assert word == "coverage"
        name = f"{self.platform.made.names.dataset('nba_predictions')}.prediction_coverage"  # type: ignore[attr-defined]
        rows = self.platform.run(f"SELECT * FROM `{name}` WHERE game_date BETWEEN '{first}' AND '{last}'")
        return [{**row, "game_date": row["game_date"].isoformat()} for row in rows]

    def verify(self) -> None:
        at = self.functions.bench.clock.now() + timedelta(hours=1)
        found = self.platform.made.ledger.verify(self.old[1].game_date, self.new[-1].game_date, at, 90.0)  # type: ignore[attr-defined]
        assert [one for one in found if one.violations] == []
        assert len(found) > 20


@pytest.fixture(scope="module")
def takeover() -> Requests:
    data = season(days=20)
    days = list(upstream_days(data, sorted({log.game_date for log in data.logs})[-8:], games=1))
    at = datetime.combine(days[-1].game_date + timedelta(days=5), time(17), UTC)
    platform: Any = EvaluatedPlatform()
    rows = {**box_scores(data, days[0].game_date - timedelta(days=60)), **predicted(days[:6])}
    made = Requests(local=None, platform=platform, days=days, at=at)  # type: ignore[arg-type]
    for day in days:
        for name, found in day.tables().items():
            late = name == "ml_feature_store_v2" and day is made.truncated
            rows.setdefault(name, []).extend([] if late else found)
    platform.put(rows)
    made.functions = Functions(platform.made, at)
    return made


@pytest.mark.long
def test_the_days_are_taken_over(takeover: Requests) -> None:
    graded = [row for day in takeover.old for row in takeover.platform.found("prediction_accuracy", day.game_date)]
    takeover.follow(4)
    for day in takeover.new:
        takeover.live_through(day)
    before = {day.game_date: takeover.predictions(day) for day in takeover.old}
    for day in takeover.old[1:4]:  # one survivor of five lines, a date regenerated before, and all five lines
        takeover.regen("regenerate", day.game_date.isoformat(), "--reason", "backfill")
        checks.all_superseded_once(takeover, day, before[day.game_date])
    checks.grades_are_left_alone(takeover, graded)
    takeover.verify()
    takeover.today = takeover.new[-1]
    takeover.follow(6, {"gcloud scheduler jobs resume": takeover.predicted_over, "regen verify": takeover.noted})
    checks.back_in_charge(takeover, takeover.today)
    takeover.verify()
