"""hoopR's player box scores (ESPN's)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from regen.data import parse
from regen.data.formats.shape import GAME_LOGS, Format, Numbered, Source, columns
from regen.data.formats.sports import skip_player
from regen.data.teams import codes, team_code


def _home(value: str) -> bool:
    word = value.strip().lower()
    if word not in {"home", "away"}:
        raise parse.BadValue("home or away")
    return word == "home"


def _espn_kind(value: str) -> str | None:
    """ESPN's numbers of season types: its 3 is the postseason."""
    kinds = {"1": "preseason", "2": "regular", "3": "playoffs", "5": "playin"}
    word = value.strip().removesuffix(".0")
    return kinds.get(word) if word.isdigit() else parse.season_type(value)


def _skip(minutes: str, points: str, kind: str, player: str, team: str, dnp: str) -> str | None:
    if dnp.strip().lower() in {"true", "1"}:
        return skip_player("", "")
    if (team_code(team) or "") not in codes():
        return parse.NO_FORM["allstar"]
    return skip_player(minutes, points, "", "preseason" if kind.strip() in {"1", "1.0"} else "", player)


def _own_ids(rows: Iterable[Numbered], _: Source) -> Iterator[Numbered]:
    for number, values in rows:
        values.pop("did_not_play", None)
        values["game_id"] = f"espn-{values['game_id']}"
        yield number, values


HOOPR = Format(
    name="hoopr",
    title="hoopR's load_nba_player_box",
    makes=GAME_LOGS,
    columns=(
        *columns("player_lookup=athlete_display_name", parse.lookup, required=True),
        *columns("team=team_abbreviation opponent=opponent_team_abbreviation", parse.team, required=True),
        *columns("game_date=game_date", parse.day, required=True),
        *columns("game_id=game_id", parse.parsed_text, required=True),
        *columns("home=home_away", _home, required=True),
        *columns("minutes=minutes", parse.minutes, required=True),
        *columns("points=points", parse.count, required=True),
        *columns("season_type=season_type", _espn_kind),
        *columns("player_name=athlete_display_name position=athlete_position_abbreviation", parse.maybe_text),
        *columns("starter=starter did_not_play=did_not_play", parse.maybe_flag),
        *columns(
            "fgm=field_goals_made fga=field_goals_attempted fg3m=three_point_field_goals_made "
            "fg3a=three_point_field_goals_attempted ftm=free_throws_made fta=free_throws_attempted "
            "oreb=offensive_rebounds dreb=defensive_rebounds rebounds=rebounds assists=assists steals=steals blocks=blocks "
            "turnovers=turnovers fouls=fouls",
            parse.maybe_count,
        ),
    ),
    marks=("athlete_id",),
    taken=("GS, NO, NY, SA, UTAH and WSH are teams; did_not_play is no appearance; All-Star teams are left out",),
    missing="the league's game ids (those of a schedule or other box scores of the game count) and player ids",
    skip_by=("minutes", "points", "season_type", "player_lookup", "team", "did_not_play"),
    skip=_skip,
    rows=_own_ids,
)
