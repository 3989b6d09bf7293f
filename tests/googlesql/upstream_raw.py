"""Upstream's raw tables, beside those of the schema files: the columns that the queries in infra/sql lean on.

They are a contract: the predecessor's records do not have them. A deployment whose tables differ edits its query.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from regen.schemas import Field

DATASET = "nba_raw"


@cache
def raw_tables() -> Mapping[str, tuple[Field, ...]]:
    """The columns of each table."""
    known = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return {
        name: tuple(Field(column, kind, "NULLABLE", "") for column, kind in columns.items())
        for name, columns in known.items()
    }
