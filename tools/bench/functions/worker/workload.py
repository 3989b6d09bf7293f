"""The task of the fan-out bench: a moving average over 30 invented games, a fixed number of operations (about 1 ms)."""

from __future__ import annotations

REPEATS = 29
GAMES = 30
WINDOWS = (3, 5, 7, 10, 15, 20)


def games(number: int) -> list[float]:
    """Thirty games of a player, from his number."""
    x = (number * 2654435761 + 12345) & 0xFFFFFFFF
    points = []
    for _ in range(GAMES):
        x = (1664525 * x + 1013904223) & 0xFFFFFFFF
        points.append(5.0 + (x >> 8) % 3000 / 100.0)
    return points


def points_of(played: list[float]) -> float:
    """The prediction: half the last 5, three tenths the last 10, a fifth the last 20."""
    return round(0.5 * sum(played[-5:]) / 5 + 0.3 * sum(played[-10:]) / 10 + 0.2 * sum(played[-20:]) / 20, 2)


def predict(number: int) -> float:
    """The prediction, after a fixed amount of work."""
    played = games(number)
    spent = 0.0
    for _ in range(REPEATS):
        for width in WINDOWS:
            for start in range(GAMES - width + 1):
                total = 0.0
                for value in played[start : start + width]:
                    total += value
                spent += total / width
    return points_of(played)


def expected_sum(n: int) -> int:
    """What all predictions of players 0 to n-1 add up to, in hundredths: a lost or doubled one shows."""
    return sum(round(100 * points_of(games(number))) for number in range(n))
