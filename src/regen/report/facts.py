"""What a report tells: read once from the coordinator and from BigQuery."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct, field

from regen import clock
from regen.client.accuracy import SystemErrors, by_date, by_system, errors
from regen.client.moves import MAIN_SYSTEM, Move, Moves, PlayerMoves, changed_text, moves, of_rows
from regen.client.quality import newest
from regen.client.reader import Reader, Record
from regen.domain.dates import eastern_today
from regen.settings import number

if TYPE_CHECKING:
    from regen.api.batches import WholeBatch
    from regen.client.coordinator import Coordinator

Pair = tuple[str, str, float, float]
Changes = Callable[[Sequence[Move]], Mapping[str, str]]
AT_ONCE = 4
MOST_ASKED = 5
"""Batches whose changed inputs are asked for: the coordinator reads all of a batch's requests for them."""
MOST_SHOWN = 15
"""Players whom the page shows of those who moved."""


class Facts(Struct, frozen=True):
    """Everything on the page.

    Attributes:
        subject: the batch's or the backfill's id.
        batches: one view each, by date.
        lacking: dates of a backfill without a batch, with the reason.
        pairs: replaced predictions of every system: who and when, the system, old and new points.
        accuracy: by date, mean absolute errors before and after, where games are played.
        systems: the same of each system, over all dates.
        quality: the newest figures of live quality, by system and window.
        changes: the inputs that changed, by player, as text; of players of whom that is known.
    """

    subject: str
    status: str
    reason: str
    made_at: datetime
    batches: Sequence[WholeBatch]
    moves: Moves
    pairs: Sequence[Pair] = ()
    lacking: Sequence[tuple[str, str]] = ()
    accuracy: Mapping[str, Record] = field(default_factory=dict)
    systems: Sequence[SystemErrors] = ()
    quality: Sequence[Record] = ()
    changes: Mapping[str, str] = field(default_factory=dict)
    threshold: float = number("REGEN_COVERAGE_THRESHOLD")


def of_batch(coordinator: Coordinator, reader: Reader, view: WholeBatch) -> Facts:
    """What there is to tell of a batch."""
    return facts_of(reader, view.batch_id, view.status, view.reason, [view], changes=asking(coordinator, [view]))


def of_backfill(coordinator: Coordinator, reader: Reader, subject: str) -> Facts:
    """Read a backfill with all its batches."""
    backfill = coordinator.backfill(subject).value
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(coordinator.batch, [day.batch_id for day in backfill.dates if day.batch_id]))
    lacking = [(str(day.game_date), day.why or day.status) for day in backfill.dates if not day.batch_id]
    views = [one.value for one in found]
    changes = asking(coordinator, views)
    return facts_of(reader, subject, backfill.status, backfill.reason, views, lacking, changes=changes)


def asking(coordinator: Coordinator, views: Sequence[WholeBatch]) -> Changes:
    """What asks the coordinator which inputs changed, of the players who moved most; nothing if these are of many batches."""
    batches = {str(view.game_date): view.batch_id for view in views}

    def changes(rows: Sequence[Move]) -> dict[str, str]:
        made_by = {player: (str(row.game_date), row.old_batch_id) for player, row in _moved_most(rows).items()}
        asked: dict[str, set[str]] = defaultdict(set)
        for day, before in made_by.values():
            if before and day in batches:
                asked[day].add(before)
        if len(asked) > MOST_ASKED:
            return {}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = pool.map(lambda day: (day, coordinator.changed_inputs(batches[day], sorted(asked[day]))), asked)
            found = {(p.player_lookup, day, p.before): p.changed_inputs for day, one in answers for p in one.players}
        return {
            player: text
            for player, (day, before) in made_by.items()
            if (text := changed_text(found.get((player, day, before or ""))))
        }

    return changes


def _moved_most(rows: Sequence[Move]) -> dict[str, Move]:
    """The main system's row that moved most, by player; of the players whom the page shows."""
    shown = {player.player_lookup for player in movers(moves(rows))}
    known = [row for row in rows if row.system_id == MAIN_SYSTEM and row.player_lookup in shown]
    return {row.player_lookup: row for row in sorted(known, key=lambda row: abs(row.step))}


def movers(found: Moves) -> list[PlayerMoves]:
    """The players whom the page shows: those who moved most."""
    return [p for p in found.players if p.move or p.largest or p.flips][:MOST_SHOWN]


def named_changes(rows: Iterable[Move]) -> dict[str, str]:
    """The inputs that changed, by player: those of the main system's row that moved most."""
    known = [row for row in rows if row.system_id == MAIN_SYSTEM and row.changed_inputs is not None]
    known.sort(key=lambda row: abs(row.step))
    return {row.player_lookup: text for row in known if (text := changed_text(row.changed_inputs))}


def facts_of(
    reader: Reader,
    subject: str,
    status: str,
    reason: str,
    views: Sequence[WholeBatch],
    lacking: Sequence[tuple[str, str]] = (),
    *,
    changes: Changes | None = None,
) -> Facts:
    """What the tables say of some batches; three statements, however many they are.

    Args:
        changes: what finds the inputs that changed, by player, of the rows that were replaced.
    """
    views = sorted(views, key=lambda view: view.game_date)
    rows: list[Move] = []
    off: list[Record] = []
    quality: list[Record] = []
    named: Mapping[str, str] = {}
    now = clock.now()
    if views:
        batch_ids = [view.batch_id for view in views]
        first, last = views[0].game_date, views[-1].game_date
        _ = reader.queries  # made before two threads ask for it
        with ThreadPoolExecutor(AT_ONCE) as pool:
            later = pool.submit(errors, reader, batch_ids, first, last)
            figures = pool.submit(newest, reader, eastern_today(now))
            rows = of_rows(reader.run("diff", first=first, last=last, batches=",".join(batch_ids)))
            named = changes(rows) if changes else {}
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
        changes=named,
    )


def _pairs(rows: Sequence[Move]) -> list[Pair]:
    """One for each player, date and system, however many lines he has."""
    found = {
        (row.player_lookup, row.game_date, row.system_id): (row.old_points, row.new_points)
        for row in rows
        if row.new_points is not None
    }
    return [(f"{player}, {day}", system, old, new) for (player, day, system), (old, new) in found.items()]
