"""What was done to each batch, event by event, and by whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from regen.api.batches import WholeBatch
from regen.domain.persons import asked_by
from regen.report.tables import table_html
from regen.report.texts import escape
from regen.report.verdict import in_full

HEADS = ("at, UTC", "from", "to", "why", "by")


def history(views: Sequence[WholeBatch]) -> str:
    """The section: the opening and each step of the batches that the verdict describes; empty without a batch."""
    return "".join(_batch(view) for view in in_full(views))


def _batch(view: WholeBatch) -> str:
    name = f"{view.game_date}: {view.batch_id}"
    return f"<h3>{escape(name)}</h3>" + table_html(HEADS, list(_rows(view)), f"History of {view.batch_id}", cards=True)


def _rows(view: WholeBatch) -> Iterator[tuple[str | None, ...]]:
    by = asked_by(view.triggered_by or "-", view.on_behalf_of)
    yield _at(view.created_at), None, "created", f"opened: {view.reason or '-'}", by
    for step in view.history:
        asker = asked_by(step.by, step.on_behalf_of) if step.by else None
        yield _at(step.at), step.from_, step.to, step.why, asker


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
