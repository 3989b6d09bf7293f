"""Creation of tables, views and functions from the schema files, for the local stack; in the cloud Terraform does this."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from google.cloud import bigquery

from regen.schemas import STAGING_DATASET, Field, Table, tables
from regen.sql import Names
from regen.sql.render import render
from regen.sql.views import views

VIEWS = (*(view.statement for view in views()), "predictions_at_function")
STAGING_EXPIRY_MS = 24 * 3_600_000


def schema_fields(fields: Iterable[Field]) -> list[bigquery.SchemaField]:
    """The columns as the client's type."""
    return [bigquery.SchemaField(f.name, f.type, mode=f.mode, description=f.description) for f in fields]


def bigquery_table(table: Table, names: Names) -> bigquery.Table:
    """The table as the client's type."""
    result = bigquery.Table(names.table(table.name), schema=schema_fields(table.fields))
    result.description = table.description
    if table.partition:
        result.time_partitioning = bigquery.TimePartitioning(type_=table.partition.type, field=table.partition.field)
        result.require_partition_filter = table.require_partition_filter
    if table.cluster:
        result.clustering_fields = list(table.cluster)
    return result


def create_tables(client: bigquery.Client, project: str, prefix: str = "") -> None:
    """Create missing tables, and replace views and functions; existing tables are left unchanged."""
    names = Names(project, prefix)
    for dataset in sorted({table.dataset for table in tables()} | {STAGING_DATASET}):
        wanted = bigquery.Dataset(names.dataset(dataset))
        if dataset == STAGING_DATASET:
            wanted.default_table_expiration_ms = STAGING_EXPIRY_MS
        client.create_dataset(wanted, exists_ok=True)
    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(client.create_table, bigquery_table(t, names), exists_ok=True) for t in tables()]
        for future in made:
            future.result()
    for view in VIEWS:
        client.query(render(view, names)).result()
