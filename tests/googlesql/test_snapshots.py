"""The scheduled query of backups: dynamic SQL, so that what it puts together is analysed, too."""

from __future__ import annotations

import re

import pytest

from googlesql.analyser import Analyser, Refused
from googlesql.catalogue import analyser
from googlesql.discovery import NAMES, backed, files, filled
from regen.schemas import Table, tables

__all__ = ["analyser"]

#: The only statements that are put together at run time, each with the test that analyses what comes of it.
DYNAMIC = {"snapshot_tables": "test_bigquery_accepts_the_snapshot_of_every_table"}
MOMENT = "2026-01-26 09:30:00+00"


def put_together(text: str, table: Table) -> str:
    """The statement that the loop makes for a table."""
    found = re.search(r'FORMAT\(\s*"""(.*?)"""', text, re.DOTALL)
    assert found
    dataset = NAMES.dataset(table.dataset).rpartition(".")[2]
    values = iter([table.name, "20260126_0930", dataset, table.name, MOMENT, "2026-02-09 09:30:00+00"])
    return re.sub("%[st]", lambda _: next(values), found[1])


@pytest.fixture
def text() -> str:
    (file,) = (f for f in files() if f.stem == "snapshot_tables")
    return filled(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("table", backed(), ids=lambda t: t.name)
def test_bigquery_accepts_the_snapshot_of_every_table(analyser: Analyser, text: str, table: Table) -> None:
    made = analyser.analyse(put_together(text, table), {}).resolved_create_statement_node
    taken = made.resolved_create_snapshot_table_stmt_node
    assert taken.clone_from.resolved_table_scan_node.table.name == NAMES.table(table.name)
    assert taken.parent.name_path[-1].endswith(f"nba_predictions_backups.{table.name}_20260126_0930")
    with pytest.raises(Refused):
        analyser.analyse(put_together(text, table).replace(table.name, "nothing"), {})


def test_dynamic_sql_is_named() -> None:
    found = {f.stem for f in files() if "EXECUTE IMMEDIATE" in f.read_text(encoding="utf-8")}
    assert found == DYNAMIC.keys()
    assert set(DYNAMIC.values()) <= globals().keys()


def test_every_table_has_a_snapshot_or_says_why_not(text: str) -> None:
    for table in tables():
        assert (f"'{table.name}'" in text) == (table.made_again is None)
        assert table.owner == "regen" or table.made_again
    assert {t.name for t in tables() if t.owner == "regen" and t.made_again} == {"statement_locks"}
