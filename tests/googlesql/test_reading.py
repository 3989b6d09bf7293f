"""What a statement reads of a date does not grow with how often the date was regenerated.

`verify_*.sql` is not looked at: its invariants are about every row. The commands that compare generations are not, either.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, cast

import pytest
from google.cloud import bigquery
from msgspec.structs import force_setattr

from googlesql.analyser import STAGING, Analyser
from googlesql.catalogue import analyser
from googlesql.discovery import DEFINITION, NAMES
from googlesql.partitions import scans
from googlesql.reading import Read, WatchedEngine, passes
from googlesql.types import scalar
from googlesql.warehouse import PROJECT, EvaluatorClient
from regen.adapters.bigquery.ledger import BigQueryLedger
from regen.adapters.bigquery.tables import VIEWS
from regen.adapters.bigquery.warehouse import BigQueryWarehouse
from regen.domain.audit import AuditEvent
from regen.sql import Names, render
from support.warehouse_rows import entry, everyone, fence, promotion, rollback, run, slate
from support.warehouses import DAY, at

__all__ = ["analyser"]

PLAYERS = ("karlanthonytowns",)
FEW, MANY = 3, 12
P = f"`{NAMES.table('player_prop_predictions')}`"
G = f"`{NAMES.table('prediction_accuracy')}`"
#: Tables with a row or more for each generation of a date.
AGEING = ("player_prop_predictions", "prediction_worker_runs", "prediction_regeneration_audit", "prediction_accuracy")
#: Scans that grow with the generations of a date: why nothing bounds them.
GROWING = {
    (
        "grade",
        "prediction_accuracy",
    ): "a grade is matched by its prediction's id, so that none is written twice, and the "
    "superseded ones are counted for the report: one a generation that was graded, not one a generation",
    (
        "survey",
        "player_prop_predictions",
    ): "coverage asks whether a player without current rows was withdrawn as postponed: only rows of the past say so",
    ("survey", "prediction_worker_runs"): "coverage asks for a player's newest run, whatever became of it",
}
#: Scans that no clustering helps: why.
UNPRUNED = {
    ("rollback", "player_prop_predictions"): "it looks for ids among what earlier rollbacks brought back; rare",
}
Reads = tuple[Read, ...]


@cache
def reads(generations: int) -> Reads:
    """The rows that each scan of each statement reads for one more batch, and whatever else runs for a date."""
    names = Names(PROJECT)
    views = {}
    for view in VIEWS:
        text = render(view, names)
        if (definition := DEFINITION.match(text)) is not None and definition[1] == "VIEW":
            views[definition[2]] = text[definition.end() :].strip()
    engine = WatchedEngine(names, views)
    _age(engine, names, generations)
    client: Any = EvaluatorClient(engine)
    warehouse = BigQueryWarehouse(cast("bigquery.Client", client), PROJECT)
    ledger = BigQueryLedger(warehouse.jobs, names)

    def watched(name: str, act: Callable[[], object]) -> None:
        engine.watching = name
        act()
        engine.watching = ""

    minute = generations
    staged = [*slate(*PLAYERS), *everyone("b_new", PLAYERS)]
    act = promotion("b_new", 1, 2, minute=minute)
    force_setattr(act, "staging", STAGING)
    warehouse.stage(STAGING, staged)
    watched("read_slate", lambda: warehouse.read_slate(DAY))
    watched("current_predictions", lambda: warehouse.current_predictions(DAY))
    watched("raise_fence", lambda: warehouse.raise_fence(fence("b_new", 1)))
    watched("promote", lambda: warehouse.promote(act))
    watched("promotion_of", lambda: warehouse.promotion_of(DAY, "b_new", 1))
    watched("bdb_games", lambda: ledger.bdb_games(DAY))
    watched("grade", lambda: ledger.grade(DAY, DAY, at(minute + 1)))
    watched("survey", lambda: ledger.survey(DAY, DAY))
    watched("changed_dates", lambda: ledger.changed_dates(at(minute)))
    watched("rollback", lambda: warehouse.rollback(rollback("b_new", 1, minute=minute + 2)))
    warehouse.stage(STAGING, [run("b_lost", player) for player in PLAYERS])
    watched("record", lambda: warehouse.record([entry("b_lost", AuditEvent.REJECTED, at(minute + 3))], STAGING))
    return tuple(engine.reads)


def _age(engine: WatchedEngine, names: Names, generations: int) -> None:
    """A played date as that many promotions, each graded, would have left it; the last of them is current."""
    predictions: list[dict[str, Any]] = []
    for number in range(generations):
        batch, after = f"b{number}", f"b{number + 1}"
        ended = {
            "superseded": True, "is_active": False, "superseded_at": at(number + 1), "superseded_reason": "bdb_available",
            "superseded_by_batch_id": after,
        }  # fmt: skip
        for staged in everyone(batch, PLAYERS):
            if staged.prediction is not None:
                row = {**staged.prediction, "round": 1, "created_at": at(number)}
                row |= dict.fromkeys(("key_factors", "warnings"))
                row |= {} if number == generations - 1 else ended
                predictions.append(row)
            elif staged.run is not None:
                more = {"run_date": at(number), "system_errors": None}
                engine.load(
                    names.table("prediction_worker_runs"), [{**staged.run, **more, "game_date": DAY.isoformat()}]
                )
        audit = entry(batch, AuditEvent.PROMOTED, at(number))
        engine.load(
            names.table("prediction_regeneration_audit"),
            [
                {
                    "event_id": audit.event_id, "event": "promoted", "regeneration_timestamp": audit.at,
                    "game_date": DAY.isoformat(), "batch_id": batch, "round": 1, "created_at": audit.at,
                    "reason": "bdb_available", "triggered_by": "t",
                }
            ],
        )  # fmt: skip
    engine.load(names.table("player_prop_predictions"), predictions)
    graded = [
        {
            "prediction_id": row["prediction_id"], "player_lookup": row["player_lookup"], "game_id": row["game_id"],
            "game_date": row["game_date"], "system_id": row["system_id"], "graded_at": at(0),
            "is_superseded_prediction": bool(row.get("superseded")),
        }
        for row in predictions
    ]  # fmt: skip
    engine.load(names.table("prediction_accuracy"), graded)


def _rows(found: Reads) -> dict[tuple[str, int, str], int]:
    summed: dict[tuple[str, int, str], int] = {}
    for read in found:
        key = (read.script, read.statement, read.table)
        summed[key] = summed.get(key, 0) + read.rows
    return summed


def test_rows_read_do_not_grow_with_a_dates_generations() -> None:
    young, old = _rows(reads(FEW)), _rows(reads(MANY))
    assert young.keys() == old.keys()
    assert {table_name for _, _, table_name in old} >= set(AGEING)
    grown = {(script, name) for script, number, name in old if old[script, number, name] > young[script, number, name]}
    assert grown == GROWING.keys()


def test_blocks_of_old_generations_can_be_pruned() -> None:
    """Rows that are not wanted are left out by blocks, as the table is clustered: bytes follow the rows."""
    unpruned = {
        (read.script, read.table) for read in reads(FEW)
        if read.table in AGEING and not read.pruned and (read.script, read.table) not in GROWING
    }  # fmt: skip
    assert unpruned == UNPRUNED.keys()


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("TRUE", 4),
        ("game_date = @d", 4),
        ("superseded IS NULL OR superseded = FALSE", 2),
        ("superseded = FALSE", 1),
        ("NOT superseded", 1),
        ("superseded IS NULL OR superseded = FALSE OR batch_id = @b", 3),
        ("superseded = TRUE AND batch_id IN ('b', 'c')", 2),
        ("batch_id IN UNNEST(['b'])", 1),
        ("IFNULL(superseded, FALSE) = FALSE", 2),
        ("batch_id BETWEEN 'b' AND 'c'", 2),
        ("CONCAT(batch_id, '') = 'b'", 4),
        ("batch_id IN (SELECT batch_id FROM {other})", 4),
        ("superseded_by_batch_id IS NOT NULL", 0),
    ],
)
def test_only_provably_excluded_rows_are_not_counted(analyser: Analyser, where: str, rows: int) -> None:
    there: list[dict[str, Any]] = [
        {"game_date": DAY, "superseded": None, "batch_id": None},
        {"game_date": DAY, "superseded": False, "batch_id": "a"},
        {"game_date": DAY, "superseded": True, "batch_id": "b"},
        {"game_date": DAY, "superseded": True, "batch_id": "c"},
    ]
    sql = f"SELECT 1 FROM {P} WHERE {where.format(other=G)}"
    types = {"d": scalar("DATE"), "b": scalar("STRING")}
    (scan, *_) = [s for s in scans(analyser.analyse(sql, types)) if s.name == "player_prop_predictions"]
    assert sum(passes(scan, row, {"d": DAY, "b": "b"}) for row in there) == rows
