"""The shot zones that a sample knows. Play-by-play comes up to 45 hours late: yesterday's is missing at tip-off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct, field

from regen.data.input_rows import zones_arrival
from regen.data.slates import Game
from regen.features.history import History
from regen.features.records import GameLog, ShotZones


class Zones(StrEnum):
    """The shot zones that an evaluation uses."""

    ARRIVED = "arrived"
    """Those that had arrived when the date's first game began, as in a prediction before tip-off."""
    SILVER = "silver"
    """No shot zones."""
    GOLD = "gold"
    """Those of every earlier game, as in a regeneration two days after the game."""


class Arrivals(Struct):
    """Shot zones that have not arrived in the history yet."""

    zones: Zones
    _waiting: list[tuple[datetime, date, Sequence[GameLog], Sequence[ShotZones]]] = field(default_factory=list)

    def played(
        self,
        history: History,
        day: date,
        logs: Sequence[GameLog],
        zones: Sequence[ShotZones],
        games: Mapping[str, Game],
    ) -> None:
        """Process the end of a date: its zones arrive now (`gold`), later (`arrived`), or never (`silver`)."""
        history.feed(day, logs, zones if self.zones is Zones.GOLD else ())
        if self.zones is not Zones.ARRIVED:
            return
        shots: dict[str, list[ShotZones]] = {}
        for row in zones:
            shots.setdefault(row.game_id, []).append(row)
        for game_id, rows in shots.items():
            game = games.get(game_id) or Game(game_id, day, "", "")
            own = [log for log in logs if log.game_id == game_id]
            self._waiting.append((zones_arrival(game), day, own, rows))

    def arrive(self, history: History, by: datetime) -> None:
        """Add to the history the shot zones that have arrived by then."""
        there = sorted((one for one in self._waiting if one[0] <= by), key=lambda one: (one[0], one[3][0].game_id))
        self._waiting = [one for one in self._waiting if one[0] > by]
        for _, day, logs, zones in there:
            history.feed_zones(day, logs, zones)
