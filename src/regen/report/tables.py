"""Tables of a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from regen.report.texts import escape


def table_html(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; what is a number stands to the right."""
    rows = list(rows)
    numeric = [bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(len(heads))]
    head = "".join(f"<th{_css(n)}>{escape(h)}</th>" for h, n in zip(heads, numeric, strict=True))
    body = "".join("<tr>" + "".join(_cell(value) for value in row) + "</tr>" for row in rows)
    return f"<div class='scroll'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _cell(value: object) -> str:
    return f"<td{_css(_is_number(value))}>{escape('-' if value is None else str(value))}</td>"


def _css(number: bool) -> str:  # noqa: FBT001
    return " class=number" if number else ""


def _is_number(value: object) -> bool:
    return value is None or str(value).lstrip("+-").replace(".", "", 1).isdigit()
