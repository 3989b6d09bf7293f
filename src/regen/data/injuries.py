"""What the availability reports of a date say, team by team; a team that reported nothing is unknown, not healthy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from regen.domain.tip_off import newest_reports
from regen.features.records import InjuryReport


class InjuryBoard:
    """The availability reports of all dates."""

    def __init__(self, reports: Iterable[InjuryReport]) -> None:
        self._reports: dict[tuple[date, str], list[InjuryReport]] = {}
        self._known: dict[tuple[date, str, datetime | None], Mapping[str, str] | None] = {}
        for report in reports:
            if report.team is not None:
                self._reports.setdefault((report.game_date, report.team), []).append(report)

    def statuses(self, day: date, team: str, start: datetime | None = None) -> Mapping[str, str] | None:
        """Status by player as the team last reported it before its game; None if it did not. Who is not named is available.

        Args:
            start: of the team's game, if known.
        """
        key = (day, team, start)
        if key not in self._known:
            newest = newest_reports(self._reports.get((day, team), ()), lambda _: start)
            self._known[key] = {name: report.status for name, report in newest.items()} or None
        return self._known[key]
