"""Fitting of every system on samples; the result is one artefact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from regen.data.csvs import DataFolder, folder_of
from regen.domain.errors import InvalidInput
from regen.domain.lines import consensus, sound_lines
from regen.domain.values import replace
from regen.features.names import FEATURE_VERSION
from regen.features.player_state import PlayerState
from regen.systems import systems
from regen.systems.artefact import Artefact, LinearModel
from regen.systems.ensemble import Ensemble
from regen.systems.learned import Learned
from regen.systems.line_blend import LineBlend, price_lean
from regen.systems.linear import LinearSystem, known, own_spread
from regen.systems.moving_average import BREAK_GAMES, GRID, HALF_LIFE, MovingAverage, weighted_mean
from regen.systems.trees import FOREST, Trees
from regen.training.boosting import forest_points, grow
from regen.training.dataset import Sample, samples
from regen.training.fitting import Floats, linear_model, linear_points, median_ridge, predict, spread
from regen.training.stacking import stack
from regen.training.trust import Decided, Offer, decided, offer_of, with_trust
from regen.training.zones import Zones

TRAIN_MIN_GAMES = 5
TRAIN_MIN_MINUTES = 6.0
"""Players with fewer games or minutes tell little about the players of a slate."""
ALPHA = 300.0
LINE_ALPHA = 1.0
HONEST_FROM = 0.4
FOLDS = 4
"""Samples after the first 40 % are predicted in four parts, by fits on the earlier ones, for ensemble, blend and spreads."""
MIN_SAMPLES = 500
MIN_LINED = 200
GRID_EVERY = 3
"""Every third sample is used to choose the half-life."""


class Design(Struct, frozen=True, dict=True):
    """The samples as matrices, one per base system, built once and cut by date for each fit."""

    samples: tuple[Sample, ...]
    days: Floats
    points: Floats
    own: Floats
    matrices: dict[str, Floats]
    names: dict[str, tuple[str, ...]]
    grid: Floats
    line: Floats
    lean: Floats
    offers: tuple[Offer | None, ...]

    def before(self, day: date) -> Design:
        """The samples of earlier dates."""
        n = int(np.searchsorted(self.days, day.toordinal(), side="left"))
        cut = {name: matrix[:n] for name, matrix in self.matrices.items()}
        return Design(
            self.samples[:n],
            self.days[:n],
            self.points[:n],
            self.own[:n],
            cut,
            self.names,
            self.grid[: len(range(0, n, GRID_EVERY))],
            self.line[:n],
            self.lean[:n],
            self.offers[:n],
        )


def train(
    data: DataFolder | Path | str, until: date, remarks: Counter[str] | None = None, *, zones: Zones = Zones.ARRIVED
) -> Artefact:
    """Fit every system on the games of a folder (or of data in its form) up to and including `until`.

    Args:
        remarks: counts what is left out.
        zones: the shot zones that the samples know; by default those that had arrived at tip-off.
    """
    folder = folder_of(data)
    return fit(design(list(samples(folder, until, zones=zones, wanted=established, remarks=remarks))))


def established(state: PlayerState) -> bool:
    """Whether a player has enough history for the fit; players who have not are not in the evaluation either."""
    return state.games >= TRAIN_MIN_GAMES and (state.form[12].mean(1) or 0.0) >= TRAIN_MIN_MINUTES


def usable(sample: Sample) -> bool:
    """Whether a sample is used for the fit."""
    games, minutes = known(sample.inputs, "games_known") or 0.0, known(sample.inputs, "minutes_ew_12") or 0.0
    return games >= TRAIN_MIN_GAMES and minutes >= TRAIN_MIN_MINUTES


def base_systems() -> tuple[LinearSystem, ...]:
    """The systems that read inputs only."""
    empty = Artefact("", "", 0, FEATURE_VERSION, {})
    return tuple(s for s in systems(None, empty) if isinstance(s, LinearSystem) and s.stage == 0)


def design(all_samples: Sequence[Sample]) -> Design:
    """The matrices of the usable samples."""
    chosen = tuple(sample for sample in all_samples if usable(sample))
    if len(chosen) < MIN_SAMPLES:
        raise InvalidInput(
            "until", f"a date with at least {MIN_SAMPLES} usable player-games up to it; found {len(chosen)}"
        )
    matrices: dict[str, Floats] = {}
    names: dict[str, tuple[str, ...]] = {}
    for system in base_systems():
        if system.system_id == Trees.system_id:
            continue  # it has the signals of learned_v1
        rows = [system.checked_signals(sample.inputs, {}) for sample in chosen]
        names[system.system_id] = tuple(rows[0])
        matrices[system.system_id] = _array([[_nan(value) for value in row.values()] for row in rows])
    matrices[Trees.system_id], names[Trees.system_id] = matrices[Learned.system_id], names[Learned.system_id]
    offered = [sound_lines(sample.inputs) for sample in chosen]
    grid = np.column_stack([_means(chosen[::GRID_EVERY], settings) for settings in GRID])
    return Design(
        samples=chosen,
        days=_array([sample.day.toordinal() for sample in chosen]),
        points=_array([sample.points for sample in chosen]),
        own=_array([own_spread(sample.inputs, 0.0) for sample in chosen]),
        matrices=matrices,
        names=names,
        grid=grid,
        line=_array([consensus(lines) if lines else np.nan for lines in offered]),
        lean=_array([price_lean(lines) for lines in offered]),
        offers=tuple(offer_of(sample.inputs) for sample in chosen),
    )


class Learnt(Struct, frozen=True):
    """The base systems, fitted.

    Attributes:
        models: as yet without spreads.
        honest: their predictions of samples that the fits behind them had not seen; NaN of the others.
    """

    models: Mapping[str, LinearModel]
    honest: Mapping[str, Floats]

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Which samples have honest predictions."""
        return np.asarray(~np.isnan(self.honest[MovingAverage.system_id]), dtype=np.bool_)

    def members(self, names: Sequence[str]) -> Floats:
        """The honest predictions of systems, a column each."""
        return np.column_stack([self.honest[name][self.seen] for name in names])


def learn(data: Design) -> Learnt:
    """Fit the systems that read inputs only."""
    best = _best_grid(data)
    data.matrices[MovingAverage.system_id] = _means(data.samples, GRID[best])[:, None]
    models = {name: _learnt(name, data.names[name], matrix, data.points) for name, matrix in data.matrices.items()}
    models[MovingAverage.system_id] = replace(models[MovingAverage.system_id], settings=dict(GRID[best]))
    return Learnt(models, _honest(data))


def fit(data: Design) -> Artefact:
    """Fit every system; fit spreads, ensemble and line blend to predictions of held-out samples."""
    learnt = learn(data)
    honest, seen = learnt.honest, learnt.seen
    y, own = data.points[seen], data.own[seen]
    games = [sample.inputs.game_id for sample in data.samples]
    held_out = decided(data.offers, games, data.points, seen)
    models: dict[str, LinearModel] = {}
    for name, plain in learnt.models.items():
        fitted_points = honest[name][seen]
        model = replace(plain, spread=spread(fitted_points, own, y - fitted_points))
        models[name] = with_trust(model, honest[name], data.own, held_out)
    members = Ensemble.members
    columns = learnt.members(members)
    weights = stack(columns, y)
    together = columns @ weights
    model = linear_model(members, (0.0, np.zeros(len(members)), weights))
    model = replace(model, spread=spread(together, own, y - together))
    models[Ensemble.system_id] = with_trust(model, _placed(together, seen), data.own, held_out)
    lined = ~np.isnan(data.line[seen])
    if int(lined.sum()) >= MIN_LINED:
        models[LineBlend.system_id] = _line_blend(data, seen, together, held_out)
    first, last = (date.fromordinal(int(data.days[i])).isoformat() for i in (0, -1))
    return Artefact(first, last, len(data.samples), FEATURE_VERSION, models).sealed()


def _line_blend(data: Design, seen: NDArray[np.bool_], together: Floats, held_out: Decided) -> LinearModel:
    line, lean, y, own = data.line[seen], data.lean[seen], data.points[seen], data.own[seen]
    lined = ~np.isnan(line)
    x = np.column_stack([line, together - line, lean])[lined]
    names = ("line", "ensemble_less_line", "price_lean")
    model = linear_model(names, median_ridge(x, y[lined], LINE_ALPHA), seen=x)
    fitted_points = linear_points(model, x)
    model = replace(model, spread=spread(fitted_points, own[lined], y[lined] - fitted_points))
    kept = ~np.isnan(data.line) & seen
    return with_trust(model, _placed(fitted_points, kept), data.own, held_out)


def _placed(values: Floats, seen: NDArray[np.bool_]) -> Floats:
    """Values of the samples seen at their places among all; NaN elsewhere."""
    found = np.full(len(seen), np.nan)
    found[seen] = values
    return found


def _honest(data: Design) -> dict[str, Floats]:
    """Each base system's predictions of every part but the first, by fits on the parts before it; NaN elsewhere."""
    n = len(data.points)
    found = {name: np.full(n, np.nan) for name in data.matrices}
    starts = [int(n * (HONEST_FROM + (1 - HONEST_FROM) * part / FOLDS)) for part in range(FOLDS)]
    edges = [int(np.searchsorted(data.days, data.days[start])) for start in starts] + [n]
    for start, end in pairwise(edges):
        for name, matrix in data.matrices.items():
            model = _learnt(name, data.names[name], matrix[:start], data.points[:start])
            found[name][start:end] = model_points(model, matrix[start:end])
    return found


def _learnt(name: str, names: tuple[str, ...], x: Floats, y: Floats) -> LinearModel:
    """A base system's model, as yet without spread and settings."""
    if name == Trees.system_id:
        forest = grow(x, y, names)
        fitted = median_ridge(forest_points(forest, x), y, LINE_ALPHA)
        return replace(linear_model((FOREST,), fitted), forest=forest)
    return linear_model(names, median_ridge(x, y, ALPHA if x.shape[1] > 20 else LINE_ALPHA), seen=x)


def model_points(model: LinearModel, x: Floats) -> Floats:
    """The points that a base system's model gives to each row of its signals."""
    return linear_points(model, x if model.forest is None else forest_points(model.forest, x))


def _best_grid(data: Design) -> int:
    """The half-life and season break whose rescaled mean has the least absolute error."""
    errors = []
    y = data.points[::GRID_EVERY]
    for index in range(len(GRID)):
        x = data.grid[:, [index]]
        errors.append(float(np.abs(y - predict(x, *median_ridge(x, y, LINE_ALPHA))).mean()))
    return int(np.argmin(errors))


def _nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _means(chosen: Sequence[Sample], settings: Mapping[str, float]) -> Floats:
    half_life, gap = settings[HALF_LIFE], settings[BREAK_GAMES]
    return _array([weighted_mean(sample.inputs.recent_games, half_life, gap) for sample in chosen])


def _array(values: object) -> Floats:
    return np.asarray(values, dtype=np.float64)
