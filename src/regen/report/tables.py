"""Tables of a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from regen.report.texts import escape


def table_html(heads: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> str:
    """A table; what is a number stands to the right. The first cell of a row is its head."""
    rows = list(rows)
    numeric = [bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(len(heads))]
    head = "".join(f"<th scope=col{_css(n)}>{escape(h)}</th>" for h, n in zip(heads, numeric, strict=True))
    body = "".join(f"<tr>{_head(row[0])}{''.join(map(_cell, row[1:]))}</tr>" for row in rows)
    named = f"<caption>{escape(caption)}</caption>" if caption else ""
    # A region that scrolls has to be reachable by the keyboard.
    scroll = f"<div class=scroll tabindex=0 role=region aria-label='{escape(caption or ', '.join(heads))}'>"
    return f"{scroll}<table>{named}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _head(value: object) -> str:
    return f"<th scope=row>{escape('-' if value is None else str(value))}</th>"


def _cell(value: object) -> str:
    return f"<td{_css(_is_number(value))}>{escape('-' if value is None else str(value))}</td>"


def _css(number: bool) -> str:  # noqa: FBT001
    return " class=number" if number else ""


def _is_number(value: object) -> bool:
    return value is None or str(value).lstrip("+-").replace(".", "", 1).isdigit()
