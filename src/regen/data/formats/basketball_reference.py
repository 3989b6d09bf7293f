"""Basketball-Reference's box scores and game logs, as they are and as Kaggle has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from regen.data import parse
from regen.data.formats.shape import GAME_LOGS, Format, Numbered, Source, columns
from regen.data.formats.sports import NBA_COUNTS, skip_player


def _at(value: str) -> bool:
    """Whether the column without a name has an @: away."""
    return value.strip() == "@"


def _sided(rows: Iterable[Numbered], _: Source) -> Iterator[Numbered]:
    for number, values in rows:
        away = values.pop("away", None)
        if away is not None:
            values["home"] = not away
        yield number, values


def _with_at(head: tuple[str, ...]) -> tuple[str, ...]:
    """The column before the opponent has no name, or one that pandas gave it: `Unnamed: 5`."""
    found = list(head)
    for place, name in enumerate(head[1:]):
        if name.lower() in {"opp", "opponent"} and re.fullmatch(r"(Unnamed:.*)?", head[place]):
            found[place] = "@"
    return tuple(found)


BASKETBALL_REFERENCE = Format(
    name="basketball_reference",
    title="Basketball-Reference's box scores, as Kaggle has them too",
    makes=GAME_LOGS,
    columns=(
        *columns("player_lookup=Player", parse.lookup, required=True),
        *columns("team=Tm|Team opponent=Opp|Opponent", parse.team, required=True),
        *columns("minutes=MP", parse.minutes, required=True),
        *columns("points=PTS", parse.count, required=True),
        *columns("game_date=Data|Date", parse.day, required=True),
        *columns("player_name=Player", parse.maybe_text),
        *columns("away=@|Home/Away|Away", _at),
        *columns("starter=GS", parse.maybe_flag),
        *columns("fgm=FG rebounds=TRB oreb=ORB dreb=DRB", parse.maybe_count),
        *NBA_COUNTS,
    ),
    marks=("FG", "TRB"),
    headed=_with_at,
    taken=(
        "BRK, PHO and CHO are Brooklyn, Phoenix and Charlotte",
        "rows such as `Did Not Play`, sums and repeated headers are no appearances",
        "home from a column with @, else from a schedule in another file",
    ),
    missing="game ids (date and teams stand for them) and, in many files, who was at home: add a schedule",
    skip_by=("minutes", "points", "game_id", "season_type", "player_lookup"),
    skip=skip_player,
    rows=_sided,
)
