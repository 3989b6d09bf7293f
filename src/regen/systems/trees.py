"""trees_v1: boosted regression trees over the signals of learned_v1; a member of the ensemble, without rows of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from regen.domain.errors import InsufficientData
from regen.domain.estimate import Estimate
from regen.domain.inputs import PlayerInputs
from regen.systems.artefact import LinearModel
from regen.systems.learned import Learned, learned_signals
from regen.systems.linear import LinearSystem, Signals

FOREST = "forest"
"""The name of the model's one signal: the square of what the trees give."""


@dataclass(frozen=True)
class Trees(LinearSystem):
    """The trees. They are fitted to the square root of the points: high scores then weigh less, as they do in a median."""

    system_id: ClassVar[str] = "trees_v1"
    requires: ClassVar[tuple[str, ...]] = Learned.requires
    member_only: ClassVar[bool] = True

    def signals(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Signals:
        """Those of learned_v1: trees find products, thresholds and what an unknown value says by themselves."""
        return learned_signals(inputs, self.feature_version)

    def weighed(self, model: LinearModel, signals: Signals) -> tuple[float, dict[str, float], list[str]]:
        """The square of the forest's value, moved to the median by the model's one term."""
        if model.forest is None:
            raise InsufficientData("not_fitted", f"the artefact has no trees for {self.system_id}")
        return super().weighed(model, {FOREST: max(0.0, model.forest.value(signals)) ** 2})


SYSTEM = Trees()
