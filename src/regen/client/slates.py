"""Who would be predicted on a date, and who would not."""

from __future__ import annotations

from datetime import date

from regen import clock
from regen.client.reader import Reader, Record
from regen.settings import number


def slate_rows(
    reader: Reader, game_date: date, min_minutes: float = number("REGEN_MIN_MINUTES"), *, every: bool = True
) -> list[Record]:
    """Everybody on a date's slate with his standing: `requested`, what is wrong with his data, or why he is excluded.

    Args:
        every: those who are excluded, too.
    """
    from regen.adapters.bigquery import slate  # noqa: PLC0415 - a command that reads no slate is not to wait for it
    from regen.domain.slate import exclusion  # noqa: PLC0415

    found = reader.rows("read_slate", **slate.asked(game_date, clock.now()))
    rows: list[Record] = []
    for entry in slate.reading(game_date, found).entries:
        excluded = exclusion(entry, min_minutes)
        if excluded is None or every:
            rows.append(
                {
                    "player_lookup": entry.player_lookup,
                    "player_name": entry.player_name,
                    "game_id": entry.game_id,
                    "team": entry.team,
                    "opponent": entry.opponent,
                    "status": entry.status,
                    "avg_minutes": entry.avg_minutes,
                    "has_line": entry.has_line,
                    "tier": str(entry.inputs.data_source_tier) if entry.inputs else None,
                    "standing": f"excluded: {excluded}" if excluded else entry.problem or "requested",
                }
            )
    return rows
