"""The tables, one JSON file each: the single source for Terraform, the local stack, the statements and the tests."""

from regen.schemas.normalising import normalise, normalise_value
from regen.schemas.staging import (
    CHALLENGERS,
    RUN_PREFIX,
    STAGING_DATASET,
    ChallengerRow,
    challenger_row,
    staging_fields,
)
from regen.schemas.tables import Field, Partition, Table, table, tables

__all__ = [
    "CHALLENGERS",
    "RUN_PREFIX",
    "STAGING_DATASET",
    "ChallengerRow",
    "Field",
    "Partition",
    "Table",
    "challenger_row",
    "normalise",
    "normalise_value",
    "staging_fields",
    "table",
    "tables",
]
