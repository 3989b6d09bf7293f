"""The base of the fitted systems: a few signals, a linear model over them, and a spread."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from regen.domain.errors import InsufficientData
from regen.domain.estimate import MOST_SPREAD, Estimate, Trust
from regen.domain.inputs import PlayerInputs
from regen.domain.recommendation import MIN_SD, closeness
from regen.features.form import typical_spread
from regen.features.names import FEATURE_VERSION
from regen.systems.artefact import Artefact, LinearModel, Spread

MIN_GAMES = 3
"""Least number of earlier games for an estimate."""
MAX_POINTS = 60.0
SYSTEM_VERSION = "2"
"""2: the chance at a line starts from the market's."""
MARKET_SHARE, MARKET_SHARE_ERROR = "market_share", "market_share_error"
"""The names of `Trust` among a model's settings."""
NAMED_FACTORS = 5

Signals = dict[str, float | None]


@dataclass(frozen=True)
class LinearSystem(ABC):
    """A system whose points are an intercept and weighted signals.

    Attributes:
        model: the fitted parameters; None before `fitted`.
        version: the system's own version and the hash of its artefact.
        feature_version: of the features that the model was fitted on.
    """

    model: LinearModel | None = None
    version: str = SYSTEM_VERSION
    feature_version: str = FEATURE_VERSION

    system_id: ClassVar[str]
    requires: ClassVar[tuple[str, ...]] = ()
    stage: ClassVar[int] = 0
    """Systems of a later stage read the estimates of the earlier ones."""
    member_only: ClassVar[bool] = False
    """Whether the system makes no rows: an ensemble reads its estimates."""

    @abstractmethod
    def signals(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Signals:
        """The values that the model weighs, by name, in a fixed order; None where unknown.

        Raises:
            InsufficientData: the inputs lack something that the system requires.
        """

    def fitted(self, artefact: Artefact) -> Self:
        """This system with its model from an artefact, or without a model if the artefact has none."""
        return replace(
            self,
            model=artefact.models.get(self.system_id),
            version=f"{SYSTEM_VERSION}-{artefact.hash}",
            feature_version=artefact.feature_version,
        )

    def setting(self, name: str, default: float) -> float:
        """The value chosen on a grid, or the default before a fit."""
        return default if self.model is None else self.model.settings.get(name, default)

    def checked_signals(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Signals:
        """The signals, after a check that the inputs have everything that the system requires."""
        if len(inputs.recent_games) < MIN_GAMES:
            raise InsufficientData(
                "no_history", f"{len(inputs.recent_games)} earlier games, at least {MIN_GAMES} needed"
            )
        missing = [name for name in self.requires if known(inputs, name) is None]
        if missing:
            raise InsufficientData("missing_features", f"{self.system_id} needs {', '.join(missing)}")
        return self.signals(inputs, others)

    def estimate(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Estimate:
        """Estimate one player; see `regen.domain.estimate.System`."""
        if self.model is None:
            raise InsufficientData("not_fitted", f"the artefact has no model for {self.system_id}")
        signals = self.checked_signals(inputs, others)
        points, parts, unknown = self.weighed(self.model, signals)
        points = round(min(MAX_POINTS, max(0.0, points)), 3)
        sd = spread_of(self.model.spread, inputs, points)
        largest = sorted(parts, key=lambda name: (-abs(parts[name]), name))[:NAMED_FACTORS]
        return Estimate(
            points=points,
            sd=sd,
            confidence=closeness(points, sd),
            factors={name: round(parts[name], 2) for name in largest},
            warnings=(f"unknown: {', '.join(unknown)}",) if unknown else (),
            trust=trust_of(self.model),
        )

    def weighed(self, model: LinearModel, signals: Signals) -> tuple[float, dict[str, float], list[str]]:
        """The points of the signals, what each contributes, and the names of those that are unknown."""
        points = model.intercept
        parts: dict[str, float] = {}
        unknown: list[str] = []
        for term in model.terms:
            value = signals.get(term.name)
            if value is None or not math.isfinite(value):
                unknown.append(term.name)
                continue
            parts[term.name] = term.part(value)
            points += parts[term.name]
        return points, parts, unknown


def known(inputs: PlayerInputs, name: str) -> float | None:
    """A feature's value; None if it is absent, null or not a finite number."""
    value = inputs.features.get(name)
    return None if value is None or not math.isfinite(value) else float(value)


def own_spread(inputs: PlayerInputs, points: float) -> float:
    """The player's own spread of points, or the usual one at this level of points."""
    own = known(inputs, "points_sd_ew_30")
    return typical_spread(points) if own is None else own


def trust_of(model: LinearModel) -> Trust:
    """How far a system may move the market's chance; not at all with a model of before there was a share."""
    share = min(1.0, max(0.0, model.settings.get(MARKET_SHARE, 0.0)))
    return Trust(share, abs(model.settings.get(MARKET_SHARE_ERROR, 0.0)))


def spread_of(spread: Spread, inputs: PlayerInputs, points: float) -> float:
    """The standard deviation of a prediction, in points."""
    own = own_spread(inputs, points)
    sd = spread.intercept + spread.per_point * points + spread.per_own * own
    return round(min(MOST_SPREAD, max(MIN_SD, sd)), 3)
