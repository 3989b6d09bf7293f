"""The tables, one JSON file each: the single source for Terraform, the local stack, the statements and the tests."""

from regen.schemas.normalising import normalise, normalise_value
from regen.schemas.staging import RUN_PREFIX, STAGING_DATASET, staging_fields
from regen.schemas.tables import Field, Partition, Table, table, tables

__all__ = [
    "RUN_PREFIX",
    "STAGING_DATASET",
    "Field",
    "Partition",
    "Table",
    "normalise",
    "normalise_value",
    "staging_fields",
    "table",
    "tables",
]
