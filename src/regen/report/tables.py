"""Tables of a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from regen.report.texts import escape


def table_html(
    heads: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "", *, cards: bool = False
) -> str:
    """A table; a column of numbers stands to the right. The first cell of a row is its head.

    Args:
        cards: whether each row becomes a card on a phone, because its texts are long.
    """
    rows = list(rows)
    numeric = [_are_numbers([row[i] for row in rows]) for i in range(len(heads))]
    head = "".join(f"<th scope=col{_css(n)}>{escape(h)}</th>" for h, n in zip(heads, numeric, strict=True))
    body = "".join(
        f"<tr>{_head(row[0])}{''.join(map(_cell, row[1:], numeric[1:], heads[1:] if cards else [''] * len(row)))}</tr>"
        for row in rows
    )
    named = f"<caption>{escape(caption)}</caption>" if caption else ""
    # A region that scrolls has to be reachable by the keyboard.
    css = "'scroll cards'" if cards else "scroll"
    scroll = f"<div class={css} tabindex=0 role=region aria-label='{escape(caption or ', '.join(heads))}'>"
    return f"{scroll}<table>{named}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _head(value: object) -> str:
    return f"<th scope=row>{escape(_words(value))}</th>"


def _cell(value: object, numeric: bool, head: str) -> str:  # noqa: FBT001
    named = f' data-head="{escape(head)}"' if head else ""
    return f"<td{_css(numeric)}{named}>{escape(_words(value))}</td>"


def _words(value: object) -> str:
    return "-" if value is None else str(value)


def _css(number: bool) -> str:  # noqa: FBT001
    return " class=number" if number else ""


def _are_numbers(values: Sequence[object]) -> bool:
    """Whether a column has numbers, and nothing but numbers and gaps."""
    there = [str(value) for value in values if value is not None]
    return bool(there) and all(text.lstrip("+-").replace(".", "", 1).isdigit() for text in there)
