"""The players of the league: their abilities, and the drift of these through a season."""

from __future__ import annotations

import math
from datetime import date
from random import Random

from msgspec import Struct

from regen.data.parse import lookup
from regen.league.names import Names

ROSTER = 16
_MINUTES = (33.0, 32.0, 30.6, 28.8, 26.6, 24.2, 21.6, 19.0, 16.6, 14.2, 12.0, 9.8, 8.0, 6.5, 5.0, 4.0)
"""Minutes by rank in a full-strength team; they add up to more than 240 because some players are always absent."""
_USAGE = (0.67, 0.57, 0.49, 0.44, 0.43, 0.41, 0.40, 0.38, 0.38, 0.37, 0.36, 0.35, 0.34, 0.34, 0.33, 0.33)
"""Scoring weight per minute, by rank in the team."""
ZONES = ("paint_ra", "paint_nonra", "midrange", "corner3", "above_break3", "backcourt")
_ZONE_SHARE = (0.279, 0.203, 0.097, 0.107, 0.311, 0.002)
ZONE_MAKE = (0.664, 0.444, 0.417, 0.388, 0.353, 0.023)
"""Share of shots made by zone."""
_KIND_OF_PLAYER = {
    "PG": (0.75, 1.00, 1.10, 0.80, 1.20, 0.75, 1.75),
    "SG": (0.80, 0.90, 1.05, 1.10, 1.20, 0.75, 1.10),
    "SF": (0.95, 0.95, 1.00, 1.25, 1.00, 0.95, 0.85),
    "PF": (1.10, 1.05, 1.00, 1.15, 0.90, 1.20, 0.80),
    "C": (1.60, 1.15, 0.80, 0.50, 0.55, 1.55, 0.70),
}
"""By position: five zone weights, rebounds, assists."""
POSITIONS = tuple(_KIND_OF_PLAYER)


class Player(Struct):
    """One invented player and the player's state.

    Attributes:
        minutes: minutes in a full-strength team.
        usage: shots and trips to the line per minute, relative to others.
        skill: factor on the chance to make a shot.
        zones: cumulative weights of the zones of the player's shots.
        loose: variation of the usage from game to game.
        frailty: factor on the risk of absence.
        tracked: whether play-by-play with shot zones ever arrives for the player's games.
        role: slow deviation of the minutes, in minutes.
        touch: slow deviation of the usage, as a logarithm.
        back: first date on which the player can play again.
        rust: share of the minutes lost after an absence.
        form: exponentially weighted means of points, fast (span 12) and slow (span 40), and of minutes (span 12), from
            public data; None before the first game.
    """

    name: str
    key: str
    number: str
    position: str
    team: str
    minutes: float
    usage: float
    skill: float
    zones: tuple[float, ...]
    free_throws: float
    free_throw_make: float
    rebounds: float
    assists: float
    loose: float
    frailty: float
    tracked: bool
    role: float = 0.0
    touch: float = 0.0
    back: date = date.min
    reason: str = ""
    rust: float = 0.0
    form: tuple[float, float, float] | None = None

    @property
    def able(self) -> float:
        """Minutes that the player would play today in a full-strength team."""
        return max(0.5, self.minutes + self.role) * (1 - self.rust)

    def drift(self, random: Random) -> None:
        """Advance role and touch by one game: each is a mean-reverting random walk."""
        wide = 1.75
        self.role = 0.90 * self.role + random.gauss(0, wide)
        self.touch = 0.965 * self.touch + random.gauss(0, 0.027)
        self.rust *= 0.6

    def played(self, points: int, minutes: float) -> None:
        """Add a game to the form."""
        fast, slow, usual = self.form or (points, points, minutes)
        self.form = (
            fast + (points - fast) * 2 / 13,
            slow + (points - slow) * 2 / 41,
            usual + (minutes - usual) * 2 / 13,
        )


def draft(random: Random, names: Names, team: str, number: int) -> list[Player]:
    """A new roster of a team, in order of minutes."""
    lift = random.gauss(0, 0.025)
    players = []
    for place in range(ROSTER):
        position = POSITIONS[(place + number) % 5] if place < 10 else random.choice(POSITIONS)
        players.append(_player(random, names.next(), team, place, position, lift, number * 100 + place))
    return players


def _player(random: Random, name: str, team: str, place: int, position: str, lift: float, number: int) -> Player:
    *weights, boards, passes = _KIND_OF_PLAYER[position]
    weights.append(1.0)
    shares = [s * w * random.lognormvariate(0, 0.35) for s, w in zip(_ZONE_SHARE, weights, strict=True)]
    cumulative, total = [], 0.0
    for share in shares:
        total += share
        cumulative.append(total)
    return Player(
        name=name,
        key=lookup(name),
        number=str(9_000_000 + number),
        position=position,
        team=team,
        minutes=max(2.0, _MINUTES[place] + random.gauss(0, 1.2 if place < 10 else 0.8)),
        usage=max(0.2, _USAGE[place] * random.lognormvariate(lift, 0.14 if place < 3 else 0.20)),
        skill=random.gauss(1.0, 0.035),
        zones=tuple(cumulative),
        free_throws=random.lognormvariate(0, 0.35) * (1.25 if place < 3 else 0.95),
        free_throw_make=min(0.93, random.gauss(0.785, 0.07)),
        rebounds=0.180 * boards * random.lognormvariate(0, 0.2),
        assists=0.103 * passes * random.lognormvariate(0, 0.3) * (1.25 if place < 2 else 0.95),
        loose=random.uniform(0.04, 0.11) + 0.02 * min(place, 10),
        frailty=random.lognormvariate(-0.1, 0.45),
        tracked=random.random() < 0.975,
    )


def poisson(random: Random, mean: float) -> int:
    """A Poisson number; mean below 30."""
    limit, count, product = math.exp(-mean), 0, random.random()
    while product > limit:
        count += 1
        product *= random.random()
    return count
