"""What lasts: a dependency refuses every call for a time, or the store of models lacks one for good."""

import random
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

DEPENDENCIES = ("Firestore", "Pub/Sub", "BigQuery")


@dataclass
class Outages:
    """The outages of one run.

    Attributes:
        spans: dependency, beginning and end, in seconds.
        lacking: the models that the store does not have whole.
    """

    spans: list[tuple[str, float, float]] = field(default_factory=list)
    lacking: Callable[[], Collection[str]] = frozenset

    def plan(self, rng: random.Random, horizon: float) -> Iterator[str]:
        """Draw at most one outage; yield its description."""
        if rng.random() < 0.15:
            begin = rng.random() * horizon * 0.6
            name, length = rng.choice(DEPENDENCIES), rng.choice((60.0, 600.0, 3000.0))
            self.spans.append((name, begin, begin + length))
            yield f"{name} is down from {begin:.0f} s to {begin + length:.0f} s"

    def down(self, dependency: str, now: float) -> bool:
        """Return whether a dependency is down."""
        return any(name == dependency and begin <= now < end for name, begin, end in self.spans)

    def refuse(self, batch: Mapping[str, Any] | None) -> bool:
        """Return whether no delivery can be taken, or none for this batch, because its model cannot be had."""
        pinned = ((batch or {}).get("models") or {}).values()
        return bool(self.spans) or not set(self.lacking()).isdisjoint(pinned)

    def end(self) -> None:
        """End all outages. What the store lacks, it lacks still."""
        self.spans.clear()
