"""What the members, the age of a fit and the groups of players mean for the ensemble's error, on games that no fit has seen.

tools/model_studies.py --data DIR [--from DATE] [--to DATE] [--zones gold]

Fits on all games before the first week and before each later one, and prints three tables as Markdown: the error without each
member, weights fitted anew (walk-forward by week); the error by the weeks since the fit; the bias of groups of players.
Differences have an interval of 95 %, drawn by dates.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
from msgspec import Struct

from regen.data.csvs import read_folder
from regen.systems.ensemble import Ensemble
from regen.systems.linear import known
from regen.systems.moving_average import MovingAverage, weighted_mean
from regen.training.dataset import samples
from regen.training.evaluate import WEEK, eligible
from regen.training.fitting import Floats
from regen.training.scores import bootstrap_interval
from regen.training.stacking import stack
from regen.training.train import Design, Learnt, design, established, learn, model_points
from regen.training.zones import Zones

FIRST, LAST = date(2025, 10, 21), date(2025, 12, 31)
WEEKS = 10
TABLE = sys.stdout.write
MANY_ABSENT = 60.0
"""Usual minutes of regulars who will probably not play."""
BENCH_MINUTES = 20.0
VACANCY = 25.0


class Fit(Struct, frozen=True):
    """The models of one week's fit.

    Attributes:
        start: the first day after it.
        weights: of the ensemble, by the members that it has.
    """

    start: int
    learnt: Learnt
    weights: Mapping[tuple[str, ...], Floats]


class Games(Struct, frozen=True):
    """The player-games to measure on: of players with a history."""

    data: Design
    chosen: Floats

    def between(self, first: int, last: int) -> Floats:
        """The places of those from one day to before another."""
        days = self.data.days[self.chosen.astype(int)]
        return np.asarray(self.chosen[(days >= first) & (days < last)], dtype=np.float64)


def subsets() -> Iterator[tuple[str, ...]]:
    """All members, all but each one, and each one alone."""
    yield Ensemble.members
    for name in Ensemble.members:
        yield tuple(other for other in Ensemble.members if other != name)


def fitted(data: Design, start: int) -> Fit:
    """The fit on all games before a day."""
    before = data.before(date.fromordinal(start))
    learnt = learn(before)
    y = before.points[learnt.seen]
    return Fit(start, learnt, {names: stack(learnt.members(names), y) for names in subsets()})


def predicted(data: Design, fit: Fit, rows: Floats, names: tuple[str, ...] = Ensemble.members) -> Floats:
    """The ensemble's points for some rows."""
    places = rows.astype(int)
    columns = [_member(data, fit, places, name) for name in names]
    return np.asarray(np.column_stack(columns) @ fit.weights[names], dtype=np.float64)


def _member(data: Design, fit: Fit, places: Floats, name: str) -> Floats:
    model = fit.learnt.models[name]
    if name != MovingAverage.system_id:
        return model_points(model, data.matrices[name][places])
    means = [weighted_mean(data.samples[n].inputs.recent_games, *model.settings.values()) for n in places.tolist()]
    return model_points(model, np.array(means)[:, None])


def left_out(games: Games, fits: Sequence[Fit], end: int) -> None:
    """Print the error without each member."""
    data = games.data
    found: dict[tuple[str, ...], list[Floats]] = {names: [] for names in subsets()}
    alone: dict[str, list[Floats]] = {name: [] for name in Ensemble.members}
    days, lined = [], []
    for fit in fits:
        rows = games.between(fit.start, min(end, fit.start + WEEK.days))
        if not len(rows):
            continue
        places = rows.astype(int)
        points = data.points[places]
        for names, errors in found.items():
            errors.append(np.abs(predicted(data, fit, rows, names) - points))
        for name, errors in alone.items():
            errors.append(np.abs(_member(data, fit, places, name) - points))
        days.append(data.days[places])
        lined.append(~np.isnan(data.line[places]))
    day, with_line = np.concatenate(days), np.concatenate(lined)
    whole = np.concatenate(found[Ensemble.members])
    last = fits[-1].weights
    TABLE(
        "\n| member | weight | alone | without it, less the ensemble | lined |\n| --- | ---: | ---: | ---: | ---: |\n"
    )
    for name in Ensemble.members:
        rest = tuple(other for other in Ensemble.members if other != name)
        worse = np.concatenate(found[rest]) - whole
        weight = last[Ensemble.members][Ensemble.members.index(name)]
        TABLE(
            f"| {name} | {weight:.2f} | {np.concatenate(alone[name]).mean():.3f} | {_difference(day, worse)} | "
            f"{_difference(day[with_line], worse[with_line])} |\n"
        )
    TABLE(f"\nThe ensemble: {whole.mean():.3f} on {len(whole)} player-games, lined {whole[with_line].mean():.3f}.\n")


def by_age(games: Games, fits: Sequence[Fit], end: int) -> None:
    """Print the error by the weeks since the fit, beside that of a fit of the week before on the same games."""
    data = games.data
    week = WEEK.days
    of_week = {}
    for fit in fits:
        rows = games.between(fit.start, min(end, fit.start + week))
        of_week[fit.start] = (rows, np.abs(predicted(data, fit, rows) - data.points[rows.astype(int)]))
    TABLE("\n| weeks since the fit | n | MAE | of a weekly refit | difference |\n| --- | ---: | ---: | ---: | ---: |\n")
    for age in range(1, WEEKS + 1):
        old, fresh, days = [], [], []
        for fit in fits:
            rows, errors = of_week.get(fit.start + (age - 1) * week, (np.array([]), None))
            if errors is None or not len(rows):
                continue
            old.append(np.abs(predicted(data, fit, rows) - data.points[rows.astype(int)]))
            fresh.append(errors)
            days.append(data.days[rows.astype(int)])
        if not old:
            continue
        one, other, day = np.concatenate(old), np.concatenate(fresh), np.concatenate(days)
        TABLE(f"| {age} | {len(one)} | {one.mean():.3f} | {other.mean():.3f} | {_difference(day, one - other)} |\n")


def by_group(games: Games, fits: Sequence[Fit], end: int) -> None:
    """Print the bias of groups that are known before the game."""
    data = games.data
    rows = [games.between(fit.start, min(end, fit.start + WEEK.days)) for fit in fits]
    gaps = np.concatenate(
        [
            predicted(data, fit, own) - data.points[own.astype(int)]
            for fit, own in zip(fits, rows, strict=True)
            if len(own)
        ]
    )
    places = np.concatenate([own for own in rows if len(own)]).astype(int)
    TABLE("\n| group | n | bias | MAE |\n| --- | ---: | ---: | ---: |\n")
    for name, members in _groups(data, places).items():
        if members.any():
            own = gaps[members]
            low, high = bootstrap_interval(data.days[places][members], own)
            TABLE(
                f"| {name} | {len(own)} | {own.mean():+.2f} ({low:+.2f} to {high:+.2f}) | {np.abs(own).mean():.2f} |\n"
            )


def _groups(data: Design, places: Floats) -> Mapping[str, Floats]:
    def of(name: str) -> Floats:
        values = [known(data.samples[n].inputs, name) for n in places.tolist()]
        return np.array([np.nan if value is None else value for value in values])

    minutes, absent = of("minutes_ew_12"), of("absent_minutes_tonight")
    gain = absent - of("absent_minutes_ew")
    lined, missed = of("lined_tonight"), of("team_games_missed")
    with np.errstate(invalid="ignore"):
        return {
            "all": np.ones(len(places), dtype=bool),
            f"bench (under {BENCH_MINUTES:g} minutes) with a line tonight": (minutes < BENCH_MINUTES) & (lined == 1),
            f"bench, regulars of {VACANCY:g} minutes more than usual absent": (minutes < BENCH_MINUTES)
            & (gain > VACANCY),
            f"regulars of {MANY_ABSENT:g} minutes or more absent": absent >= MANY_ABSENT,
            "the others have lines, he has none": lined == 0,
            "back after missing games": missed >= 1,
        }


def _difference(days: Floats, values: Floats) -> str:
    low, high = bootstrap_interval(days, values)
    return f"{values.mean():+.3f} ({low:+.3f} to {high:+.3f})"


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--from", dest="first", type=date.fromisoformat, default=FIRST)
    parser.add_argument("--to", dest="last", type=date.fromisoformat, default=LAST)
    parser.add_argument("--zones", choices=tuple(Zones), default=Zones.ARRIVED.value)
    given = parser.parse_args()
    folder = read_folder(given.data)
    data = design(list(samples(folder, given.last, zones=Zones(given.zones), wanted=established)))
    chosen = [n for n, sample in enumerate(data.samples) if eligible(sample.inputs)]
    games = Games(data, np.array(chosen, dtype=np.float64))
    first, end = given.first.toordinal(), given.last.toordinal() + 1
    fits = [fitted(data, start) for start in range(first, end, WEEK.days)]
    for table in (left_out, by_age, by_group):
        table(games, fits, end)


if __name__ == "__main__":
    main()
