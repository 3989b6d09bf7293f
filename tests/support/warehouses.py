"""The warehouses behind one interface, by which tests add rows and read them."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest
from google.cloud import bigquery

from regen.adapters.bigquery.tables import create_tables
from regen.adapters.bigquery.warehouse import BigQueryWarehouse
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.local import bigquery_env
from regen.ports import Warehouse
from regen.schemas import table
from support.emulators import free_port
from support.polling import wait_until

PROJECT = "nba-props-platform"
BUILD = Path(__file__).parents[2] / "build"
Rows = list[dict[str, Any]]


class Harness(Protocol):
    """A warehouse and direct access to its tables."""

    @property
    def warehouse(self) -> Warehouse: ...

    def seed(self, rows: Sequence[Mapping[str, Any]]) -> None: ...

    def predictions(self, game_date: date) -> Rows: ...

    def audit(self) -> Rows: ...

    def runs(self) -> Rows: ...


@dataclass
class MemoryHarness:
    warehouse: MemoryWarehouse = field(default_factory=MemoryWarehouse)

    def seed(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.warehouse.seed_predictions(rows)

    def predictions(self, game_date: date) -> Rows:
        columns = table("player_prop_predictions").columns
        return [{name: row.get(name) for name in columns} for row in self.warehouse.predictions(game_date)]

    def audit(self) -> Rows:
        return [
            {
                "event_id": row.entry.event_id,
                "event": row.entry.event.value,
                "batch_id": row.entry.batch_id,
                "round": row.entry.round,
                "superseded_count": row.entry.superseded_count,
                "regenerated_count": row.entry.regenerated_count,
                "withdrawn": row.entry.withdrawn,
                "requested": row.entry.requested,
                "fence_token": row.token,
                "metadata": dict(row.entry.metadata),
                "verdict": row.entry.verdict,
            }
            for row in self.warehouse.audit()
        ]

    def runs(self) -> Rows:
        return [dict(row) for row in self.warehouse.runs()]


class BigQueryHarness:
    """The real adapter over an emulator, with separate datasets for each harness."""

    def __init__(self, client: bigquery.Client) -> None:
        self.client = client
        self.prefix = f"t{uuid.uuid4().hex[:8]}_"
        create_tables(client, PROJECT, self.prefix)
        self.warehouse = BigQueryWarehouse(client, PROJECT, dataset_prefix=self.prefix)

    def name(self, table_name: str) -> str:
        return f"{PROJECT}.{self.prefix}{table(table_name).dataset}.{table_name}"

    def load(self, table_name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        schema = self.client.get_table(self.name(table_name)).schema
        config = bigquery.LoadJobConfig(schema=schema, write_disposition="WRITE_APPEND")
        self.client.load_table_from_json(list(map(_plain_row, rows)), self.name(table_name), job_config=config).result()

    def seed(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self.load("player_prop_predictions", rows)

    def rows(self, query: str) -> Rows:
        return [{key: _number(value) for key, value in row.items()} for row in self.client.query_and_wait(query)]

    def predictions(self, game_date: date) -> Rows:
        name = self.name("player_prop_predictions")
        return self.rows(f"SELECT * FROM `{name}` WHERE game_date = '{game_date}'")

    def audit(self) -> Rows:
        return self.rows(f"SELECT * FROM `{self.name('prediction_regeneration_audit')}`")

    def runs(self) -> Rows:
        return self.rows(f"SELECT * FROM `{self.name('prediction_worker_runs')}`")

    def clear(self) -> None:
        """Empty the tables that tests write to, which is faster than new ones, and use new job ids."""
        self.warehouse.jobs.prefix = f"test-{uuid.uuid4().hex[:8]}"
        for name in (
            "player_prop_predictions",
            "prediction_regeneration_audit",
            "prediction_worker_runs",
            "promotion_fence",
            "statement_locks",
        ):
            self.client.query_and_wait(f"DELETE FROM `{self.name(name)}` WHERE TRUE")
        for staging in self.warehouse.staging_tables():
            self.warehouse.drop_staging(staging.name)


def _plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in row.items()}


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


@contextmanager
def emulator() -> Iterator[str]:
    """Run a new BigQuery emulator; yield its URL."""
    home = bigquery_env.ensure(BUILD)
    data = BUILD / "test-bigquery" / uuid.uuid4().hex[:12]
    port = free_port()
    command = bigquery_env.command(home, port=port, grpc_port=free_port(), data_dir=data, project=PROJECT)
    log = data / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(command.argv, env=command.env, stdout=sink, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(
            lambda: bigquery_env.answers(url, PROJECT) or process.poll() is not None, 60, "the BigQuery emulator"
        )
        assert process.poll() is None, log.read_text()[-2000:]
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(params=["memory", "googlesql", pytest.param("bigquery", marks=pytest.mark.long)])
def harness(request: pytest.FixtureRequest) -> Harness:
    """Each warehouse in turn, empty; the slow emulator in `make test-long`, its rows in all of `test_three_warehouses.py`."""
    if request.param == "memory":
        return MemoryHarness()
    if request.param == "googlesql":
        from googlesql.warehouse import EvaluatorHarness  # noqa: PLC0415 - it needs this module

        return EvaluatorHarness()
    found: BigQueryHarness = request.getfixturevalue("bigquery_harness")
    found.clear()
    return found


@pytest.fixture(params=["googlesql", pytest.param("bigquery", marks=pytest.mark.long)])
def statements(request: pytest.FixtureRequest) -> Any:
    """Each warehouse that runs statements, its inputs empty."""
    if request.param == "googlesql":
        from googlesql.warehouse import EvaluatorHarness  # noqa: PLC0415 - it needs this module

        return EvaluatorHarness()
    found: BigQueryHarness = request.getfixturevalue("bigquery_harness")
    for name in ("upcoming_player_game_context", "ml_feature_store_v2", "player_prop_lines"):
        found.client.query_and_wait(f"DELETE FROM `{found.name(name)}` WHERE game_date > '1990-01-01'")
    return found


DAY = date(2026, 1, 20)
T0 = datetime(2026, 1, 19, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return datetime(2026, 2, 1, 12, tzinfo=UTC) + timedelta(minutes=minutes)
