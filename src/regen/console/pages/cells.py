"""A date as a cell: of the board's strip, and of a month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct

from regen.api.batches import ListedBatch
from regen.client.waiting import is_ended
from regen.console.charts import column
from regen.console.looks import Seen
from regen.console.ports import Row
from regen.domain.words import counted
from regen.settings import number

THRESHOLD = number("REGEN_COVERAGE_THRESHOLD")


class Cell(Struct, frozen=True):
    """A date.

    Attributes:
        state: of its newest batch; `partial` and `low` where that was promoted with players missing; `none` without one.
        says: the whole of it in words.
    """

    day: str
    state: str
    coverage: float | None
    gold: int | None
    awaited: int
    says: str
    drawing: str


def cells_of(first: date, last: date, newest: Mapping[str, ListedBatch], dates: Seen[list[Row]]) -> list[Cell]:
    """A cell for each date.

    Args:
        newest: the newest batch of each date that has one.
        dates: what the tables say of the dates that have a slate.
    """
    found = {str(row["game_date"]): row for row in dates.value or ()}
    days = [date.fromordinal(n).isoformat() for n in range(first.toordinal(), last.toordinal() + 1)]
    return [_cell(day, newest.get(day), found.get(day), known=dates.value is not None) for day in days]


def newest_by_date(batches: Sequence[ListedBatch]) -> dict[str, ListedBatch]:
    """The newest batch of each date; of those that the list has."""
    found: dict[str, ListedBatch] = {}
    for batch in batches:
        if batch.game_date:
            found.setdefault(batch.game_date.isoformat(), batch)
    return found


def live_of(batches: Sequence[ListedBatch] | None) -> list[ListedBatch]:
    """The live batches of a list; what cannot be read is not known to be live."""
    return [batch for batch in batches or () if not is_ended(batch) and batch.status != "unreadable"]


def _cell(day: str, batch: ListedBatch | None, row: Row | None, *, known: bool) -> Cell:
    coverage = row["coverage_pct"] if row else None
    state = batch.status if batch else "none"
    if state == "promoted" and coverage is not None and coverage < 100:
        state = "partial" if coverage >= THRESHOLD else "low"
    gold = None
    words = [day, state.replace("_", " ") if batch else "no batch"]
    if row:
        gold = round(100 * row["gold_rows"] / row["current_rows"]) if row["current_rows"] else None
        covered = "unknown" if coverage is None else f"{coverage:g} %"
        words.append(
            f"coverage {covered}, {row['players_with_predictions']} of {counted(row['expected_players'], 'player')}"
        )
        if gold is not None:
            words.append(f"{gold} % of the rows on GOLD")
        if row["awaited_games"]:
            words.append(f"{counted(row['awaited_games'], 'game')} awaited")
    elif known:
        words.append("no slate")
    awaited = row["awaited_games"] if row else 0
    return Cell(day, state, coverage, gold, awaited, ", ".join(words), column(coverage, state))
