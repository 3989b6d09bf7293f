"""The scope of a batch: all of a slate, or chosen players, games and systems."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """A filter; None means all."""

    players: tuple[str, ...] | None = None
    games: tuple[str, ...] | None = None
    systems: tuple[str, ...] | None = None

    @property
    def whole_slate(self) -> bool:
        """Whether every player of the slate with every system is meant."""
        return self.players is None and self.games is None and self.systems is None

    def covers(self, player_lookup: str, game_id: str) -> bool:
        """Whether a player of the slate is meant."""
        return (self.players is None or player_lookup in self.players) and (self.games is None or game_id in self.games)

    def union(self, other: Scope) -> Scope:
        """The smallest scope of this form that has both; a trigger without a filter wins.

        A scope of players and one of games are united to all of the slate: a conjunction cannot say "or".
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


def _both(a: tuple[str, ...] | None, b: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if a is None or b is None else tuple(sorted({*a, *b}))
