"""What was done to each batch, event by event, and by whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from regen.domain.persons import asked_by
from regen.report.tables import table_html
from regen.report.texts import escape
from regen.report.verdict import in_full

View = Mapping[str, Any]
HEADS = ("at, UTC", "from", "to", "why", "by")


def history(views: Sequence[View]) -> str:
    """The section: the opening and each step of the batches that the verdict describes; empty without a batch."""
    return "".join(_batch(view) for view in in_full(views))


def _batch(view: View) -> str:
    name = f"{view['game_date']}: {view['batch_id']}"
    return f"<h3>{escape(name)}</h3>" + table_html(
        HEADS, list(_rows(view)), f"History of {view['batch_id']}", cards=True
    )


def _rows(view: View) -> Iterator[tuple[str | None, ...]]:
    by = asked_by(str(view.get("triggered_by") or "-"), view.get("on_behalf_of"))
    yield _at(view["created_at"]), None, "created", f"opened: {view.get('reason') or '-'}", by
    for step in view.get("history") or ():
        asker = asked_by(step["by"], step.get("on_behalf_of")) if step.get("by") else None
        yield _at(step["at"]), step["from"], step["to"], step["why"], asker


def _at(moment: object) -> str:
    return str(moment)[:19].replace("T", " ")
