"""Writes docs/sql.md's tables of views and tables, and docs/dbt/sources.yml, from the schema files and `views.json`.

tools/sql_pages.py           write both
tools/sql_pages.py --check   say which is out of date, and fail if one is
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from pages import written_or_checked
from regen.schemas import Field, tables
from regen.sql.views import views

DOCS = Path(__file__).parents[1] / "docs"
PAGE, SOURCES = DOCS / "sql.md", DOCS / "dbt" / "sources.yml"
BEGIN, END = "<!-- views: written by tools/sql_pages.py -->\n", "<!-- end of views -->\n"


def _sections() -> Iterator[str]:
    for view in views():
        yield f"### `{view.name}`\n\n{view.description}."
        if view.columns_of:
            yield f"The columns of `{view.columns_of}`."
            continue
        rows = "\n".join(f"| `{f.name}` | {_type(f)} | {f.description} |" for f in view.fields)
        yield f"| column | type | meaning |\n|---|---|---|\n{rows}"


def _type(field: Field) -> str:
    return f"ARRAY of {field.type}" if field.mode == "REPEATED" else field.type


def page(text: str) -> str:
    """The page, its sections on views written anew."""
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{PAGE.name}: expected the lines {BEGIN.strip()} and {END.strip()}")
    return before + BEGIN + "\n\n".join(_sections()) + "\n" + END + after


def sources() -> str:
    """A dbt source for each dataset, with every table, view and column. JSON's strings are YAML's."""
    lines = ["# Written by tools/sql_pages.py from the schema files.", "version: 2", "sources:"]
    for dataset in sorted({table.dataset for table in tables()}):
        lines += [f"  - name: {dataset}", f"    schema: {dataset}", "    tables:"]
        named = [(t.name, t.description, t.fields) for t in tables() if t.dataset == dataset]
        named += [(v.name, v.description, v.fields) for v in views()] if dataset == "nba_predictions" else []
        for name, description, fields in named:
            lines += [f"      - name: {name}", f"        description: {json.dumps(description)}", "        columns:"]
            for field in fields:
                lines += [f"          - name: {field.name}", f"            data_type: {_type_in_dbt(field)}"]
                lines += [f"            description: {json.dumps(field.description)}"]
    return "\n".join(lines) + "\n"


def _type_in_dbt(field: Field) -> str:
    kind = {"INTEGER": "int64", "FLOAT": "float64", "BOOLEAN": "bool"}.get(field.type, field.type.lower())
    return f"array<{kind}>" if field.mode == "REPEATED" else kind


def problems() -> list[str]:
    """What is out of date."""
    text = PAGE.read_text(encoding="utf-8")
    old = [PAGE] if page(text) != text else []
    old += [SOURCES] if not SOURCES.exists() or SOURCES.read_text(encoding="utf-8") != sources() else []
    return [f"docs/{path.relative_to(DOCS)} is out of date: run tools/sql_pages.py" for path in old]


def write() -> None:
    """Write both."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    SOURCES.parent.mkdir(exist_ok=True)
    SOURCES.write_text(sources(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(written_or_checked(sys.argv[1:], write, problems))
