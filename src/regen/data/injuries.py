"""What the availability reports of a date say, team by team; a team that reported nothing is unknown, not healthy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from regen.features.records import InjuryReport


class InjuryBoard:
    """The availability reports of all dates."""

    def __init__(self, reports: Iterable[InjuryReport]) -> None:
        self._statuses: dict[tuple[date, str], dict[str, str]] = {}
        for report in reports:
            if report.team is not None:
                self._statuses.setdefault((report.game_date, report.team), {})[report.player_lookup] = report.status

    def statuses(self, day: date, team: str) -> Mapping[str, str] | None:
        """Status by player as the team reported it; None if it did not. Who is not named is available."""
        return self._statuses.get((day, team))
