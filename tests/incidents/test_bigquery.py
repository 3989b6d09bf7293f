"""C: what BigQuery is given, how often, and what it may hold."""

import random
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from google.api_core import exceptions as google_exceptions

import regen
from googlesql.catalogue import made
from googlesql.discovery import Found
from googlesql.partitions import unbounded
from googlesql.test_partitions import BOUNDED
from incidents.scenes import Http, current_rows, seeded, superseded_rows, with_warehouse
from regen.adapters.bigquery.jobs import PATIENCE, Jobs
from regen.adapters.bigquery.warehouse import BigQueryWarehouse
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.domain import ids
from regen.domain.batch import Batch, Kind, Status
from regen.domain.errors import InvalidInput, RateLimited, Unavailable
from regen.domain.estimate import Estimate
from regen.domain.inputs import PlayerInputs
from regen.domain.outcome import Outcome, OutcomeKind, Prediction
from regen.domain.predict import Gate, Naming, predict_player
from regen.domain.result_rows import prediction_row, run_row
from regen.domain.scope import Scope
from regen.domain.values import replace
from regen.schemas import normalise, normalise_value, table
from regen.schemas.staging import FILLED, prediction_columns
from regen.services.batch import orders
from regen.services.healing import orphans
from regen.sql.lists import AUDIT_FILLED, audit_columns
from regen.sql.render import source
from support.bench import Bench
from support.league import DAY, SYSTEMS, Flat, entry, mixed_players, names, old_row, players
from support.warehouse_rows import everyone

google: Any = google_exceptions
STATEMENTS = sorted(f.name[:-4] for f in resources.files("regen.sql").iterdir() if f.name.endswith(".sql"))
SRC = Path(regen.__file__).parent


def test_i30_a_bad_row_fails_its_own_player_only() -> None:
    """A player without a line has an empty list; one whose row the tables refuse fails by name, the others go on.

    Prevented in: src/regen/schemas/normalising.py, src/regen/services/batch/verifying.py
    Turns red when: `_stage` of the verification does not set aside the players whose rows are refused.
    """
    lineless = entry("lineless", lines=())

    class Careless(Flat):
        def estimate(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Estimate:
            made = super().estimate(inputs, others)
            return replace(made, warnings=("a\x00b",)) if inputs.player_lookup == "refused" else made

    bench = Bench(
        [*players(18), lineless, entry("refused")], run_for=lambda w, version: [Careless(name, 0.0) for name in w]
    )
    seeded(bench)
    batch = bench.run()
    assert (batch.status, batch.counts.produced, batch.counts.failed) == (Status.PROMOTED, 19, 1)
    runs = {run["player_lookup"]: run for run in bench.warehouse.runs()}
    assert runs["lineless"]["line_values_requested"] == []
    assert (runs["refused"]["error_type"], runs["refused"]["success"]) == ("unstorable", False)
    assert "warnings" in runs["refused"]["error_message"]
    field = table("prediction_worker_runs").field("line_values_requested")
    with pytest.raises(InvalidInput, match="lists hold no nulls"):
        normalise_value("prediction_worker_runs", field, [24.5, None])


class _Slow:
    """A client that is asked to slow down a few times, and counts what it takes."""

    def __init__(self, refusals: int) -> None:
        self.refusals, self.taken = refusals, 0

    def query(self, _: str, **__: Any) -> Any:
        if self.refusals:
            self.refusals -= 1
            raise google.Forbidden("too many api requests", errors=[{"reason": "rateLimitExceeded"}])
        self.taken += 1
        return SimpleNamespace(result=lambda **_: ["done"], state="DONE")


def test_i31_a_rate_limited_job_is_retried_and_acts_once() -> None:
    """Asked to slow down, a job is submitted again with growing pauses, then once; its effect comes once.

    Prevented in: src/regen/adapters/bigquery/refusals.py, src/regen/adapters/bigquery/jobs.py
    Turns red when: `rateLimitExceeded` is not among the reasons that are worth a repetition.
    """
    pauses: list[float] = []
    client: Any = _Slow(3)
    jobs = Jobs(client, sleep=pauses.append)
    assert jobs.query("SELECT 1", [], "promote-b1-r1-t1") == ["done"]
    assert (client.taken, jobs.submitted, len(pauses)) == (1, 1, 3)
    assert all(pause <= limit for pause, limit in zip(pauses, PATIENCE, strict=False))
    with pytest.raises(RateLimited):
        Jobs(client := _Slow(99), sleep=pauses.append).query("SELECT 1", [], "b")  # type: ignore[arg-type]
    assert issubclass(RateLimited, Unavailable), "the message is answered 503 and comes again"


@pytest.mark.parametrize("number", [8, 400])
def test_i32_the_number_of_jobs_does_not_grow_with_players(number: int) -> None:
    """A batch costs at most eight jobs, for eight players or for four hundred.

    Prevented in: src/regen/services/batch/verifying.py, src/regen/services/batch/opening.py
    Turns red when: the slate, the staging or the current rows are read or loaded once for each request.
    """
    bench = Bench([entry(f"p{n}") for n in range(number)])
    bench.run()
    bench.sweep()
    assert bench.warehouse.submitted == 6
    assert {run["player_lookup"] for run in bench.warehouse.runs()} == {f"p{n}" for n in range(number)}


@pytest.mark.parametrize("seed", range(6))
def test_i33_a_player_system_and_line_has_one_current_row(seed: int) -> None:
    """Whatever is promoted, filtered or rolled back in whatever order: one row a key, one generation a player.

    Prevented in: src/regen/sql/promote.sql, src/regen/adapters/memory/promoting.py
    Turns red when: replacements are looked up by player without the system.
    """
    rng = random.Random(seed)  # noqa: S311
    bench = Bench(mixed_players(rng, 14))
    bench.warehouse.seed_predictions([old_row(p, s, line) for p in names(14) for s in SYSTEMS for line in (18.5, None)])
    covered = {(row["player_lookup"], row["system_id"]) for row in current_rows(bench)}
    out = {"out"}
    for number in range(5):
        bench.slate(mixed_players(rng, 14))
        scope = rng.choice([Scope(), Scope(), Scope(players=("playera", "playerc")), Scope(systems=("bold",))])
        batch = bench.run(f"t{number}", scope=scope)
        if batch.status is Status.REJECTED and (batch.verdict or {}).get("failed") == ["coverage"]:
            orders.promote(bench.deps, bench.order(batch), ["coverage"])
            bench.drain()
        elif batch.status is Status.PROMOTED and rng.random() < 0.3:
            orders.rollback(bench.deps, bench.order(batch))
            bench.drain()
        rows = current_rows(bench)
        keys = Counter((r["player_lookup"], r["game_id"], r["system_id"], r.get("current_points_line")) for r in rows)
        assert set(keys.values()) == {1}
        makers = {(r["player_lookup"], r["system_id"]): set[Any]() for r in rows}
        for row in rows:
            makers[row["player_lookup"], row["system_id"]].add(row.get("batch_id"))
        assert all(len(found) == 1 for found in makers.values())
        gone = covered - set(makers)
        withdrawn = {
            (row["player_lookup"], row["system_id"])
            for row in superseded_rows(bench).values()
            if row["superseded_by_prediction_id"] is None and row["superseded_reason"] in out
        }
        assert gone <= withdrawn
    heirs = source("promote").partition("superseded_by_prediction_id = (")[2].partition("ORDER BY")[0]
    assert "WHERE f.system_id = old.system_id" in heirs


class _KeepsStaging(MemoryWarehouse):
    """A warehouse that cannot drop tables."""

    def drop_staging(self, staging: str) -> None:
        raise Unavailable("the table could not be dropped")


def test_i34_rows_are_loaded_and_leftover_tables_are_reported() -> None:
    """Rows come by load job and transaction only; a table that could not be dropped is named, and harms nothing.

    Prevented in: src/regen/services/healing/orphans.py, src/regen/adapters/bigquery/warehouse.py
    Turns red when: any module streams rows (insert_rows), or orphaned_staging overlooks ended batches' tables.
    """
    bench = Bench()
    with_warehouse(bench, _KeepsStaging(bench.clock.now))
    answer = bench.regenerate()
    with pytest.raises(Unavailable):
        bench.drain()
    bench.sweep()
    assert bench.batch(answer.batch_id).status is Status.PROMOTED
    bench.clock.advance(timedelta(hours=3).total_seconds())
    assert len(orphans.orphaned_staging(bench.deps)) == 1
    streaming = re.compile(r"insert_rows|insertAll|tabledata|BigQueryWriteClient|append_rows")
    files = list(SRC.rglob("*.py"))
    assert len(files) > 100
    assert [f.name for f in files if streaming.search(f.read_text())] == []


def _batch() -> Batch:
    at = datetime(2026, 1, 20, tzinfo=UTC)
    return Batch(
        "b1", Kind.REGENERATION, DAY, "x", Status.VERIFYING, "t", at, at, at, at, thresholds={}, min_minutes=15.0
    )


def _outcome(line: float | None = 24.5, **more: Any) -> Outcome:
    fields = {"points": 26.0, "sd": 5.0, "confidence": 55.0, "recommendation": "OVER", "line": line, **more}
    return Outcome("p", "g", OutcomeKind.PRODUCED, predictions=(Prediction("id", "steady", "1", **fields),))


def test_i35_one_schema_file_defines_each_table() -> None:
    """Every column that a row carries is in its table's file, and the statements' lists are made from these files.

    Prevented in: src/regen/schemas/staging.py, src/regen/sql/lists.py, src/regen/domain/result_rows.py
    Turns red when: a column is renamed in player_prop_predictions.json, or added to a row only.
    """
    batch, outcome = _batch(), _outcome()
    (prediction,) = outcome.predictions
    at = batch.created_at
    row = normalise(table("player_prop_predictions"), prediction_row(batch, outcome, prediction, at), without=FILLED)
    assert row["prediction_id"] == "id"
    assert normalise(table("prediction_worker_runs"), run_row(batch, outcome, at))["player_lookup"] == "p"
    columns = table("player_prop_predictions").columns
    assert sorted(columns) == sorted([*prediction_columns(), *FILLED])
    assert len(set(columns)) == len(columns)
    for statement in ("promote", "rollback"):
        places = set(re.findall(r"\{(\w+)\}", source(statement)))
        assert places >= {"audit_columns", "audit_values"}
        inserts = re.findall(r"INSERT INTO \{\w+\} \(([^)]*)\)", source(statement))
        assert all("{" in columns for columns in inserts), "columns are listed by hand"
    assert sorted(table("prediction_regeneration_audit").columns) == sorted([*audit_columns(), *AUDIT_FILLED])


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_i36_what_is_no_number_is_refused_row_by_row(bad: float) -> None:
    """Numpy's types are converted to the schema's; NaN and infinity fail only the player who has them.

    Prevented in: src/regen/schemas/normalising.py, src/regen/domain/predict.py
    Turns red when: `_float` lets through what is not finite, or the gate does not look at the features.
    """
    assert type(normalise_value("t", table("player_prop_predictions").field("prediction_version"), np.int64(1))) is int
    with pytest.raises(InvalidInput, match="finite"):
        normalise_value("t", table("player_prop_predictions").field("predicted_points"), bad)
    bench = Bench([*players(19), entry("broken", form=bad)])
    batch = bench.run()
    assert (batch.status, batch.counts.produced) == (Status.PROMOTED, 19)
    (failed,) = [run for run in bench.warehouse.runs() if not run["success"]]
    assert (failed["player_lookup"], failed["error_type"]) == ("broken", "invalid_features")


def test_i37_replays_are_commands_and_no_row_is_deleted() -> None:
    """Redrive and rollback stand in place of hand-written merges; a dry run writes nothing; no statement deletes rows.

    Prevented in: src/regen/services/batch/orders.py, src/regen/web/coordinator.py
    Turns red when: `regenerate` overlooks `dry_run`, or a statement deletes predictions.
    """
    bench = Bench([*players(6), *(entry(f"late{n}", features=False) for n in range(2))])
    seeded(bench, 6)
    body = b'{"game_date": "2026-01-20", "dry_run": true}'
    http = Http(bench.deps)
    http.key("GET", "/batches")
    written = bench.store.writes  # the heartbeat of the minute
    preview = http.key("POST", "/regenerate-with-supersede", body)
    assert (preview.status, preview.body["requested_players"], bench.store.writes) == (200, 8, written)
    before = bench.current()
    batch = bench.run()
    assert batch.status is Status.REJECTED
    bench.slate([*players(6), *(entry(f"late{n}") for n in range(2))])
    orders.redrive(bench.deps, bench.order(batch))
    bench.drain()
    assert (bench.batch(batch.batch_id).status, len(bench.current())) == (Status.PROMOTED, 16)
    rows = len(bench.warehouse.predictions(DAY))
    orders.rollback(bench.deps, bench.order(batch))
    bench.drain()
    assert bench.current() == before
    assert len(bench.warehouse.predictions(DAY)) > rows
    assert [name for name in STATEMENTS if re.search(DESTROYS, source(name))] == []


#: Nothing is ever deleted but the spare rows of a fence that older versions doubled, inputs that are imported anew, and
#: figures of a day that a later grading measures anew.
DESTROYS = r"\b(DELETE(?! FROM \{(?:promotion_fence|target|prediction_quality)\})|TRUNCATE|DROP)\b"


@pytest.mark.parametrize("found", BOUNDED, ids=lambda found: found.name)
def test_i39_every_statement_filters_the_partition(found: Found) -> None:
    """No statement reads a whole table: each scan's partition is bounded by a literal or a parameter, judged on GoogleSQL's resolved tree.

    Prevented in: src/regen/sql/promote.sql, src/regen/adapters/bigquery/jobs.py
    Turns red when: any statement loses its condition on the partition column, on either side of a JOIN or on a MERGE's target.
    """
    resolved = made().script(found.text, found.parameters)
    assert [scan for statement in resolved for scan in unbounded(statement)] == []


def test_i39_every_query_limits_the_bytes_it_may_bill() -> None:
    """The limit on bytes billed goes with every query.

    Prevented in: src/regen/adapters/bigquery/jobs.py
    Turns red when: `Jobs.query` does not pass `maximum_bytes_billed` on.
    """
    seen: list[Any] = []

    def query(_: str, *, job_config: Any, **__: Any) -> Any:
        seen.append(job_config.maximum_bytes_billed)
        return SimpleNamespace(result=lambda **_: [], state="DONE")

    client: Any = SimpleNamespace(query=query)
    Jobs(client, maximum_bytes_billed=10**9).query("SELECT 1", [])
    assert seen == [10**9]


def test_i40_staging_expires_and_orphans_are_reported() -> None:
    """A batch needs one staging table, with its own expiry; a table without a live batch is listed after two hours.

    Prevented in: src/regen/adapters/bigquery/warehouse.py, src/regen/services/healing/orphans.py
    Turns red when: `_create_staging` makes the table without `expires`.
    """
    made: list[Any] = []

    def create_table(wanted: Any, **_: Any) -> Any:
        made.append(wanted)
        return SimpleNamespace(created=datetime.now(UTC))

    load = SimpleNamespace(result=lambda **_: None, state="DONE")
    client: Any = SimpleNamespace(create_table=create_table, load_table_from_file=lambda *_, **__: load)
    assert BigQueryWarehouse(client, "a-project").stage("s_1", everyone("b1", ["p", "q"])) == 4
    (staged,) = made
    assert timedelta(hours=1) < staged.expires - datetime.now(UTC) <= timedelta(hours=24)
    bench = Bench()
    bench.run()
    assert bench.warehouse.staging_tables() == []
    bench.warehouse.stage("left_behind", everyone("b1", ["p"]))
    bench.clock.advance(timedelta(hours=2, minutes=1).total_seconds())
    assert orphans.orphaned_staging(bench.deps) == ["left_behind"]
    bench.clock.advance(timedelta(hours=23).total_seconds())
    assert bench.warehouse.staging_tables() == []


def test_i41_each_line_and_no_line_have_rows_of_their_own() -> None:
    """24.5 and 25.0 have rows, ids and replacements of their own, and so has a prediction without a line.

    Prevented in: src/regen/domain/ids.py, src/regen/domain/lines.py
    Turns red when: `prediction_id` rounds the line to whole points.
    """
    made = {ids.prediction_id("b", 1, "p", "g", "s", line) for line in (24.0, 24.5, 25.0, 25.5, 26.0, None)}
    assert len(made) == 6
    inputs = entry("p", form=30.0, lines=(24.5, 25.0)).inputs
    assert inputs is not None
    bench = Bench([entry("p", form=30.0, lines=(24.5, 25.0)), entry("o", status="out")])
    outcome = predict_player(
        inputs, bench.deps.config.run_for(SYSTEMS, "v1"), SYSTEMS, Gate(None, 50.0), Naming("b", 1)
    )
    assert len({p.prediction_id for p in outcome.predictions}) == len(outcome.predictions) == 4
    bench.warehouse.seed_predictions([old_row("p", "steady", line, points=29.0) for line in (24.5, 25.0, None)])
    bench.run()
    assert {line for _, _, line in bench.current()} == {24.5, 25.0}
    rows = {row["prediction_id"]: row for row in bench.warehouse.predictions(DAY)}
    links = {
        row["current_points_line"]: rows[row["superseded_by_prediction_id"]]["current_points_line"]
        for row in superseded_rows(bench).values()
    }
    assert (links[24.5], links[25.0]) == (24.5, 25.0)
