"""nba_api's game logs: PlayerGameLogs, LeagueGameLog of players, PlayerGameLog of one player; with what people add to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from regen.data import parse
from regen.data.formats.shape import GAME_LOGS, SCHEDULE, Format, Numbered, Source, columns
from regen.data.formats.sports import NBA_COUNTS, matchup, skip_player, with_matchup


def _games(rows: Iterable[Numbered], _: Source) -> Iterator[Numbered]:
    """One game of the two rows that its teams have."""
    for number, values in rows:
        team, opponent, home = values.pop("matchup")
        values["home"], values["away"] = (team, opponent) if home else (opponent, team)
        yield number, values


def _skip_game(game_id: str) -> str | None:
    kind = parse.kind_of_game(parse.maybe_game_id(game_id) or "")
    return parse.NO_FORM.get(kind or "")


NBA_API_LOGS = Format(
    name="nba_api_logs",
    title="nba_api's game logs of players, as CSV or JSON",
    makes=GAME_LOGS,
    columns=(
        *columns("player_lookup=PLAYER_NAME|player", parse.lookup, required=True),
        *columns("game_date=GAME_DATE|date", parse.day, required=True),
        *columns("matchup=MATCHUP", matchup, required=True),
        *columns("minutes=MIN|minutes", parse.minutes, required=True),
        *columns("points=PTS|points", parse.count, required=True),
        *columns("game_id=GAME_ID|Game_ID", parse.maybe_game_id),
        *columns("player_name=PLAYER_NAME|player", parse.maybe_text),
        *columns("nba_player_id=PLAYER_ID|Player_ID", parse.maybe_id),
        *columns("season_type=SEASON_TYPE", parse.season_type),
        *NBA_COUNTS,
    ),
    marks=("MATCHUP",),
    taken=(
        "team, opponent and home from MATCHUP (`LAL vs. MIN` is at home, `MIN @ LAL` is not)",
        "season and its type from GAME_DATE and GAME_ID; the zeros that a program took from GAME_ID come back",
        "minutes as 36, 36.3 or 36:18; dates as 2025-10-21, 2025-10-21T00:00:00 or APR 13, 2025",
    ),
    missing="starter and position; GAME_ID in files of one player made by hand: date and teams stand for it",
    skip_by=("minutes", "points", "game_id", "season_type", "player_lookup"),
    skip=skip_player,
    rows=with_matchup,
)
NBA_API_GAMES = Format(
    name="nba_api_games",
    title="nba_api's LeagueGameFinder and team logs: a row per team and game",
    makes=SCHEDULE,
    columns=(
        *columns("game_id=GAME_ID", parse.game_id, required=True),
        *columns("game_date=GAME_DATE", parse.day, required=True),
        *columns("matchup=MATCHUP", matchup, required=True),
    ),
    marks=("TEAM_ABBREVIATION", "TEAM_NAME", "WL", "MATCHUP"),
    never=("PLAYER_NAME", "PLAYER_ID"),
    taken=("the games, once each, from the rows of both teams",),
    missing="starts, and games to come",
    skip_by=("game_id",),
    skip=_skip_game,
    rows=_games,
)
