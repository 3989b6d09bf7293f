"""The NBA's schedule, scheduleLeagueV2 as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regen.data import parse
from regen.data.formats.shape import SCHEDULE, Format, Record, columns


def schedule_records(document: Any) -> list[Record] | None:  # noqa: ANN401
    """Each game as a row; None if the document has no leagueSchedule."""
    league = document.get("leagueSchedule") if isinstance(document, Mapping) else None
    if not isinstance(league, Mapping):
        return None
    rows: list[Record] = []
    for day in league.get("gameDates", ()):
        for game in day.get("games", ()):
            home, away = game.get("homeTeam") or {}, game.get("awayTeam") or {}
            rows.append(
                {
                    "gameId": game.get("gameId"),
                    "gameDateEst": game.get("gameDateEst") or game.get("gameDateTimeEst") or day.get("gameDate"),
                    "gameDateTimeUTC": game.get("gameDateTimeUTC"),
                    "gameStatusText": game.get("gameStatusText"),
                    "postponedStatus": game.get("postponedStatus"),
                    "homeTeam.teamTricode": home.get("teamTricode"),
                    "awayTeam.teamTricode": away.get("teamTricode"),
                }
            )
    return rows


def _est_day(value: str) -> Any:  # noqa: ANN401
    """The date; the Z that the league writes behind US Eastern hours is none."""
    return parse.day(value.strip().split("T")[0].split(" ")[0])


def _start(value: str) -> Any:  # noqa: ANN401
    found = parse.maybe_moment(value)
    return None if found is None or found.year < 1950 else found


def _skip(game_id: str, home: str, away: str, status: str, postponed: str) -> str | None:
    kind = parse.kind_of_game(parse.maybe_game_id(game_id) or "")
    if kind in parse.NO_FORM:
        return parse.NO_FORM[kind]
    if status.strip().upper() in {"PPD", "POSTPONED", "CANCELLED"} or postponed.strip().upper() == "Y":
        return "of games that are called off"
    return None if home.strip() and away.strip() else "of games whose teams are not known yet"


LEAGUE_SCHEDULE = Format(
    name="league_schedule",
    title="the NBA's schedule, scheduleLeagueV2, as JSON or as nba_api's table",
    makes=SCHEDULE,
    columns=(
        *columns("game_id=gameId", parse.game_id, required=True),
        *columns("game_date=gameDateEst", _est_day, required=True),
        *columns(
            "home=homeTeam.teamTricode|homeTeam_teamTricode away=awayTeam.teamTricode|awayTeam_teamTricode",
            parse.team,
            required=True,
        ),
        *columns("start=gameDateTimeUTC", _start),
        *columns("status=gameStatusText postponed=postponedStatus", parse.maybe_text),
    ),
    taken=(
        "games of the regular season, the play-in and the playoffs; preseason, All-Star and called-off games are left out",
    ),
    skip_by=("game_id", "home", "away", "status", "postponed"),
    skip=_skip,
    records=schedule_records,
)
