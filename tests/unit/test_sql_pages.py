"""The pages for SQL users are as the schema files and views are."""

from __future__ import annotations

import runpy
from pathlib import Path

import yaml

from regen.schemas import tables
from regen.sql.views import views

ROOT = Path(__file__).parents[2]


def test_the_pages_for_sql_users_are_up_to_date() -> None:
    found = runpy.run_path(str(ROOT / "tools" / "sql_pages.py"))["problems"]()
    assert not found, "\n".join(found)


def test_dbt_sources_describe_every_table_view_and_column() -> None:
    sources = yaml.safe_load((ROOT / "docs" / "dbt" / "sources.yml").read_text())["sources"]
    described = {
        (source["name"], table["name"]): {c["name"]: c["description"] for c in table["columns"]}
        for source in sources
        for table in source["tables"]
    }
    wanted = {(t.dataset, t.name): {f.name: f.description for f in t.fields} for t in tables()}
    wanted |= {("nba_predictions", v.name): {f.name: f.description for f in v.fields} for v in views()}
    assert described == wanted
