"""One row of the evaluation: a system or baseline, on all players or on those with a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from regen.domain.estimate import Estimate
from regen.domain.recommendation import CONFIDENT_WITHIN, Recommendation, advise, over_probability
from regen.training.scores import Floats, bootstrap_interval, calibration_error, perfect_calibration_error
from regen.training.scoring import inside80
from regen.training.trust import Offer

EXPONENTIAL = "exponential mean (12)"
OFFSETS = (0.0, *(sign * (step + 0.5) for step in range(5) for sign in (1, -1)))
"""Lines at which chances of over are checked: the player's line (without one: the form), and +-0.5 to +-4.5 around it."""
_DIGITS = 4


class Estimated(Struct, frozen=True):
    """The estimates of one player-game, and its result.

    Attributes:
        line: the consensus of the bookmakers' lines.
        form_line: a half-point line at the player's exponential mean, for players without a line.
        plain: the points of the baselines.
        estimates: the estimates of the systems.
        offer: the line that the player's rows are against.
    """

    day: int
    points: float
    line: float | None
    form_line: float
    plain: Mapping[str, float]
    estimates: Mapping[str, Estimate]
    offer: Offer | None = None


class Row(Struct, frozen=True):
    """Scores of one system on one population; None where a score does not apply.

    Attributes:
        ece: expected calibration error of chances of over. `ece_perfect` is that of true chances at this sample size.
        interval80: share of results inside the 80 % interval.
        vs_exponential: mean absolute error minus that of the exponential mean on the same games, with its 95 % interval.
        picks: number of recommendations of a side of the line that a row is against. `hit_rate` is the share won without pushes.
        confidence_gap: mean confidence minus the share of hits, in percentage points. For all players a hit means that
            the points come within `CONFIDENT_WITHIN`; for those with a line, that the side of the prediction wins.
    """

    name: str
    population: str
    n: int
    mae: float
    rmse: float
    bias: float
    ece: float | None
    ece_perfect: float | None
    interval80: float | None
    vs_exponential: Mapping[str, float]
    vs_exponential_pct: float
    vs_line_pct: float | None
    picks: int | None
    hit_rate: float | None
    confidence_gap: float | None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, rounded."""
        body = {name: getattr(self, name) for name in self.__struct_fields__}
        body["vs_exponential"] = {name: round(value, _DIGITS) for name, value in self.vs_exponential.items()}
        return {name: round(value, _DIGITS) if isinstance(value, float) else value for name, value in body.items()}


def measure(estimated: Sequence[Estimated]) -> tuple[Row, ...]:
    """All rows: systems in the registry's order, then baselines; for all players, then for those with a line."""
    names: dict[str, None] = {}
    for each in estimated:
        names.update(dict.fromkeys(each.estimates))
    plain: dict[str, None] = {}
    for each in estimated:
        plain.update(dict.fromkeys(each.plain))
    rows = []
    for population in ("all", "lined"):
        chosen = [each for each in estimated if population == "all" or each.line is not None]
        for name in (*names, *plain):
            row = _row(name, population, chosen)
            if row is not None and not (population == "all" and _lined_only(name, estimated)):
                rows.append(row)
    return tuple(rows)


def _lined_only(name: str, estimated: Sequence[Estimated]) -> bool:
    return all(each.line is not None for each in estimated if name in each.estimates or name in each.plain) and any(
        each.line is None for each in estimated
    )


def _row(name: str, population: str, estimated: Sequence[Estimated]) -> Row | None:
    used = [each for each in estimated if (name in each.estimates or name in each.plain) and EXPONENTIAL in each.plain]
    if not used:
        return None
    days = np.array([each.day for each in used], dtype=np.float64)
    actual = np.array([each.points for each in used])
    points = np.array([each.estimates[name].points if name in each.estimates else each.plain[name] for each in used])
    base = np.array([each.plain[EXPONENTIAL] for each in used])
    error = np.abs(points - actual)
    difference = error - np.abs(base - actual)
    low, high = bootstrap_interval(days, difference)
    mae = float(error.mean())
    lines = np.array([np.nan if each.line is None else each.line for each in used])
    line_mae = float(np.abs(lines - actual).mean()) if population == "lined" else None
    chances = calibration = perfect = interval = None
    if name in used[0].estimates:
        chances, happened = _chances(name, used)
        calibration = calibration_error(chances.ravel(), happened.ravel())
        perfect = perfect_calibration_error(chances)
        interval = _interval(name, used)
    picks = hits = gap = None
    if chances is not None:
        picks, hits, gap = _bets(name, used) if population == "lined" else (None, None, _closeness_gap(name, used))
    return Row(
        name=name,
        population=population,
        n=len(used),
        mae=mae,
        rmse=float(np.sqrt(np.mean((points - actual) ** 2))),
        bias=float(np.mean(points - actual)),
        ece=calibration,
        ece_perfect=perfect,
        interval80=interval,
        vs_exponential={"diff": float(difference.mean()), "lo": low, "hi": high},
        vs_exponential_pct=100.0 * float(difference.mean()) / float(np.abs(base - actual).mean()),
        vs_line_pct=None if line_mae is None else 100.0 * (mae / line_mae - 1.0),
        picks=picks,
        hit_rate=hits,
        confidence_gap=gap,
    )


def _chances(name: str, used: Sequence[Estimated]) -> tuple[Floats, Floats]:
    chances, happened = [], []
    for each in used:
        own = each.form_line if each.line is None else each.line
        at = [max(0.5, own + offset) for offset in OFFSETS]
        chances.append([over_probability(each.estimates[name], line) for line in at])
        happened.append([float(each.points > line) for line in at])
    return np.array(chances), np.array(happened)


def _interval(name: str, used: Sequence[Estimated]) -> float:
    return float(np.mean([inside80(each.estimates[name], each.points) for each in used]))


def _closeness_gap(name: str, used: Sequence[Estimated]) -> float:
    estimated = [each.estimates[name].confidence for each in used]
    near = [100.0 * (abs(each.points - each.estimates[name].points) <= CONFIDENT_WITHIN) for each in used]
    return float(np.mean(estimated) - np.mean(near))


def _bets(name: str, used: Sequence[Estimated]) -> tuple[int, float | None, float | None]:
    picks = won = 0
    confidences, outcomes = [], []
    for each in used:
        if each.offer is None or each.points == each.offer.line:
            continue
        judgement = advise(each.estimates[name], each.offer.line, each.offer.market)
        if not judgement.edge:
            continue
        right = (each.points > each.offer.line) == (judgement.edge > 0)
        confidences.append(judgement.confidence)
        outcomes.append(100.0 * right)
        if judgement.recommendation in {Recommendation.OVER, Recommendation.UNDER}:
            picks += 1
            won += right
    gap = float(np.mean(confidences) - np.mean(outcomes)) if confidences else None
    return picks, won / picks if picks else None, gap
