"""The bookmakers' lines: bookmakers know more than a model does, but not everything, and differ a little."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from regen.data.slates import Game
from regen.features.records import PropLine

BOOKS = {
    "betmgm": 0.071,
    "betonlineag": 0.064,
    "betrivers": 0.072,
    "bovada": 0.068,
    "draftkings": 0.061,
    "fanatics": 0.068,
    "fanduel": 0.069,
    "williamhill_us": 0.074,
}
"""Overround by bookmaker."""
WITHOUT_PRICES = "prizepicks"
_OFFER = 0.86
_LINED = ((8.0, 0.004), (12.5, 0.12), (17.5, 0.33), (22.5, 0.68), (27.5, 0.93), (32.0, 0.985))
"""Share of players with a line, by expected minutes."""
LOWEST = 3.5
_INSIGHT = 0.5
"""Weight of the hidden state, which models cannot observe, against past games."""
_FAST = 0.6
"""Weight of the last few past games against all of them."""
_ERROR = 0.6
"""Standard deviation of the market's own error, in points. With a larger one, a model would beat the line."""
_ABOVE = 0.25
"""Points added, so that over and under come equally often."""


def is_lined(random: Random, minutes: float) -> bool:
    """Whether a player with these expected minutes gets a line."""
    draw = random.random()
    below = _LINED[0]
    for above in _LINED:
        if minutes < above[0]:
            part = (minutes - below[0]) / max(1e-9, above[0] - below[0])
            return draw < below[1] + part * (above[1] - below[1])
        below = above
    return draw < below[1]


def centre(random: Random, minutes: float, points: float, form: tuple[float, float, float] | None) -> float:
    """The value at which the market settles: near the median of the possible points, with an error of its own.

    Args:
        random: the league's random numbers.
        minutes: the player's minutes expected from the league's hidden state.
        points: the player's points, likewise.
        form: the player's form, computed from public data of earlier games.
    """
    known = points
    if form is not None:
        fast, slow, usual = form
        change = min(1.5, max(0.7, minutes / max(4.0, usual)))
        past = (_FAST * fast + (1 - _FAST) * slow) * (1 + 0.5 * (change - 1))
        known = _INSIGHT * points + (1 - _INSIGHT) * past
    return max(LOWEST, known + _ABOVE + random.gauss(0, _ERROR))


def offers(random: Random, game: Game, key: str, settled: float) -> list[PropLine]:
    """The lines of the bookmakers that offer this player."""
    rows = []
    start = game.start
    seen = start - timedelta(minutes=random.choice((35, 60, 95, 140))) if start else None
    for book, overround in BOOKS.items():
        if random.random() > _OFFER:
            continue
        value = max(LOWEST, round(settled + random.gauss(0, 0.17) - 0.5) + 0.5)
        if random.random() < 0.034:
            value = max(4.0, float(round(settled)))
        over = min(0.60, max(0.40, 0.499 + (settled - value) * 0.035 + random.gauss(0, 0.012)))
        prices = american(over * (1 + overround)), american((1 - over) * (1 + overround))
        rows.append(PropLine(game.game_date, key, book, value, *prices, seen, start))
    if not rows or random.random() < 0.12:
        value = max(LOWEST, round(settled - 0.5) + 0.5)
        rows.append(PropLine(game.game_date, key, WITHOUT_PRICES, value, None, None, seen, start))
    return rows


def american(probability: float) -> int:
    """American odds of a probability."""
    if probability >= 0.5:
        return -round(100 * probability / (1 - probability))
    return round(100 * (1 - probability) / probability)
