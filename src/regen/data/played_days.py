"""The dates of a data folder in order, each with its games and its shot zones, as a history takes them in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from regen.data.csvs import DataFolder
from regen.data.gamedays import log_order, zones_order
from regen.features.records import GameLog, ShotZones


def played_days(
    folder: DataFolder, until: date | None = None
) -> Iterator[tuple[date, tuple[GameLog, ...], tuple[ShotZones, ...]]]:
    """Every date up to and including `until` that has games or shot zones, in order."""
    logs: dict[date, list[GameLog]] = {}
    zones: dict[date, list[ShotZones]] = {}
    for log in folder.logs:
        logs.setdefault(log.game_date, []).append(log)
    for row in folder.zones:
        zones.setdefault(row.game_date, []).append(row)
    for day in sorted(logs.keys() | zones.keys()):
        if until is not None and day > until:
            return
        shots = tuple(sorted(zones.get(day, ()), key=zones_order))
        yield day, tuple(sorted(logs.get(day, ()), key=log_order)), shots
