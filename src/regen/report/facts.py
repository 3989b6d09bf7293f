"""What a report tells: read once from the coordinator and from BigQuery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from regen.client.accuracy import before_and_after
from regen.client.http import Coordinator
from regen.client.moves import Moves, moves
from regen.client.reading import Reader

View = Mapping[str, Any]
Pair = tuple[str, str, float, float]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything on the page.

    Attributes:
        subject: the batch's or the backfill's id.
        batches: one view each, by date.
        lacking: dates of a backfill without a batch, with the reason.
        pairs: replaced predictions of every system: who and when, the system, old and new points.
        accuracy: by date, mean absolute errors before and after, where games are played.
    """

    subject: str
    status: str
    reason: str
    made_at: datetime
    batches: Sequence[View]
    moves: Moves
    pairs: Sequence[Pair] = ()
    lacking: Sequence[tuple[str, str]] = ()
    accuracy: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    threshold: float = 90.0


def gather(coordinator: Coordinator, reader: Reader, subject: str, now: datetime | None = None) -> Facts:
    """Read a batch, or a backfill with all its batches."""
    lacking: list[tuple[str, str]] = []
    if subject.startswith("backfill_"):
        backfill = coordinator.get(f"/backfills/{subject}")
        status, reason = backfill["status"], backfill["reason"]
        views = [coordinator.batch(d["batch_id"]) for d in backfill["dates"] if d["batch_id"]]
        lacking = [(d["game_date"], d["why"] or d["status"]) for d in backfill["dates"] if not d["batch_id"]]
    else:
        views = [coordinator.batch(subject)]
        status, reason = views[0]["status"], views[0]["reason"]
    views.sort(key=lambda v: str(v["game_date"]))
    rows: list[dict[str, Any]] = []
    for view in views:
        day = date.fromisoformat(view["game_date"])
        found = reader.run("diff", game_date=day, batch_id=view["batch_id"])
        rows += [{**row, "game_date": view["game_date"]} for row in found]
    accuracy = {}
    if views:
        first, last = (date.fromisoformat(views[i]["game_date"]) for i in (0, -1))
        accuracy = before_and_after(reader, [v["batch_id"] for v in views], first, last)
    return Facts(
        subject=subject,
        status=status,
        reason=reason,
        made_at=now or datetime.now(UTC),
        batches=views,
        moves=moves(rows),
        pairs=_pairs(rows),
        lacking=lacking,
        accuracy=accuracy,
    )


def _pairs(rows: Sequence[View]) -> list[Pair]:
    """One for each player, date and system, however many lines he has."""
    found = {
        (row["player_lookup"], row["game_date"], row["system_id"]): (row["old_points"], row["new_points"])
        for row in rows
        if row["new_points"] is not None
    }
    return [(f"{player}, {day}", system, old, new) for (player, day, system), (old, new) in found.items()]
