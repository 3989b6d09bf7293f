"""balldontlie's stats, as JSON: a list of box scores of players, `{"data": [...]}`; and its box scores, a list of games."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regen.data import parse
from regen.data.formats.shape import GAME_LOGS, Format, Record, columns
from regen.data.formats.sports import skip_player
from regen.data.reading import list_of_objects


def stats_records(document: Any) -> list[Record] | None:  # noqa: ANN401
    """Each box score with its sides; None if the document has no stats with player, team and game.

    The game has its teams by id, or as objects; the opponent's code is that of the other team, by object or by what other
    rows say of its id.
    """
    pages = document if isinstance(document, list) else [document]
    found: list[Mapping[str, Any]] = []
    for page in pages:
        if (rows_of_game := _box_scores(page)) is not None:
            found += rows_of_game
            continue
        found += list_of_objects([page] if isinstance(page, Mapping) and "game" in page else page) or []
    if not found or not all({"player", "team", "game", "min"} <= row.keys() for row in found):
        return None
    codes = {row["team"].get("id"): row["team"].get("abbreviation") for row in found if row["team"]}
    rows: list[Record] = []
    for row in found:
        game, team, player = row["game"], row["team"] or {}, row["player"] or {}
        sides = [_side(game, side, codes) for side in ("home", "visitor")]
        own = team.get("abbreviation")
        home = own == sides[0]
        opponent = sides[1] if home else sides[0] if own == sides[1] else None
        counts = {name: row.get(name) for name in _COUNTS}
        names = f"{player.get('first_name') or ''} {player.get('last_name') or ''}".strip()
        rows.append(
            {
                "player.name": names,
                "player.position": player.get("position"),
                "team.abbreviation": own,
                "opponent": opponent,
                "home": home,
                "game.id": f"bdl-{game.get('id')}",
                "game.date": game.get("date"),
                "game.postseason": "playoffs" if game.get("postseason") else "regular",
                "min": row.get("min"),
                **counts,
            }
        )
    return rows


def _box_scores(page: object) -> list[Mapping[str, Any]] | None:
    """The rows of a page of box scores, whose games have their players under each team; None if it is none."""
    games: Sequence[Mapping[str, Any]] = list_of_objects(page) or []
    if not games or not all("players" in (game.get("home_team") or {}) for game in games):
        return None
    return [
        {
            **row,
            "team": game[side],
            "game": {"id": f"{game.get('date')}-{_code(game, 'visitor')}@{_code(game, 'home')}", **game},
        }
        for game in games
        for side in ("home_team", "visitor_team")
        for row in game[side].get("players") or ()
    ]


def _code(game: Mapping[str, Any], side: str) -> object:
    return game[f"{side}_team"].get("abbreviation")


def _side(game: Mapping[str, Any], side: str, codes: Mapping[Any, Any]) -> str | None:
    team = game.get(f"{side}_team")
    if isinstance(team, Mapping):
        return team.get("abbreviation") or codes.get(team.get("id"))
    return codes.get(game.get(f"{side}_team_id")) or _ids().get(game.get(f"{side}_team_id"))


def _ids() -> Mapping[Any, str]:
    """Balldontlie numbers the teams by their codes' order."""
    return dict(enumerate(_ORDER, 1))


_ORDER = [
    "ATL",
    "BOS",
    "BKN",
    "CHA",
    "CHI",
    "CLE",
    "DAL",
    "DEN",
    "DET",
    "GSW",
    "HOU",
    "IND",
    "LAC",
    "LAL",
    "MEM",
    "MIA",
    "MIL",
    "MIN",
    "NOP",
    "NYK",
    "OKC",
    "ORL",
    "PHI",
    "PHX",
    "POR",
    "SAC",
    "SAS",
    "TOR",
    "UTA",
    "WAS",
]
_COUNTS = (
    "pts",
    "reb",
    "ast",
    "fga",
    "fgm",
    "fg3a",
    "fg3m",
    "fta",
    "ftm",
    "oreb",
    "dreb",
    "stl",
    "blk",
    "turnover",
    "pf",
)

BALLDONTLIE = Format(
    name="balldontlie",
    title="balldontlie's stats and box scores as JSON",
    makes=GAME_LOGS,
    columns=(
        *columns("player_lookup=player.name", parse.lookup, required=True),
        *columns("player_name=player.name position=player.position", parse.maybe_text),
        *columns("team=team.abbreviation opponent=opponent", parse.team, required=True),
        *columns("home=home", parse.parsed_flag, required=True),
        *columns("game_id=game.id", parse.parsed_text, required=True),
        *columns("game_date=game.date", parse.day, required=True),
        *columns("season_type=game.postseason", parse.season_type),
        *columns("minutes=min", parse.minutes, required=True),
        *columns("points=pts", parse.count, required=True),
        *columns(
            "rebounds=reb assists=ast fga fgm fg3a fg3m fta ftm oreb dreb steals=stl blocks=blk turnovers=turnover fouls=pf",
            parse.maybe_count,
        ),
    ),
    taken=(
        "stats, or box scores with the players under their teams",
        "teams by object or by balldontlie's number; postseason as a flag; minutes as 36 or 36:18; `00` is no appearance",
    ),
    missing="the league's game ids and player ids; starter",
    skip_by=("minutes", "points", "game_id", "season_type", "player_lookup"),
    skip=skip_player,
    records=stats_records,
    json_only=True,
)
