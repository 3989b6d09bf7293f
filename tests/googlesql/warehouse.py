"""The contract suite's third warehouse: the real adapters and their real SQL over Google's reference evaluator."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import IO, Any, cast

from google.api_core import exceptions as google
from google.cloud import bigquery

from googlesql.discovery import DEFINITION
from googlesql.engine import Engine, ScriptFailed
from googlesql.fake_client import FakeClient, Parameters, Rows, answer
from googlesql.upstream_raw import DATASET, raw_tables
from regen.adapters.bigquery.ledger import BigQueryLedger
from regen.adapters.bigquery.tables import VIEWS
from regen.adapters.bigquery.warehouse import BigQueryWarehouse
from regen.sql import Names, render
from regen.sql.render import render_text

PROJECT = "nba-props-platform"


class EvaluatorClient(FakeClient):
    """Runs what it is given in the evaluator."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(self._evaluate, self._fill)
        self.engine = engine

    def create_table(self, table: bigquery.Table, **more: Any) -> Any:
        self.engine.create(f"{table.project}.{table.dataset_id}.{table.table_id}")
        return super().create_table(table, **more)

    def delete_table(self, name: str, **more: Any) -> None:
        self.engine.drop(name)
        super().delete_table(name, **more)

    def _evaluate(self, text: str, parameters: Parameters) -> Rows:
        try:
            rows, affected = self.engine.script(text, parameters)
        except ScriptFailed as error:
            kind: Any = google.NotFound if "Table not found" in str(error) else google.BadRequest
            raise kind(f"Query error: {error}") from error
        return answer(rows, affected)

    def _fill(self, name: str, data: IO[bytes], config: bigquery.LoadJobConfig) -> None:
        rows = [json.loads(line) for line in data.read().splitlines()]
        truncate = config.write_disposition == bigquery.WriteDisposition.WRITE_TRUNCATE
        self.engine.load(name, rows, truncate=truncate)


def make_views(engine: Engine, names: Names, own: Mapping[str, str] = MappingProxyType({}), inputs: str = "") -> None:
    """Make a project's views.

    Args:
        own: a deployment's own queries, by view.
        inputs: the project that those read; its own if empty.
    """
    for view in VIEWS:
        query, read = own.get(view.removesuffix("_view")), (("input_project", inputs or names.project),)
        text = render(view, names) if query is None else render_text(query, names, lists=read)
        if (definition := DEFINITION.match(text)) is not None and definition[1] == "VIEW":
            engine.view(definition[2], text[definition.end() :].strip())


class EvaluatorHarness:
    """What a test of the contract puts in and finds."""

    def __init__(self, own: Mapping[str, str] = MappingProxyType({})) -> None:
        """Make the tables and views; upstream's raw tables where views have queries that read them.

        Args:
            own: a deployment's own queries, by view.
        """
        self.names = Names(PROJECT)
        self.engine = Engine(self.names)
        if own:
            for name, fields in raw_tables().items():
                self.engine.create(f"{PROJECT}.{DATASET}.{name}", fields)
        make_views(self.engine, self.names, own)
        client: Any = EvaluatorClient(self.engine)
        self.client = cast("bigquery.Client", client)
        self.warehouse = BigQueryWarehouse(self.client, PROJECT)
        self.ledger = BigQueryLedger(self.warehouse.jobs, self.names)

    def load(self, table_name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self.engine.load(self.names.table(table_name), rows)

    def name(self, table_name: str) -> str:
        """The full name of a table."""
        return self.names.table(table_name)

    def load_raw(self, table_name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put rows into one of upstream's raw tables."""
        self.engine.load(f"{PROJECT}.{DATASET}.{table_name}", rows)

    def seed(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.load("player_prop_predictions", rows)

    def table(self, table_name: str) -> list[dict[str, Any]]:
        rows = self.engine.rows(self.names.table(table_name))
        return [{n: float(v) if isinstance(v, Decimal) else v for n, v in row.items()} for row in rows]

    def predictions(self, game_date: date) -> list[dict[str, Any]]:
        return [row for row in self.table("player_prop_predictions") if row["game_date"] == game_date]

    def audit(self) -> list[dict[str, Any]]:
        return self.table("prediction_regeneration_audit")

    def runs(self) -> list[dict[str, Any]]:
        return self.table("prediction_worker_runs")
