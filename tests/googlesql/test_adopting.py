"""What `tools/infra_adopt.py` writes for a table that is there already is what BigQuery accepts."""

from __future__ import annotations

from typing import Any

import pytest

import infra_adopt as adopt
from googlesql.analyser import Analyser
from googlesql.catalogue import analyser
from googlesql.discovery import NAMES
from regen.schemas import Table, tables

__all__ = ["analyser"]


def lacking(wanted: Table) -> dict[str, Any]:
    """The table as BigQuery describes one that has no column."""
    return {"type": "TABLE", "schema": {"fields": []}}


def narrow(wanted: Table) -> dict[str, Any]:
    """Every column is there, must be filled, and has a limit."""
    limits = {"STRING": {"maxLength": "5"}, "NUMERIC": {"precision": "3", "scale": "2"}}
    fields = [
        {
            "name": f.name,
            "type": f.type,
            "mode": f.mode if f.mode == "REPEATED" else "REQUIRED",
            **limits.get(f.type, {}),
        }
        for f in wanted.fields
    ]
    return {"type": "TABLE", "schema": {"fields": fields}}


@pytest.mark.parametrize("there", [lacking, narrow])
@pytest.mark.parametrize("wanted", tables(), ids=lambda t: t.name)
def test_bigquery_accepts_every_adopting_statement(analyser: Analyser, wanted: Table, there: Any) -> None:
    made = list(adopt.statements(wanted, there(wanted), NAMES.dataset(wanted.dataset)))
    assert made or there is narrow
    assert len(analyser.script("\n".join(made), {})) == len(made)
