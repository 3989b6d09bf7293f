"""`doctor`'s row `tables`: whatever the statements name is missed when it is not there, or not as they need it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from google.api_core.exceptions import NotFound
from google.api_core.retry import Retry
from google.cloud.bigquery import SchemaField, TimePartitioning

from regen.cli.doctor.looking import PATIENCE_SECONDS
from regen.cli.doctor.tables import SECONDS, looked_at
from regen.cli.session import Session
from regen.client.vitals import State
from regen.schemas import tables
from regen.sql import Names
from regen.sql.views import views

NAMES = Names("a-project", "")
VIEWS = NAMES.dataset("nba_predictions")


class Warehouse:
    """The client as far as the row asks it: what is there, by name."""

    def __init__(self) -> None:
        self.there: dict[str, Any] = {}
        self.patience: list[tuple[float | None, float | None]] = []
        for table in tables():
            partition = table.partition
            self.there[NAMES.table(table.name)] = SimpleNamespace(
                schema=[SchemaField(f.name, f.type, mode=f.mode) for f in table.fields],
                table_type="TABLE",
                time_partitioning=TimePartitioning(partition.type, partition.field) if partition else None,
                clustering_fields=list(table.cluster) or None,
            )
        for view in views():
            fields = [SchemaField(f.name, f.type, mode=f.mode) for f in view.fields]
            self.there[f"{VIEWS}.{view.name}"] = SimpleNamespace(schema=fields, table_type="VIEW")
        self.there[f"{VIEWS}.predictions_at"] = SimpleNamespace()
        self.there[NAMES.dataset("nba_predictions_staging")] = SimpleNamespace()

    def get(self, name: str, timeout: float | None = None, retry: Retry | None = None) -> Any:
        self.patience.append((timeout, None if retry is None else retry.timeout))
        if name not in self.there:
            raise NotFound(f"Not found: {name}", errors=[{"reason": "notFound"}])  # type: ignore[no-untyped-call]
        return self.there[name]

    get_table = get_routine = get_dataset = get


def answer(warehouse: Warehouse, emulator: str | None = None) -> tuple[State, str, str]:
    reader = SimpleNamespace(names=NAMES, client=warehouse, emulator=emulator, project="a-project")
    return looked_at(cast("Session", SimpleNamespace(reader=reader)))


def _gone(name: str) -> Callable[[Warehouse], None]:
    return lambda warehouse: warehouse.there.pop(name) and None


def _column(name: str, **changed: Any) -> Callable[[Warehouse], None]:
    def change(warehouse: Warehouse) -> None:
        there = warehouse.there[NAMES.table("prediction_accuracy")]
        there.schema = [
            SchemaField(f.name, changed.get("type", f.field_type), mode=changed.get("mode", f.mode))
            if f.name == name
            else f
            for f in there.schema
        ]

    return change


def _view_of_old(warehouse: Warehouse) -> None:
    warehouse.there[f"{VIEWS}.prediction_coverage"].schema.pop()


def _a_view_in_its_place(warehouse: Warehouse) -> None:
    warehouse.there[NAMES.table("prediction_accuracy")].table_type = "VIEW"


def test_no_question_outlives_the_row() -> None:
    """The client's default repeats one for ten minutes, and the command could not end before it."""
    warehouse = Warehouse()
    answer(warehouse)
    assert set(warehouse.patience) == {(SECONDS, SECONDS)}
    assert SECONDS < PATIENCE_SECONDS


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        *((_gone(f"{VIEWS}.{view.name}"), f"view {view.name}: is not there") for view in views()),
        (_gone(f"{VIEWS}.predictions_at"), "function predictions_at: is not there"),
        (_gone(NAMES.dataset("nba_predictions_staging")), "dataset nba_predictions_staging: is not there"),
        (_gone(NAMES.table("promotion_fence")), "promotion_fence: is not there"),
        (_view_of_old, "view prediction_coverage: no column"),
        (_a_view_in_its_place, "prediction_accuracy: is a VIEW"),
        (_column("void_reason", mode="REQUIRED"), "void_reason is REQUIRED, not NULLABLE"),
        (_column("void_reason", mode="REPEATED"), "void_reason is REPEATED, not NULLABLE"),
        (_column("void_reason", type="INTEGER"), "void_reason is INTEGER, not STRING"),
    ],
)
def test_what_a_statement_would_miss_fails_the_row(wrong: Callable[[Warehouse], Any], says: str) -> None:
    warehouse = Warehouse()
    wrong(warehouse)
    state, details, todo = answer(warehouse)
    assert state is State.FAILED
    assert says in details
    assert todo


def test_everything_there_is_ok() -> None:
    state, details, _ = answer(Warehouse())
    assert (state, details) == (
        State.OK,
        f"{len(tables())} tables and {len(views())} views at a-project fit their schema files",
    )


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"time_partitioning": None}, "is partitioned by nothing"),
        ({"time_partitioning": TimePartitioning("MONTH", "game_date")}, "is partitioned by game_date MONTH"),
        ({"time_partitioning": TimePartitioning("DAY")}, "is partitioned by _PARTITIONTIME DAY"),
        ({"clustering_fields": ["game_id"]}, "is clustered by game_id"),
    ],
)
def test_another_layout_is_said_and_is_no_failure(changed: dict[str, Any], says: str) -> None:
    """It costs bytes; an adopted table may keep its own."""
    warehouse = Warehouse()
    vars(warehouse.there[NAMES.table("player_prop_predictions")]).update(changed)
    state, details, todo = answer(warehouse)
    assert state is State.MISSING
    assert says in details
    assert todo


def test_the_local_stack_is_asked_for_what_it_has() -> None:
    warehouse = Warehouse()
    del warehouse.there[f"{VIEWS}.predictions_at"]
    assert answer(warehouse, "http://localhost:9050")[0] is State.OK
    del warehouse.there[f"{VIEWS}.prediction_coverage"]
    assert answer(warehouse, "http://localhost:9050")[0] is State.FAILED
