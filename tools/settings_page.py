"""Writes two tables of docs/operations.md: the checks, and the settings, from the checks' docstrings and src/regen/settings.json.

tools/settings_page.py           write the tables
tools/settings_page.py --check   say what is missing or out of date, and fail if anything is
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pages import written_or_checked
from regen.domain.checks import CHECKS
from regen.domain.checks.declared import Check
from regen.settings import Default, Setting, declared, field_of, text_of

PAGE = Path(__file__).parents[1] / "docs" / "operations.md"


def checks() -> Iterator[str]:
    """The table of the checks."""
    variables = {field_of(name): name for name, row in declared().items() if row.check}
    yield "| check | fails when | limit (default; off) | what to do |"
    yield "|---|---|---|---|"
    for check in CHECKS:
        fails, do = check.said or ("", "")
        yield f"| `{check.name}` | {fails} | {_limit(check, variables)} | {do} |"


def _limit(check: Check, variables: Mapping[str, str]) -> str:
    variable = variables.get(check.setting or "")
    if variable is None:
        return "none"
    row = declared()[variable]
    unit = "" if row.unit == "percent" else f" {row.unit}"
    off = "" if check.off is None else f"; {check.off:g}"
    return f"`{variable}`{unit} ({_text(row.default)}{off})"


def settings() -> Iterator[str]:
    """The table of the settings."""
    yield "| variable | what it means | values | default (local stack) | in Terraform | read by |"
    yield "|---|---|---|---|---|---|"
    for name, row in declared().items():
        local = "" if row.local is None or row.local == row.default else f" ({_text(row.local)})"
        source = f"`{row.terraform}`" if row.terraform else row.no_terraform
        default = "must be set" if row.default is None else _text(row.default) + local
        yield f"| `{name}` | {row.means} | {_values(row)} | {default} | {source} | {', '.join(row.functions)} |"


def _values(row: Setting) -> str:
    if row.type in {"number", "whole"}:
        kind = "whole number of " if row.type == "whole" else ""
        return f"{kind}{row.unit}, {row.minimum} to {row.maximum}"
    if row.type == "choice":
        return ", ".join(f"`{value}`" for value in row.values)
    return {"words": "words joined by commas", "keys": "secret", "address": "secret", "text": row.expected or "text"}[
        row.type
    ]


def _text(value: Default | None) -> str:
    return text_of(value) if value not in (None, "", ()) else "empty"


TABLES: Mapping[str, Callable[[], Iterator[str]]] = {"checks": checks, "settings": settings}


def page(text: str) -> str:
    """The page, its tables written anew."""
    for name, table in TABLES.items():
        begin, end = f"<!-- {name}: written by tools/settings_page.py -->\n", f"<!-- end of {name} -->\n"
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"{PAGE.name}: expected the lines {begin.strip()} and {end.strip()}")
        text = "".join([before, begin, *(f"{line}\n" for line in table()), end, after])
    return text


def problems() -> list[str]:
    """Everything that keeps page, checks and settings from agreeing."""
    missing = [f"{_where(c)}: the docstring lacks `Fails when:` and `What to do:`" for c in CHECKS if c.said is None]
    text = PAGE.read_text(encoding="utf-8")
    return missing + (["docs/operations.md is out of date: run tools/settings_page.py"] if page(text) != text else [])


def _where(check: Check) -> str:
    return f"check {check.name} in {inspect.getmodule(check.look).__name__}"  # type: ignore[union-attr]


def write() -> None:
    """Write the tables."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(written_or_checked(sys.argv[1:], write, problems))
