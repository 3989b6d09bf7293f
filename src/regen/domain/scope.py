"""The scope of a batch: all of a slate, or chosen players, games and systems."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from regen.domain.errors import InvalidInput
from regen.domain.nearest import nearest, the_nearest
from regen.domain.slate_reading import SlateEntry
from regen.domain.soundness import is_name
from regen.domain.values import replace

MAX_NAMED = 10
LIKENESS = 0.75
"""Least similarity, as measured by `difflib`, at which a known name is suggested for an unknown one."""


class Scope(Struct, frozen=True):
    """A filter of players, games and systems; None means all."""

    players: tuple[str, ...] | None = None
    games: tuple[str, ...] | None = None
    systems: tuple[str, ...] | None = None

    @property
    def whole_slate(self) -> bool:
        """Whether it covers every player of the slate with every system."""
        return self.players is None and self.games is None and self.systems is None

    def covers(self, player_lookup: str, game_id: str) -> bool:
        """Whether it covers a player of the slate."""
        return (self.players is None or player_lookup in self.players) and (self.games is None or game_id in self.games)

    def on(self, entries: Sequence[SlateEntry], day: str) -> Scope:
        """The scope with players and games spelled as on the slate of a date.

        Raises:
            UnknownNames: a player or game is not on the slate.
            InvalidInput: a player plays in none of the games.
        """
        players, games = self.players, self.games
        if games is not None:
            games = resolved("games", games, _named(e.game_id for e in entries), f"games of {day}")
        if players is not None:
            known = _named(e.player_lookup for e in entries)
            players = resolved("players", players, known, f"players on the slate of {day}")
        if players is not None and games is not None:
            plays = {e.player_lookup for e in entries if e.game_id in games}
            if outside := [name for name in players if name not in plays]:
                raise InvalidInput("players", f"players of the games asked for: {', '.join(outside[:MAX_NAMED])} not")
        return replace(self, players=players, games=games)

    def union(self, other: Scope) -> Scope:
        """The smallest scope that covers both; a scope without a filter wins.

        A scope of players and one of games unite to the whole slate, because a scope cannot express "or".
        """
        systems = _both(self.systems, other.systems)
        if (self.players is None, self.games is None) != (other.players is None, other.games is None):
            return Scope(systems=systems)
        if self.players is not None and self.games is not None and self != other:
            return Scope(systems=systems)
        return Scope(
            players=_both(self.players, other.players),
            games=_both(self.games, other.games),
            systems=systems,
        )


def _named(names: Iterable[object]) -> set[str]:
    """The names that can be asked for: those of unsound rows are not among them."""
    return {name for name in names if isinstance(name, str) and is_name(name)}


def _both(a: tuple[str, ...] | None, b: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if a is None or b is None else tuple(sorted({*a, *b}))


class UnknownNames(InvalidInput):
    """Some requested names are unknown.

    Attributes:
        all: whether every requested name is unknown.
    """

    def __init__(self, field: str, expected: str, *, all_: bool) -> None:
        super().__init__(field, expected)
        self.all = all_


def resolved(field: str, asked: Sequence[str], known: Iterable[str], where: str) -> tuple[str, ...]:
    """The requested names in their known spelling, each once; case and outer spaces are ignored.

    Args:
        where: describes the known names in the error.

    Raises:
        UnknownNames: names are unknown; the error lists each with the most similar known names.
    """
    by_key = {name.strip().casefold(): name for name in known}
    unknown = [name for name in asked if name.strip().casefold() not in by_key]
    if unknown:
        unknowns = "; ".join(f"{name!r} is not{_nearest(name, by_key)}" for name in unknown[:MAX_NAMED])
        more = f"; and {len(unknown) - MAX_NAMED} more are not" if len(unknown) > MAX_NAMED else ""
        raise UnknownNames(field, f"names of {where}: {unknowns}{more}", all_=len(unknown) == len(asked))
    return tuple(dict.fromkeys(by_key[name.strip().casefold()] for name in asked))


def _nearest(name: str, by_key: dict[str, str]) -> str:
    found = the_nearest(nearest(name, by_key.values(), likeness=LIKENESS), " (nearest: ")
    return f"{found})" if found else ""
