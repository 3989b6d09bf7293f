"""The predecessor's tables, as they were recorded (`tests/fixtures/predecessor/tables.json`); the file names what is a contract.

A column is `name TYPE`: `!` where it must be filled, `[]` for an array, digits in brackets where the type has a limit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from google.cloud import bigquery

from googlesql.upstream_raw import DATASET as RAW
from googlesql.upstream_raw import raw_tables

FILE = Path(__file__).parents[1] / "fixtures" / "predecessor" / "tables.json"
DAY_MS = 86_400_000
ADOPTED = (
    "player_prop_predictions",
    "prediction_regeneration_audit",
    "prediction_worker_runs",
    "prediction_accuracy",
    "pending_bdb_games",
)
"""Those that regen writes into, in the order of the guide."""


@cache
def _recorded() -> Mapping[str, Mapping[str, Any]]:
    """Each table by its name with the dataset's."""
    found: Mapping[str, Mapping[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def table_names() -> list[str]:
    """The names of all tables, each as dataset.table."""
    return list(_recorded())


def full_name(table: str) -> str:
    """A table's name with its dataset's."""
    return next(name for name in _recorded() if name.endswith(f".{table}"))


def column(text: str) -> dict[str, Any]:
    """A column as BigQuery's interface describes it."""
    name, kind = text.split()
    mode = "REPEATED" if "[]" in kind else "REQUIRED" if kind.endswith("!") else "NULLABLE"
    found = {"name": name, "type": kind.rstrip("!").removesuffix("[]").partition("(")[0], "mode": mode}
    if "(" in kind:
        found["precision"], found["scale"] = kind.partition("(")[2].rstrip("!)").split(",")
    return found


def described(table: str) -> dict[str, Any]:
    """The table as `bq show --format=json` describes it."""
    known = _recorded()[full_name(table)]
    partition = {"type": "DAY", "field": known["partition"]}
    if "expires_days" in known:
        partition["expirationMs"] = str(known["expires_days"] * DAY_MS)
    fields = [column(text) for group in known["columns"] for text in group.split("; ")]
    found = {"type": "TABLE", "schema": {"fields": fields}, "timePartitioning": partition}
    return {**found, "clustering": {"fields": known["cluster"]}, "requirePartitionFilter": known["filter"]}


def columns(table: str) -> list[str]:
    """The names of a table's columns."""
    return [field["name"] for field in described(table)["schema"]["fields"]]


def create(client: bigquery.Client, project: str) -> None:
    """Make every table of the predecessor, and upstream's raw ones, empty."""
    for name in (*_recorded(), f"{RAW}."):
        client.create_dataset(f"{project}.{name.partition('.')[0]}", exists_ok=True)
    for name in _recorded():
        dataset, _, table = name.partition(".")
        reference = {"projectId": project, "datasetId": dataset, "tableId": table}
        client.create_table(bigquery.Table.from_api_repr({**described(table), "tableReference": reference}))
    for table, fields in raw_tables().items():
        made = bigquery.Table(f"{project}.{RAW}.{table}", [bigquery.SchemaField(f.name, f.type) for f in fields])
        made.time_partitioning = bigquery.TimePartitioning(field="game_date")
        made.require_partition_filter = True
        client.create_table(made)


def load(client: bigquery.Client, name: str, rows: list[dict[str, Any]]) -> None:
    """Append rows to a table by a load job."""
    if not rows:
        return
    config = bigquery.LoadJobConfig(schema=client.get_table(name).schema, write_disposition="WRITE_APPEND")
    client.load_table_from_json(rows, name, job_config=config).result()


def of_tables(rows: Mapping[str, Iterable[Mapping[str, Any]]], project: str) -> Mapping[str, list[dict[str, Any]]]:
    """Rows by the full name of their table, each with the columns that the table has."""
    made = {}
    for table, found in rows.items():
        if table in raw_tables():
            made[f"{project}.{RAW}.{table}"] = [dict(row) for row in found]
            continue
        known = frozenset(columns(table))
        made[f"{project}.{full_name(table)}"] = [{n: v for n, v in row.items() if n in known} for row in found]
    return made
