"""What formats share: sides of a matchup, box scores as vendors name them, moments in US Eastern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from regen.data import parse
from regen.data.formats.native import skip_log
from regen.data.formats.shape import Column, Numbered, Source, columns
from regen.data.teams import team_code

_MATCHUP = re.compile(r"\s*(.+?)\s*(@|vs\.?|VS\.?|at)\s*(.+?)\s*")

NBA_COUNTS: tuple[Column, ...] = columns(
    "rebounds=REB assists=AST fga=FGA fgm=FGM fg3a=FG3A|threes_attempted|3PA fg3m=FG3M|threes_made|3PM|3P fta=FTA ftm=FTM|FT "
    "oreb=OREB dreb=DREB steals=STL blocks=BLK turnovers=TOV|TO fouls=PF",
    parse.maybe_count,
)
"""The counts of a box score in the words of NBA.com."""


@lru_cache(maxsize=4096)
def matchup(value: str) -> tuple[str, str, bool]:
    """The team whose row it is, its opponent, and whether it is at home: `LAL vs. MIN`, `MIN @ LAL`."""
    found = _MATCHUP.fullmatch(value)
    sides = (team_code(found[1]), team_code(found[3])) if found else (None, None)
    if found is None or sides[0] is None or sides[1] is None:
        raise parse.BadValue("a matchup such as LAL vs. MIN or MIN @ LAL")
    return sides[0], sides[1], found[2].lower().startswith("vs")


def skip_player(minutes: str, points: str, game_id: str = "", season_type: str = "", player: str = "x") -> str | None:
    """Why a row of a vendor's box score is left out: no appearance, no form, or the sum of a team."""
    word = re.sub(r"[^a-z]", "", player.lower())
    if word in {"", "player", "name", "teamtotals", "totals", "total", "reserves", "starters"}:
        return "that are no player's (sums, repeated headers)"
    if re.fullmatch(r"(did not|not with|inactive|suspended|dnp|dnd|nwt).*", minutes.strip().lower()):
        return skip_log("", "")
    return skip_log(minutes, points, game_id, season_type)


def with_matchup(rows: Iterable[Numbered], _: Source) -> Iterator[Numbered]:
    """Rows whose team, opponent and home follow from a matchup, where columns of their own do not say it."""
    for number, values in rows:
        found = values.pop("matchup", None)
        if found is not None:
            team, opponent, home = found
            values["team"], values["opponent"], values["home"] = team, opponent, home
        yield number, values
