"""ensemble_v1: a weighted mean, with fitted weights, of the systems that do not read the line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from regen.domain.errors import InsufficientData
from regen.domain.estimate import Estimate
from regen.domain.inputs import PlayerInputs
from regen.domain.recommendation import closeness
from regen.systems.linear import MAX_POINTS, LinearSystem, Signals, spread_of, trust_of

MIN_MEMBERS = 2
"""With fewer systems than this the ensemble makes no estimate."""


@dataclass(frozen=True)
class Ensemble(LinearSystem):
    """The ensemble. Its weights are at least 0 and add up to 1; if a system is missing, the others share its weight."""

    system_id: ClassVar[str] = "ensemble_v1"
    stage: ClassVar[int] = 1
    members: ClassVar[tuple[str, ...]] = (
        "learned_v1",
        "minutes_rate_v1",
        "moving_average",
        "similarity_balanced_v1",
        "trees_v1",
        "zone_matchup_v1",
    )

    def signals(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Signals:
        """The points of the members."""
        return {name: others[name].points if name in others else None for name in self.members}

    def estimate(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Estimate:
        """The weighted mean of the members that have an estimate."""
        if self.model is None:
            raise InsufficientData("not_fitted", f"the artefact has no model for {self.system_id}")
        signals = self.checked_signals(inputs, others)
        present = [(term, value) for term in self.model.terms if (value := signals.get(term.name)) is not None]
        total = sum(term.weight for term, _ in present)
        if len(present) < MIN_MEMBERS or total <= 0:
            raise InsufficientData(
                "too_few_systems", f"{len(present)} of {len(self.model.terms)} systems, {MIN_MEMBERS} needed"
            )
        points = sum(term.weight * value for term, value in present) / total
        points = round(min(MAX_POINTS, max(0.0, points)), 3)
        sd = spread_of(self.model.spread, inputs, points)
        absent = [term.name for term in self.model.terms if signals.get(term.name) is None]
        return Estimate(
            points=points,
            sd=sd,
            confidence=closeness(points, sd),
            factors={term.name: round(term.weight * value / total, 2) for term, value in present},
            warnings=(f"without {', '.join(absent)}",) if absent else (),
            trust=trust_of(self.model),
        )


SYSTEM = Ensemble()
