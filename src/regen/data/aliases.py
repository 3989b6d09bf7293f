"""Names that are the same player: a file beside the data, which its user extends."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path

from msgspec import Struct, field

from regen.data.names import key, without_suffix
from regen.data.parse import maybe_id, maybe_team
from regen.domain.errors import InvalidInput
from regen.domain.nearest import nearest

FILE = "player_aliases.csv"
"""Columns: name and player; nba_player_id and team, where a name alone is two players."""


class Alias(Struct, frozen=True):
    """One line of the file: whom a name means, in general, for one id or for one team."""

    player: str
    nba_player_id: str | None = None
    team: str | None = None


class Aliases(Struct):
    """What is known of players with several names."""

    by_name: dict[str, list[Alias]] = field(default_factory=dict)

    def of(self, lookup: str, nba_player_id: str | None = None, team: str | None = None) -> str:
        """The player whom a key means; the key itself if no line is about it."""
        for alias in self.by_name.get(lookup, ()):
            if alias.nba_player_id not in {None, nba_player_id} or alias.team not in {None, team}:
                continue
            return alias.player
        return lookup


def read_aliases(path: Path) -> Aliases:
    """Read the file.

    Raises:
        InvalidInput: a column is missing, or a line names no player.
    """
    found: defaultdict[str, list[Alias]] = defaultdict(list)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream)
        if missing := {"name", "player"} - set(rows.fieldnames or ()):
            raise InvalidInput(f"{path.name}:1 {', '.join(sorted(missing))}", "columns name and player")
        for row in rows:
            name, player = key(row["name"] or ""), key(row["player"] or "")
            if name is None or player is None:
                raise InvalidInput(f"{path.name}:{rows.line_num}", "a name, and the player whom it means")
            narrow = maybe_id(row.get("nba_player_id") or ""), maybe_team(row.get("team") or "")
            found[name].append(Alias(player, *narrow))
    for entries in found.values():
        entries.sort(key=lambda alias: (alias.nba_player_id is None) + (alias.team is None))
    return Aliases(dict(found))


def by_suffix(names: Iterable[str], players: Collection[str]) -> dict[str, str]:
    """Of names that no player has, the one player who differs by a generation's suffix alone."""
    bare: defaultdict[str, list[str]] = defaultdict(list)
    for player in players:
        bare[without_suffix(player)].append(player)
    found = {}
    for name in names:
        if name not in players and len(same := bare.get(without_suffix(name), [])) == 1:
            found[name] = same[0]
    return found


def likeliest(name: str, known: Collection[str], at_least: float = 0.75) -> str | None:
    """Of known names the one that is most like this one; None if none is."""
    return next(iter(nearest(name, known, 1, at_least)), None)
