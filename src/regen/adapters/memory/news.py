"""`news.sql` over the rows in memory: what predictions rest on, beside what is there now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from statistics import fmean
from typing import Any

from regen.adapters.memory.promoting import Row, is_current
from regen.domain.dates import evening_of
from regen.domain.inputs import Line
from regen.domain.lines import best_ranked
from regen.domain.news import Standing
from regen.domain.slate_reading import SlateEntry
from regen.domain.soundness import sound_lines
from regen.domain.tip_off import is_known, last_snapshots


def standings(
    day: date, entries: Sequence[SlateEntry], rows: Iterable[Row], requested: Collection[str], at: datetime
) -> list[Standing]:
    """One standing for each player of a game that has not begun.

    Args:
        requested: the players with worker runs.
    """
    of_player: dict[str, list[Row]] = {}
    for row in rows:
        if not is_current(row) and row.get("superseded_by_prediction_id") is not None:
            continue  # its heir tells all
        of_player.setdefault(row["player_lookup"], []).append(row)
    starts = {game: _start(e.game_start for e in entries if e.game_id == game) for game in {e.game_id for e in entries}}
    found = [
        _standing(day, entry, starts[entry.game_id], of_player.get(entry.player_lookup, []), requested, at)
        for entry in entries
        if (starts[entry.game_id] or evening_of(day)) > at
    ]
    return sorted(found, key=lambda one: (one.game_id, one.player_lookup))


def _standing(
    day: date, entry: SlateEntry, start: datetime | None, rows: list[Row], requested: Collection[str], at: datetime
) -> Standing:
    current = [row for row in rows if is_current(row)]
    last = max(current or rows, key=_order, default=None)
    offers = _offers(sound_lines(entry.inputs.lines) if entry.inputs else (), at)
    lined = [row for row in current if row.get("current_points_line") is not None]
    book = max(lined, key=lambda row: row["created_at"]).get("sportsbook") if lined else None
    was = {float(row["current_points_line"]) for row in lined if row.get("sportsbook") == book}
    now = offers.get(book or "", fmean(offers.values()) if offers else None)
    return Standing(
        game_date=day,
        game_id=entry.game_id,
        team=entry.team,
        player_lookup=entry.player_lookup,
        tip_off=start,
        status=entry.status.strip().lower(),
        called_off=entry.called_off,
        avg_minutes=entry.avg_minutes,
        has_line=entry.has_line,
        predicted=bool(current),
        rested_status=last.get("injury_status_at_prediction") if last is not None and current else None,
        withdrawn=last.get("superseded_reason") if last is not None and not current else None,
        requested=entry.player_lookup in requested,
        line_was=fmean(was) if was else None,
        line_now=now,
        changed_at=max((_changed(row) for row in rows), default=None),
    )


def _start(starts: Iterable[datetime | None]) -> datetime | None:
    """The start that most rows name; of several the earliest."""
    counts = Counter(start for start in starts if start is not None)
    return min(counts, key=lambda start: (-counts[start], start)) if counts else None


def _offers(lines: Iterable[Line], at: datetime) -> dict[str, float]:
    """The mean of each bookmaker's last snapshot."""
    values: dict[str, list[float]] = {}
    for line in last_snapshots(best_ranked([line for line in lines if is_known(line.captured_at, at)])):
        values.setdefault(line.bookmaker, []).append(line.value)
    return {book: fmean(found) for book, found in values.items()}


def _changed(row: Row) -> datetime:
    moment: Any = row.get("superseded_at") or row["created_at"]
    return moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)


def _order(row: Row) -> tuple[Any, ...]:
    return _changed(row), row["prediction_id"]
