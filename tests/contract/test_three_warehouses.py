"""One life of a date on GoogleSQL's evaluator, on the local emulator and in memory: the same rows, to the last column."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from googlesql.warehouse import EvaluatorHarness
from regen.adapters.bigquery.clients import emulator_client
from regen.adapters.bigquery.ledger import BigQueryLedger
from regen.adapters.memory.ledger import MemoryLedger
from regen.client.reader import Reader
from regen.domain.audit import AuditEvent
from regen.domain.errors import RegenError
from regen.domain.promotion import StagedRow
from regen.domain.quality import Limits, measured
from regen.ports import Ledger, Warehouse
from regen.sql.views import views
from support.box_scores import box, scored
from support.official import read_through
from support.warehouse_rows import (
    CHALLENGER,
    challenger,
    entry,
    everyone,
    fence,
    new,
    old,
    promotion,
    rollback,
    run,
    slate,
    staging,
)
from support.warehouses import DAY, PROJECT, BigQueryHarness, MemoryHarness, at

#: One worker lives the life once.
pytestmark = pytest.mark.xdist_group("bigquery")

PLAYERS = ("anton", "bela", "carl")
Rows = list[dict[str, Any]]
Evaluated = tuple[list[Any], dict[str, Rows], EvaluatorHarness]
TABLES = (
    *("player_prop_predictions", "prediction_regeneration_audit", "prediction_worker_runs", "prediction_accuracy"),
    "prediction_quality",
    "prediction_challengers",
)
KEYS = {
    "player_prop_predictions": "prediction_id",
    "prediction_regeneration_audit": "event_id",
    "prediction_worker_runs": "request_id",
    "prediction_accuracy": "prediction_id",
    "prediction_quality": "system_id",
    "prediction_challengers": "prediction_id",
}
LIMITS = Limits(mae=0.5, bias=0.5, hit_pct=100, calibration_pct=1, skew_pct=50, lined_pct=100, rise_pct=0)
#: The moment of writing, which nothing but the warehouse's own clock knows.
CLOCK = {"prediction_regeneration_audit": {"created_at"}}


def life(warehouse: Warehouse, ledger: Ledger, load: Callable[[Rows], None]) -> list[Any]:
    """Promotion, filtered promotion, a refused one, a record twice, a rejected round, rollback, grades; what each answers."""
    told: list[Any] = []

    def act(function: Callable[[], Any]) -> None:
        try:
            told.append(function())
        except RegenError as error:
            told.append(type(error).__name__)

    def promote(batch: str, token: int, rows: Sequence[StagedRow], minute: int, **more: Any) -> None:
        count = warehouse.stage(staging(batch, token), rows)
        warehouse.raise_fence(fence(batch, token))
        act(lambda: warehouse.promote(promotion(batch, token, more.pop("expected", count), minute=minute, **more)))

    warehouse.record([entry("b1", AuditEvent.REQUESTED, at(-1))])
    promote("b1", 1, everyone("b1", PLAYERS), 0)
    for minute in (1, 2):  # again, as a later owner of the batch does, later and with rows of its own
        theirs = [challenger("b1", p, line, created_at=at(minute)) for p in PLAYERS for line in (24.5, None)]
        warehouse.keep_challengers("b1", 1, theirs[minute - 1 :])
    warehouse.record([entry("b1", AuditEvent.REQUESTED, at(-1)), entry("b1", AuditEvent.HEALED, at(1))])
    promote("b2", 2, [*slate("bela"), new("b2", "bela", "ensemble_v1", 25.0), run("b2", "bela")], 10, whole_slate=False)
    promote("b3", 3, [*slate("anton", "bela"), *(new("b3", "anton", s, None) for s in ("moving_average", "ensemble_v1")),
                      StagedRow("withdrawal", "bela", "out")], 20)  # fmt: skip
    promote("b4", 4, everyone("b4", PLAYERS), 30, expected=99)
    warehouse.record([entry("b4", AuditEvent.REJECTED, at(31))], staging("b4", 4))
    load(box(anton=25, bela=None, carl=12))
    act(lambda: ledger.grade(DAY, DAY, at(40)))
    act(lambda: ledger.grade(DAY, DAY, at(41)))
    warehouse.raise_fence(fence("b3", 5))
    act(lambda: warehouse.rollback(rollback("b3", 5, minute=50)))
    act(lambda: ledger.grade(DAY, DAY, at(60)))
    load([{**scored("anton", 27), "processed_at": datetime(2026, 2, 3, tzinfo=UTC)}])
    act(lambda: ledger.grade(DAY, DAY, at(70)))
    act(lambda: ledger.quality(DAY, DAY))
    act(lambda: ledger.grade_challengers(DAY, DAY, at(75)))
    load([{**scored("anton", 28), "processed_at": datetime(2026, 2, 4, tzinfo=UTC)}])
    act(lambda: ledger.grade_challengers(DAY, DAY, at(76)))
    for minute in (80, 81, 79):  # again, as a redelivered message does; and late, as an instance that was suspended
        ledger.keep_quality(DAY, measured(ledger.quality(DAY, DAY), DAY, LIMITS), at(minute))
    act(lambda: warehouse.current_predictions(DAY))
    return told


SEED = [old(player, system, line) for player in (*PLAYERS, "dora") for system in ("moving_average", "ensemble_v1") for line in (24.5, 25.0)]  # fmt: skip


@pytest.fixture(scope="module")
def evaluated() -> Evaluated:
    """The life on the evaluator: its answers and its tables; tests only read from it."""
    harness = EvaluatorHarness()
    harness.seed(SEED)
    told = life(harness.warehouse, harness.ledger, lambda rows: harness.load("player_game_summary", rows))
    return told, {name: normal(name, harness.table(name)) for name in TABLES}, harness


def normal(name: str, rows: Sequence[Mapping[str, Any]]) -> Rows:
    """Rows in the order of their keys, values as JSON has them, without what only a clock knows."""
    skipped = CLOCK.get(name, set())
    return sorted(
        ({column: _plain(value) for column, value in row.items() if column not in skipped} for row in rows),
        key=lambda row: (str(row[KEYS[name]]), str(row)),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, str) and value[:5] in {"2026-", "2025-"}:
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return round(value, 9)
    if isinstance(value, str) and value[:1] in {"{", "["}:
        return json.loads(value)
    return [] if value is None else value


def test_memory_returns_the_same_rows_as_googlesql(evaluated: Evaluated) -> None:
    told, tables, _ = evaluated
    harness = MemoryHarness()
    harness.seed(SEED)
    ledger = MemoryLedger(harness.warehouse)
    assert life(harness.warehouse, ledger, ledger.scores.extend) == told
    assert normal("player_prop_predictions", harness.predictions(DAY)) == tables["player_prop_predictions"]
    assert normal("prediction_accuracy", list(ledger.grades.values())) == tables["prediction_accuracy"]
    theirs = tables["prediction_challengers"]
    assert [
        {**{column: [] for column in theirs[0]}, **row}
        for row in normal("prediction_challengers", harness.warehouse.challengers(DAY))
    ] == theirs
    assert normal("prediction_quality", ledger.figures[DAY]) == tables["prediction_quality"]
    assert [(row["system_id"], row["window_days"], row["measured_at"]) for row in tables["prediction_quality"]] == [
        (system, days, at(81).isoformat()) for system in ("ensemble_v1", "moving_average") for days in (28, 7)
    ]
    known = [
        {column: row[column] for column in audit} for row, audit in zip(
            tables["prediction_regeneration_audit"], normal("prediction_regeneration_audit", harness.audit()), strict=True)
    ]  # fmt: skip
    assert normal("prediction_regeneration_audit", harness.audit()) == known
    runs = tables["prediction_worker_runs"]
    assert [
        {**{column: [] for column in runs[0]}, **row} for row in normal("prediction_worker_runs", harness.runs())
    ] == runs


def test_emulator_returns_the_same_rows_as_googlesql(bigquery_url: str, evaluated: Evaluated) -> None:
    told, tables, evaluator = evaluated
    # Datasets of its own: what other tests leave in the input tables would be looked at, too.
    found = BigQueryHarness(emulator_client(bigquery_url, PROJECT))
    found.seed(SEED)
    ledger = BigQueryLedger(found.warehouse.jobs, found.warehouse._names)
    assert life(found.warehouse, ledger, lambda rows: found.load("player_game_summary", rows)) == told
    for name in TABLES:
        assert normal(name, found.rows(f"SELECT * FROM `{found.name(name)}`")) == tables[name], name
    now = datetime(2026, 2, 2, tzinfo=UTC)
    # The examples' words differ: the emulator writes NUMERIC with nine digits (see the test below).
    said = [
        [(f.name, f.checked, f.violations) for f in one.verify(DAY, DAY, now, 90.0)]
        for one in (ledger, evaluator.ledger)
    ]
    assert said[0] == said[1]
    assert ledger.survey(DAY, DAY) == evaluator.ledger.survey(DAY, DAY)
    span = {"first": DAY, "last": DAY}
    assert read(found, "diff", batches="b1,b2,b3", **span) == read(evaluator, "diff", batches="b1,b2,b3", **span)
    assert read(found, "coverage", **span) == read(evaluator, "coverage", **span)
    for sides in (("in-use", CHALLENGER), ("ensemble_v1", CHALLENGER), (CHALLENGER, "moving_average")):
        asked = {**span, "one": sides[0], "other": sides[1]}
        compared = read(found, "compare_rows", **asked)
        assert compared == read(evaluator, "compare_rows", **asked)
        assert {row["challenger"] for row in compared} == {None, CHALLENGER}
    for view in views():
        assert shown(found, view.name) == shown(evaluator, view.name), view.name


def shown(harness: BigQueryHarness | EvaluatorHarness, view: str) -> list[str]:
    """What a view has, each row as text."""
    rows = harness.client.query(
        f"SELECT * FROM `{harness.warehouse._names.dataset('nba_predictions')}.{view}`"
    ).result()
    return sorted(
        str({name: _plain(value) for name, value in dict(row).items() if name != "created_at"}) for row in rows
    )


def test_the_views_say_what_happened(evaluated: Evaluated) -> None:
    _, _, harness = evaluated
    batches = {row["batch_id"]: row for row in rows_of(harness, "batches")}
    assert {name: (row["status"], row["last_event"]) for name, row in batches.items()} == {
        "b1": ("healed", "healed"), "b2": ("promoted", "promoted"), "b3": ("rolled_back", "rolled_back"), "b4": ("rejected", "rejected"),
    }  # fmt: skip
    moves = rows_of(harness, "prediction_moves")
    assert {row["reason"] for row in moves if row["is_withdrawn"] and row["batch_id"] == "b3"} == {
        "out",
        "not_on_slate",
    }
    assert all(row["points_moved"] == row["new_points"] - row["old_points"] for row in moves if not row["is_withdrawn"])
    history = rows_of(harness, "prediction_history")
    assert {row["prediction_id"] for row in history if row["valid_to"] is None} == {
        row["prediction_id"] for row in harness.table("player_prop_predictions") if not row["superseded"]
    }
    assert all(row["valid_from"] <= row["valid_to"] for row in history if row["valid_to"])


def rows_of(harness: EvaluatorHarness, view: str) -> Rows:
    """A view's rows in the evaluator."""
    query = f"SELECT * FROM `{harness.names.dataset('nba_predictions')}.{view}`"
    return [dict(row) for row in harness.client.query(query).result()]


def read(harness: BigQueryHarness | EvaluatorHarness, name: str, **values: Any) -> Rows:
    names = harness.warehouse._names
    reader = read_through(Reader(names.project, "http://emulator", names.prefix), harness.client)
    return sorted(reader.run(name, **values), key=str)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("CAST(NUMERIC '25.0' AS STRING)", "25"),
        ("CAST(NUMERIC '24.50' AS STRING)", "24.5"),
        ("TO_JSON_STRING(CAST(NULL AS JSON))", "null"),
        ("TO_JSON_STRING(PARSE_JSON('{\"a\": 1.50}'))", '{"a":1.5}'),
    ],
)
def test_where_the_emulator_differs_googlesql_decides(sql: str, says: str) -> None:
    rows, _ = EvaluatorHarness().engine.script(f"SELECT {sql} AS x", [])
    assert rows == [{"x": says}]


@pytest.mark.parametrize("number", ["18446744073709551616", "-9223372036854775809"])
def test_json_with_an_integer_too_large_is_refused(number: str) -> None:
    from googlesql.engine import ScriptFailed  # noqa: PLC0415

    with pytest.raises(ScriptFailed, match="Invalid input to PARSE_JSON"):
        EvaluatorHarness().engine.script(f"SELECT PARSE_JSON('[{number}]') AS x", [])
