"""Dates whose current predictions rest on other shot zones than the feature store has."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime

from regen.client.reader import Reader, Record
from regen.domain.zones import ZoneDrift


def zone_drift_rows(reader: Reader, first: date, last: date) -> list[Record]:
    """Each such date of a range, the newest first. One query job."""
    from regen.adapters.bigquery.converting import zone_drift  # noqa: PLC0415

    return by_date([zone_drift(row) for row in reader.rows("zone_drift", first=first, last=last)])


def by_date(drifts: list[ZoneDrift]) -> list[Record]:
    """The players of each date, and when the store got its zones."""
    players: dict[date, set[str]] = defaultdict(set)
    written: dict[date, datetime] = {}
    for one in drifts:
        players[one.game_date].add(one.player_lookup)
        written[one.game_date] = one.written_at
    return [
        {"game_date": day.isoformat(), "players": sorted(players[day]), "written_at": written[day].isoformat()}
        for day in sorted(players, reverse=True)
    ]
