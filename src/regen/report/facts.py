"""What a report tells: read once from the coordinator and from BigQuery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from regen import clock
from regen.client.accuracy import SystemErrors, by_date, by_system, errors
from regen.client.http import Coordinator
from regen.client.moves import Moves, moves
from regen.client.quality import newest
from regen.client.reader import Reader
from regen.domain.dates import eastern_today
from regen.settings import number

View = Mapping[str, Any]
Pair = tuple[str, str, float, float]
AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything on the page.

    Attributes:
        subject: the batch's or the backfill's id.
        batches: one view each, by date.
        lacking: dates of a backfill without a batch, with the reason.
        pairs: replaced predictions of every system: who and when, the system, old and new points.
        accuracy: by date, mean absolute errors before and after, where games are played.
        systems: the same of each system, over all dates.
        quality: the newest figures of live quality, by system and window.
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
    systems: Sequence[SystemErrors] = ()
    quality: Sequence[View] = ()
    threshold: float = number("REGEN_COVERAGE_THRESHOLD")


def gather(coordinator: Coordinator, reader: Reader, subject: str) -> Facts:
    """Read a batch, or a backfill with all its batches."""
    if not subject.startswith("backfill_"):
        view = coordinator.batch(subject)
        return facts_of(reader, subject, view["status"], view["reason"], [view])
    backfill = coordinator.get(f"/backfills/{subject}")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        views = list(pool.map(coordinator.batch, [d["batch_id"] for d in backfill["dates"] if d["batch_id"]]))
    lacking = [(d["game_date"], d["why"] or d["status"]) for d in backfill["dates"] if not d["batch_id"]]
    return facts_of(reader, subject, backfill["status"], backfill["reason"], views, lacking)


def facts_of(
    reader: Reader,
    subject: str,
    status: str,
    reason: str,
    views: Sequence[View],
    lacking: Sequence[tuple[str, str]] = (),
) -> Facts:
    """What the tables say of some batches; three statements, however many they are."""
    views = sorted(views, key=lambda view: str(view["game_date"]))
    rows: list[dict[str, Any]] = []
    off: list[dict[str, Any]] = []
    quality: list[dict[str, Any]] = []
    now = clock.now()
    if views:
        batch_ids = [view["batch_id"] for view in views]
        first, last = (date.fromisoformat(views[i]["game_date"]) for i in (0, -1))
        reader.client  # noqa: B018 - made before two threads ask for it
        with ThreadPoolExecutor(AT_ONCE) as pool:
            later = pool.submit(errors, reader, batch_ids, first, last)
            figures = pool.submit(newest, reader, eastern_today(now))
            rows = reader.run("diff", first=first, last=last, batches=",".join(batch_ids))
            off, quality = later.result(), figures.result()
    return Facts(
        subject=subject,
        status=status,
        reason=reason,
        made_at=now,
        batches=views,
        moves=moves(rows),
        pairs=_pairs(rows),
        lacking=lacking,
        accuracy=by_date(off),
        systems=by_system(off),
        quality=quality,
    )


def _pairs(rows: Sequence[View]) -> list[Pair]:
    """One for each player, date and system, however many lines he has."""
    found = {
        (row["player_lookup"], row["game_date"], row["system_id"]): (row["old_points"], row["new_points"])
        for row in rows
        if row["new_points"] is not None
    }
    return [(f"{player}, {day}", system, old, new) for (player, day, system), (old, new) in found.items()]
