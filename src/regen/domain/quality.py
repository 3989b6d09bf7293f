"""Live quality: the figures of graded predictions over a window of days, their intervals, and their limits.

A figure counts against its limit only from `LEAST_ROWS` rows on, and only if its whole interval lies beyond the limit. Players of
one game share its pace and its blowouts, and a player may have several lines, so that rows of a game are not independent: each game
is one cluster of `regen.domain.intervals`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

from regen.domain.intervals import Figure, mean, rise

WINDOWS = (7, 28)
"""Days of the windows; the longest is what is read."""
LEAST_ROWS = 200
Span = tuple[float, float]


class Measure(StrEnum):
    """The figures; names that end in `_pct` are percent or points of percent."""

    MAE = "mae"
    BIAS = "bias"
    HIT_RATE = "hit_rate_pct"
    CALIBRATION = "calibration_pct"
    OVER_SHARE = "over_share_pct"
    LINED = "lined_pct"
    RISE = "rise_pct"


class GameSums(Struct, frozen=True):
    """What the graded predictions of one system came to in one game.

    Attributes:
        graded: predictions of players who played; `retrospective` of them were made after tip-off.
        mae: sum of |predicted - actual|.
        bias: sum of predicted - actual.
        lined: predictions with a line.
        sided: recommendations OVER or UNDER; `overs` of them OVER.
        decided: recommendations that won or lost; `hits` of them won.
        forecasts: predictions with a line and a probability; `expected_overs` is the sum of it, `actual_overs` how often the
            points were over the line.
    """

    game_date: date
    game_id: str
    system_id: str
    graded: int
    retrospective: int
    mae: float
    bias: float
    lined: int
    sided: int
    overs: int
    decided: int
    hits: int
    forecasts: int
    expected_overs: float
    actual_overs: int


class Limits(Struct, frozen=True):
    """The limits of the figures.

    Attributes:
        mae: the largest mean absolute error, in points.
        bias: the largest mean error in either direction, in points.
        hit_pct: the smallest share of recommendations that win.
        calibration_pct: the largest distance between the mean probability of OVER and how often OVER won, in points of percent.
        skew_pct: the largest share of recommendations on one side.
        lined_pct: the smallest share of predictions with a line.
        rise_pct: the most by which the error of the short window may exceed that of the dates before.
    """

    mae: float
    bias: float
    hit_pct: float
    calibration_pct: float
    skew_pct: float
    lined_pct: float
    rise_pct: float

    def of(self, measure: Measure) -> Span:
        """Between what a figure should be."""
        return {
            Measure.MAE: (-math.inf, self.mae),
            Measure.BIAS: (-self.bias, self.bias),
            Measure.HIT_RATE: (self.hit_pct, math.inf),
            Measure.CALIBRATION: (-self.calibration_pct, self.calibration_pct),
            Measure.OVER_SHARE: (100.0 - self.skew_pct, self.skew_pct),
            Measure.LINED: (self.lined_pct, math.inf),
            Measure.RISE: (-math.inf, self.rise_pct),
        }[measure]


class Quality(Struct, frozen=True):
    """The figures of one system over one window.

    Attributes:
        as_of_date: the window's last date; `first_date` its first.
        beyond: the figures that are beyond their limits for sure.
        outside: the figures whose value is beyond its limit, sure or not: an alert lasts as long as one of them.
    """

    as_of_date: date
    window_days: int
    system_id: str
    first_date: date
    game_dates: int
    games: int
    graded: int
    retrospective: int
    figures: Mapping[Measure, Figure]
    beyond: tuple[Measure, ...]
    outside: tuple[Measure, ...]

    def row(self) -> dict[str, object]:
        """The columns of `prediction_quality`, without the moment of the measurement."""
        own = ("as_of_date", "window_days", "system_id", "first_date", "game_dates", "games", "graded", "retrospective")
        found: dict[str, object] = {name: getattr(self, name) for name in own}
        for measure, figure in self.figures.items():
            found |= {measure.value: figure.value, f"{measure}_low": figure.low, f"{measure}_high": figure.high}
        rows = {name: self.figures[measure].rows for name, measure in _ROWS.items()}
        return {**found, **rows, "beyond": ", ".join(self.beyond) or None}


_ROWS = {"decided": Measure.HIT_RATE, "forecasts": Measure.CALIBRATION, "sided": Measure.OVER_SHARE}


def window_of(today: date) -> tuple[date, date]:
    """The first and the last date that are read on a day: the last is yesterday, whose games are over."""
    last = today - timedelta(days=1)
    return last - timedelta(days=max(WINDOWS) - 1), last


def measured(sums: Sequence[GameSums], as_of: date, limits: Limits) -> list[Quality]:
    """The figures of each system over each window that ends at a date, where it has any rows."""
    systems: defaultdict[str, list[GameSums]] = defaultdict(list)
    for one in sums:
        systems[one.system_id].append(one)
    found = []
    for system_id, own in sorted(systems.items()):
        for days in WINDOWS:
            first = as_of - timedelta(days=days - 1)
            inside = [one for one in own if first <= one.game_date <= as_of]
            before = [one for one in own if one.game_date < first] if days < max(WINDOWS) else []
            if inside:
                found.append(_quality(system_id, inside, before, first, as_of, limits))
    return found


def _quality(
    system_id: str, inside: Sequence[GameSums], before: Sequence[GameSums], first: date, as_of: date, limits: Limits
) -> Quality:
    figures = {
        Measure.MAE: mean([(one.mae, one.graded) for one in inside]),
        Measure.BIAS: mean([(one.bias, one.graded) for one in inside]),
        Measure.HIT_RATE: mean([(100.0 * one.hits, one.decided) for one in inside]),
        Measure.CALIBRATION: mean([(100.0 * (one.expected_overs - one.actual_overs), one.forecasts) for one in inside]),
        Measure.OVER_SHARE: mean([(100.0 * one.overs, one.sided) for one in inside]),
        Measure.LINED: mean([(100.0 * one.lined, one.graded) for one in inside]),
    }
    figures[Measure.RISE] = rise(figures[Measure.MAE], mean([(one.mae, one.graded) for one in before]))
    return Quality(
        as_of_date=as_of,
        window_days=(as_of - first).days + 1,
        system_id=system_id,
        first_date=first,
        game_dates=len({one.game_date for one in inside}),
        games=len({(one.game_date, one.game_id) for one in inside}),
        graded=sum(one.graded for one in inside),
        retrospective=sum(one.retrospective for one in inside),
        figures=figures,
        beyond=tuple(measure for measure in Measure if is_beyond(figures[measure], limits.of(measure))),
        outside=tuple(measure for measure in Measure if _is_outside(figures[measure], limits.of(measure))),
    )


def is_beyond(figure: Figure, limits: Span) -> bool:
    """Whether enough rows say for sure that a figure is beyond its limits: the whole interval lies outside of them."""
    if figure.rows < LEAST_ROWS or figure.low is None or figure.high is None:
        return False
    return figure.low > limits[1] or figure.high < limits[0]


def _is_outside(figure: Figure, limits: Span) -> bool:
    return figure.value is not None and not limits[0] <= figure.value <= limits[1]
