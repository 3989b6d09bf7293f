"""Who is requested, who is excluded, and into which requests the requested are grouped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from regen.domain.reading import SlateEntry
from regen.domain.scope import Scope

UNAVAILABLE = {"out": "out", "doubtful": "doubtful"}
EXPLAINED = frozenset({"out"})
"""Exclusions that withdraw what is current of the player: upstream says that he will not play."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A player of the slate who is not requested, and why: `out`, `doubtful` or `under_minutes`.

    Attributes:
        game_id: empty in records of earlier versions.
    """

    player_lookup: str
    reason: str
    game_id: str = ""


@dataclass(frozen=True, slots=True)
class GameShape:
    """One game of a slate: how many players it has, and of which teams."""

    game_id: str
    teams: tuple[str, ...]
    players: int


@dataclass(frozen=True, slots=True)
class SlateShape:
    """How large a slate was when it was read, whatever the scope: what the checks hold it to.

    Attributes:
        players: everybody on it, excluded or not.
    """

    players: int
    games: tuple[GameShape, ...] = ()


def shape_of(entries: Iterable[SlateEntry]) -> SlateShape:
    """The shape of what was read; a player without a game, or a game's player without a team, has broken rows."""
    known = tuple(entries)
    games: dict[str, list[SlateEntry]] = {}
    for entry in known:
        if entry.game_id:
            games.setdefault(entry.game_id, []).append(entry)
    return SlateShape(
        len({e.player_lookup for e in known}),
        tuple(
            GameShape(game, tuple(sorted({e.team for e in of_it if e.team})), len({e.player_lookup for e in of_it}))
            for game, of_it in sorted(games.items())
        ),
    )


@dataclass(frozen=True, slots=True)
class Slate:
    """The slate as fixed when the batch was opened (P8).

    Attributes:
        requested: players to predict, in the scope of the batch.
        excluded: players in scope that the rule leaves out.
        outside: players of the slate beyond the batch's scope.
    """

    requested: tuple[SlateEntry, ...]
    excluded: tuple[Exclusion, ...]
    outside: tuple[str, ...]


def exclusion(entry: SlateEntry, min_minutes: float) -> str | None:
    """The one rule for first runs, regenerations and the coverage view.

    OUT and DOUBTFUL are excluded; so is a player under `min_minutes` on average, unless he has a line. Unknown minutes
    count as none played.
    """
    status = entry.status.strip().lower()
    if status in UNAVAILABLE:
        return UNAVAILABLE[status]
    if not entry.has_line and (entry.avg_minutes or 0.0) < min_minutes:
        return "under_minutes"
    return None


def fix_slate(entries: Iterable[SlateEntry], scope: Scope, min_minutes: float) -> Slate:
    """Apply scope and rule to what was read."""
    requested: list[SlateEntry] = []
    excluded: list[Exclusion] = []
    outside: list[str] = []
    for entry in entries:
        if not scope.covers(entry.player_lookup, entry.game_id):
            outside.append(entry.player_lookup)
        elif reason := exclusion(entry, min_minutes):
            excluded.append(Exclusion(entry.player_lookup, reason, entry.game_id))
        else:
            requested.append(entry)
    return Slate(tuple(requested), tuple(excluded), tuple(outside))


def group(entries: Sequence[SlateEntry], size: int) -> list[tuple[SlateEntry, ...]]:
    """Groups of nearly equal size, none above `size`."""
    if not entries:
        return []
    number = -(-len(entries) // size)
    base, extra = divmod(len(entries), number)
    groups: list[tuple[SlateEntry, ...]] = []
    start = 0
    for i in range(number):
        end = start + base + (i < extra)
        groups.append(tuple(entries[start:end]))
        start = end
    return groups
