"""Operators who withdraw predictions, close batches, halt and resume the platform, and start what is missing."""

import random
from dataclasses import dataclass
from typing import Any

from simulation.people import People, TriggerRequest
from support.league import names
from support.wire import KEYED

WHY = {"reason": "an operator says so"}


@dataclass
class Operators:
    """Plans and sends these orders."""

    people: People
    rng: random.Random

    def plan(self, horizon: float) -> None:
        """Schedule all orders of the run."""
        rng, later = self.rng, self.people.world.later
        for n in range(rng.choice((0, 0, 1, 2))):
            later(rng.random() * horizon, lambda n=n: self.withdraw(n))  # type: ignore[misc]
        for _ in range(rng.choice((0, 0, 1, 3))):
            later(rng.random() * horizon, self._close)
        for _ in range(rng.choice((0, 0, 1, 2))):
            later(rng.random() * horizon, self.halt)
            later(rng.random() * horizon, self.resume)
        for n in range(rng.choice((0, 0, 1))):
            later(rng.random() * horizon, lambda n=n: self._start_missing(n))  # type: ignore[misc]

    def withdraw(self, n: int) -> None:
        """Withdraw some players of a date; repeat it under its key until the coordinator answers."""
        day = self.rng.choice(self.people.days)
        body: dict[str, Any] = {"game_date": day.isoformat(), "reason": self.rng.choice(("postponed", "out"))}
        body["players"] = self.rng.sample(names(8), self.rng.randint(1, 3))
        asked = TriggerRequest(f"withdrawal-{n}", day, daily=False, pushed=False, body=body)
        self.people.send(asked, "/withdrawals", self.rng)

    def _start_missing(self, n: int) -> None:
        day = self.rng.choice(self.people.days)
        body = {"game_date": day.isoformat(), "only": "missing"}
        asked = TriggerRequest(f"missing-{n}", day, daily=True, pushed=False, body=body)
        self.people.send(asked, "/start", self.rng)

    def _close(self) -> None:
        live = [d for d in self.people.world.store.peek_all("prediction_batches") if d["live"]]
        if live:
            batch_id = self.rng.choice(sorted(d["batch_id"] for d in live))
            self.people.world.request("coordinator", f"/batches/{batch_id}/close", KEYED, WHY)

    def halt(self) -> None:
        """Halt the platform."""
        self.people.world.request("coordinator", "/halt", KEYED, WHY)

    def resume(self) -> None:
        """Resume the platform; refused if it is not halted."""
        self.people.world.request("coordinator", "/resume", KEYED, WHY)
