"""What `sources.sql` answers, over rows in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from regen.domain.bdb import MEANS, BdbStatus
from regen.domain.slate import is_called_off
from regen.domain.sources import Source, SourceDay

Rows = Sequence[Mapping[str, Any]]
CONTEXT, PENDING = "upcoming_player_game_context", "pending_bdb_games"
_MADE = {
    Source.SLATE: (CONTEXT, "created_at"),
    Source.LINES: ("player_prop_lines", "captured_at"),
    Source.FEATURES: ("ml_feature_store_v2", "created_at"),
    Source.BOX_SCORES: ("player_game_summary", "processed_at"),
    Source.PLAY_BY_PLAY: (PENDING, "bdb_available_at"),
}
_COME = frozenset({BdbStatus.AVAILABLE, BdbStatus.REGENERATING, BdbStatus.COMPLETED})


def _state(row: Mapping[str, Any]) -> str:
    word: str = row.get("regen_status") or row["status"]
    return MEANS.get(word, word)


def source_days(tables: Mapping[str, Rows], first: date, last: date) -> list[SourceDay]:
    """What each input has of each date of a range with games."""
    rows = {name: [row for row in found if first <= row["game_date"] <= last] for name, found in tables.items()}
    context = [row for row in rows.get(CONTEXT, ()) if not is_called_off(row.get("game_status"))]
    off = {(row["game_date"], row["game_id"]) for row in rows.get(CONTEXT, ()) if is_called_off(row.get("game_status"))}
    pending = [row for row in rows.get(PENDING, ()) if (row["game_date"], row["game_id"]) not in off]
    known: dict[date, dict[str, list[datetime]]] = {}
    for row, start in (*((r, "game_start") for r in context), *((r, "game_start_time") for r in pending)):
        found = known.setdefault(row["game_date"], {}).setdefault(row["game_id"], [])
        found += [row[start]] if row.get(start) else []
    for row in rows.get("player_game_summary", ()):
        known.setdefault(row["game_date"], {}).setdefault(row["game_id"], [])
    return [
        _day(source, day, rows, context, {game: min(starts, default=None) for game, starts in sorted(games.items())})
        for day, games in sorted(known.items())
        for source in Source
    ]


def _day(
    source: Source, day: date, rows: Mapping[str, Rows], context: Rows, games: Mapping[str, datetime | None]
) -> SourceDay:
    table, made = _MADE[source]
    mine = [row for row in (context if source is Source.SLATE else rows.get(table, ())) if row["game_date"] == day]
    if source is Source.PLAY_BY_PLAY:
        mine = [row for row in mine if _state(row) in _COME]
    if source is Source.LINES:
        places = {row["player_lookup"]: row["game_id"] for row in context if row["game_date"] == day}
        mine = [
            {**row, "game_id": row.get("game_id") or places.get(row["player_lookup"])}
            for row in mine
            if row["market"] == "points"
        ]
    starts = [start for start in games.values() if start is not None]
    return SourceDay(
        source=source.value,
        game_date=day,
        rows=len(mine),
        players=len({row.get("player_lookup") or row["game_id"] for row in mine}),
        newest=max((row[made] for row in mine if row.get(made)), default=None),
        games=tuple(sorted({row["game_id"] for row in mine if row["game_id"]})),
        known_games=tuple(games),
        first_start=min(starts, default=None),
        last_start=max(starts, default=None),
    )
