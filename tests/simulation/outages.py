"""Long outages of a dependency: it refuses every call during that time."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

DEPENDENCIES = ("Firestore", "Pub/Sub", "BigQuery")


@dataclass
class Outages:
    """The outages of one run.

    Attributes:
        spans: dependency, beginning and end, in seconds.
    """

    spans: list[tuple[str, float, float]] = field(default_factory=list)

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

    def end(self) -> None:
        """End all outages."""
        self.spans.clear()
