"""Figures of scored rows at the line that each row is against, by system and by what is known before the game."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from regen.domain.intervals import Figure, mean
from regen.domain.recommendation import log_odds
from regen.domain.values import asdict
from regen.training.logistic import logistic
from regen.training.rounding import rounded
from regen.training.scores import Floats, calibration_error
from regen.training.scoring import Scored

MARKET = "market"
"""The row of the market's own chance: the price without the margin, or an unpriced line taken for the median."""
TOTAL = "all"
_NORMAL = 1.959964
_BINS = 5
_FLAT = 0.02
"""Log odds that are closer together than this, as of unpriced lines, say nothing of a slope."""
EDGES = (0.5, 1.0, 2.0)


def _edge(row: Scored) -> str:
    distance = abs(row.predicted_points - (row.line or 0.0))
    low = max(edge for edge in (0.0, *EDGES) if edge <= distance)
    high = next((edge for edge in EDGES if edge > distance), None)
    return f"{low:g} or more" if high is None else f"{low:g} to {high:g}"


GROUPS: Mapping[str, Callable[[Scored], str]] = {
    "edge": _edge,
    "side": lambda row: row.side or "",
    "month": lambda row: f"{row.game_date:%Y-%m}",
    "role": lambda row: row.role,
    "rest": lambda row: row.rest,
    "tier": lambda row: row.tier,
}


class OfGame(Protocol):
    """What is of one game."""

    @property
    def game_id(self) -> str: ...


class AtLine(Struct, frozen=True):
    """The figures of one system on a group of rows; pushes count only in returns. Intervals are of 95 %, by games.

    Attributes:
        population: `priced` or `unpriced`, by whether the line has two-way prices.
        group: `all`, or what the rows are grouped by; `part` is the group's name.
        log_loss_vs_market: paired difference to the market's chance; below 0 is better than the market.
        own_log_loss: that of the system's own chance, which does not know the market's.
        chance: mean chance of over; `came` the share that went over.
        slope: of the outcome on the stated log odds; 1 for true chances.
        reliability: mean chance, share that came and rows, of five bins of equal count.
        profit: per unit staked, of the recommended sides. `hit_rate` leaves out pushes.
        line_move: points by which the line moved towards the system's side of its opening.
    """

    system_id: str
    population: str
    group: str
    part: str
    rows: int
    games: int
    log_loss: float
    log_loss_vs_market: Figure
    own_log_loss: float
    brier: float
    brier_vs_market: Figure
    chance: float
    came: Figure
    slope: Figure
    calibration_error: float
    reliability: tuple[tuple[float, float, int], ...]
    pinball: float
    crps: float
    picks: int
    hit_rate: Figure
    profit: Figure
    line_move: Figure

    def as_dict(self) -> dict[str, Any]:
        """Plain values, rounded."""
        return {name: rounded(value) for name, value in asdict(self).items()}


def at_line(scored: Sequence[Scored]) -> tuple[AtLine, ...]:
    """The figures of each system, with the market's before those of each population."""
    systems: dict[str, list[Scored]] = defaultdict(list)
    for row in scored:
        if row.line is not None:
            systems[row.system_id].append(row)
    found = []
    for population in ("priced", "unpriced"):
        chosen = {name: [r for r in rows if r.is_priced is (population == "priced")] for name, rows in systems.items()}
        largest = max(chosen.values(), key=len, default=[])
        found += _figures(MARKET, population, TOTAL, "", largest)
        for name, rows in chosen.items():
            found += _figures(name, population, TOTAL, "", rows)
            for group, of in GROUPS.items():
                parts: dict[str, list[Scored]] = defaultdict(list)
                for row in rows:
                    parts[of(row)].append(row)
                for part in sorted(parts):
                    found += _figures(name, population, group, part, parts[part])
    return tuple(found)


def _figures(name: str, population: str, group: str, part: str, rows: Sequence[Scored]) -> list[AtLine]:
    kept = [row for row in rows if row.came is not None]
    if not kept:
        return []
    games = np.unique([row.game_id for row in kept], return_inverse=True)[1].astype(np.int64)
    came, prior = _column(kept, "came"), _column(kept, "market_over")
    is_market = name == MARKET
    chance = prior if is_market else _column(kept, "over")
    loss, brier = _losses(chance, came)
    market_loss, market_brier = _losses(prior, came)
    own = prior if is_market else _column(kept, "own_over")
    picked = [] if is_market else [row for row in rows if row.profit is not None]
    return [
        AtLine(
            system_id=name,
            population=population,
            group=group,
            part=part,
            rows=len(kept),
            games=int(games.max()) + 1,
            log_loss=float(loss.mean()),
            log_loss_vs_market=_by_game(games, loss - market_loss),
            own_log_loss=float(_losses(own, came)[0].mean()),
            brier=float(brier.mean()),
            brier_vs_market=_by_game(games, brier - market_brier),
            chance=float(chance.mean()),
            came=_by_game(games, came),
            slope=_slope(chance, came, games),
            calibration_error=calibration_error(chance, came),
            reliability=_reliability(chance, came),
            pinball=float(_column(kept, "pinball").mean()),
            crps=float(_column(kept, "crps").mean()),
            picks=len(picked),
            hit_rate=mean_by_game(
                [(r, float(r.profit > 0)) for r in picked if r.profit is not None and r.came is not None]
            ),
            profit=mean_by_game([(row, row.profit) for row in picked if row.profit is not None]),
            line_move=mean_by_game([] if is_market else [(r, r.line_move) for r in rows if r.line_move is not None]),
        )
    ]


def _column(rows: Sequence[Scored], name: str) -> Floats:
    return np.array([getattr(row, name) for row in rows], dtype=np.float64)


def _losses(chance: Floats, came: Floats) -> tuple[Floats, Floats]:
    right = np.maximum(1e-9, np.where(came > 0, chance, 1.0 - chance))
    return -np.log(right), (chance - came) ** 2


def _by_game(games: NDArray[np.int64], values: Floats) -> Figure:
    sums, counts = np.bincount(games, weights=values), np.bincount(games)
    return mean([(float(total), int(number)) for total, number in zip(sums, counts, strict=True)])


def mean_by_game(values: Sequence[tuple[OfGame, float]]) -> Figure:
    """The mean of values of rows; its interval allows for rows of one game that go together."""
    sums: dict[str, tuple[float, int]] = {}
    for row, value in values:
        total, rows = sums.get(row.game_id, (0.0, 0))
        sums[row.game_id] = total + value, rows + 1
    return mean(list(sums.values()))


def _slope(chance: Floats, came: Floats, games: NDArray[np.int64]) -> Figure:
    odds = np.array([log_odds(each) for each in chance])
    if float(odds.std()) < _FLAT:
        return Figure(rows=len(odds))
    found, errors = logistic(np.column_stack([odds, np.ones(len(odds))]), came, np.zeros(len(odds)), games)
    value, half = float(found[0]), _NORMAL * float(errors[0])
    if not np.isfinite((value, half)).all():
        return Figure(rows=len(odds))
    return Figure(value, value - half, value + half, len(odds))


def _reliability(chance: Floats, came: Floats) -> tuple[tuple[float, float, int], ...]:
    order = np.argsort(chance, kind="stable")
    parts = zip(np.array_split(chance[order], _BINS), np.array_split(came[order], _BINS), strict=True)
    return tuple((float(said.mean()), float(right.mean()), len(said)) for said, right in parts if len(said))
