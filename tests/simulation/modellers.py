"""Operators who use, roll back and challenge models, a store whose artefacts vanish or are half-written; and what is judged of it."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from regen.adapters.memory.archive import MemoryArchive
from regen.api.kept import artefact_name
from regen.domain.batch import Batch, Status
from regen.domain.models import PACKAGED
from regen.features.names import FEATURE_VERSION
from regen.services.state import models
from regen.services.state.models import read_in_use
from regen.systems.artefact import Artefact
from simulation.faults import Mishap
from simulation.people import People
from support.league import Flat
from support.wire import KEYED, Reply

MODELS = tuple(Artefact("2025-10-21", "2026-01-18", n, FEATURE_VERSION, {}).sealed() for n in range(4))
SHIPPED, *PUBLISHED = MODELS
TEXTS = {SHIPPED.hash: SHIPPED.to_json()}
OFFSETS = {"steady": 0.0, "bold": 1.5}
FAILING = "line_blend_v1"
"""A system of the release that the simulated ones do not have: a challenger that fails for every player."""


def fitted_by(ids: Sequence[str], artefact: Artefact) -> Callable[[Sequence[str]], Sequence[Flat]]:
    """What gives the simulated systems with an artefact's parameters: each model gives other points."""
    every = [Flat(name, OFFSETS[name] + artefact.games / 8, version=f"1-{artefact.hash}") for name in ids]
    return lambda wanted: [system for system in every if system.system_id in wanted]


@contextmanager
def simulated_systems() -> Iterator[None]:
    """Have models fit the simulated systems."""
    with patch.object(models, "fitted_by", fitted_by):
        yield


@dataclass
class Modellers:
    """Plans and sends the orders, does harm to the store, and judges what came of it."""

    people: People
    rng: random.Random
    odds: random.Random
    store: MemoryArchive
    accepted: dict[str, str] = field(default_factory=dict)
    """What accepted orders had seen in use, by their reason."""
    challenged: set[str] = field(default_factory=set)
    """The reasons of accepted orders that were to make or end a challenger."""

    def plan(self, horizon: float, *, harm: bool) -> None:
        """Publish, and schedule all orders and, if wanted, all harm of the run."""
        rng, later = self.rng, self.people.world.later
        self.people.world.outages.lacking = self.lacking
        for artefact in PUBLISHED:
            self.publish(artefact)
        for n in range(rng.choice((1, 2, 4))):
            at = rng.random() * horizon
            for twin in range(rng.choice((1, 1, 2))):
                later(at, lambda n=n, twin=twin: self.order(f"order {n}.{twin}"))  # type: ignore[misc]
        for n in range(self.odds.choice((2, 4, 6)) if self.people.world.config.max_challengers else 0):
            name = self.odds.choice([FAILING, *(artefact.hash for artefact in PUBLISHED)])
            body = {"challenger": name, "end": self.odds.random() < 0.25, "reason": f"challenge {n}"}
            later(self.odds.random() * horizon * 0.6, lambda body=body: self.challenge(body))  # type: ignore[misc]
        for harms in (self._vanish, self._break) if harm else ():
            if rng.random() < 0.3:
                later(rng.random() * horizon, harms)
        for _ in range(3):
            later(rng.random() * horizon, self.people.world.deps.kept.models.clear)
        for artefact in PUBLISHED:
            later(rng.random() * horizon, lambda artefact=artefact: self.publish(artefact))  # type: ignore[misc]

    def publish(self, artefact: Artefact) -> None:
        """Put an artefact into the store, in place of what is left of it."""
        self.store.objects[artefact_name(artefact.hash)] = artefact.to_json().encode()

    def lacking(self) -> frozenset[str]:
        """The models that the store does not have whole."""
        every = self.store.objects
        return frozenset(a.hash for a in PUBLISHED if every.get(artefact_name(a.hash)) != a.to_json().encode())

    def _vanish(self) -> None:
        self.store.objects.pop(artefact_name(self.rng.choice(PUBLISHED).hash), None)
        self._harmed()

    def _break(self) -> None:
        name = artefact_name(self.rng.choice(PUBLISHED).hash)
        self.store.objects[name] = self.store.objects.get(name, b"")[:40]
        self._harmed()

    def _harmed(self) -> None:
        self.people.world.faults.counted[Mishap.VANISHED] += 1
        self.people.world.deps.kept.models.clear()

    def order(self, reason: str, tries: int = 3, body: dict[str, str] | None = None) -> None:
        """Use another model than the one in use, or go back; again under its key while there is no answer."""
        if body is None:
            body = {"expected": self._in_use(), "reason": reason}
            if self.rng.random() < 0.8:
                body["hash"] = self.rng.choice([m.hash for m in MODELS if m.hash != body["expected"]])
        sent = body

        def answered(reply: Reply | None) -> None:
            if reply is not None and reply.status == 200:
                self.accepted[reason] = sent["expected"]
            elif (reply is None or reply.status >= 500) and tries:
                self.people.world.later(5.0, lambda: self.order(reason, tries - 1, sent))

        headers = {**KEYED, "HTTP_IDEMPOTENCY_KEY": reason}
        path = "/models/use" if "hash" in sent else "/models/rollback"
        self.people.world.request("coordinator", path, headers, sent, answered)

    def challenge(self, body: dict[str, Any], tries: int = 3) -> None:
        """Make or end a challenger; again under the key while there is no answer."""

        def answered(reply: Reply | None) -> None:
            if reply is not None and reply.status == 200:
                self.challenged.add(body["reason"])
            elif (reply is None or reply.status >= 500) and tries:
                self.people.world.later(5.0, lambda: self.challenge(body, tries - 1))

        headers = {**KEYED, "HTTP_IDEMPOTENCY_KEY": body["reason"]}
        self.people.world.request("coordinator", "/models/challenge", headers, body, answered)

    def _in_use(self) -> str:
        record, _ = read_in_use(self.people.world.deps)
        return record.current(FEATURE_VERSION) or SHIPPED.hash

    def check(self, batches: Sequence[Batch]) -> None:
        """Check that each row names the model that its batch has pinned, and that orders follow each other (P5, P7, P12)."""
        report, world = self.people.world.watch.report, self.people.world
        pinned = {batch.batch_id: batch.models.get(FEATURE_VERSION) for batch in batches}
        for day in self.people.days + self.people.extra:
            for row in world.warehouse.predictions(day):
                if not row.get("batch_id") or row.get("restored_from_prediction_id"):
                    continue
                if row["ml_model_id"] is None or row["ml_model_id"] != pinned[row["batch_id"]]:
                    mine = pinned[row["batch_id"]]
                    report("P12", f"{row['prediction_id']} names {row['ml_model_id']}, its batch has pinned {mine}")
        self._check_challengers(batches)
        record, _ = read_in_use(world.deps)
        before = {}
        for earlier, use in zip([None, *record.uses], record.uses, strict=False):
            before[use.reason] = (earlier.hash if earlier else PACKAGED) or SHIPPED.hash
        for reason, seen in self.accepted.items():
            if before.get(reason) != seen:
                report("P5", f"{reason} was accepted on {seen}; on record it follows {before.get(reason)}")
        audited = Counter(
            r.entry.metadata["order_reason"] for r in world.warehouse.audit() if r.entry.event.value == "model_used"
        )
        if audited != Counter(use.reason for use in record.uses):
            report("P7", f"the audit has {dict(audited)} of the orders {[use.reason for use in record.uses]}")

    def _check_challengers(self, batches: Sequence[Batch]) -> None:
        """Check that challengers' rows are of pinned ones and of promoted batches, each once, and bounded (P5, P8, I-67)."""
        report, world = self.people.world.watch.report, self.people.world
        known = {batch.batch_id: batch for batch in batches}
        rows = [row for day in self.people.days + self.people.extra for row in world.warehouse.challengers(day)]
        for name, times in Counter(row["prediction_id"] for row in rows).items():
            if times > 1:
                report("P5", f"{name} of a challenger is there {times} times")
        made: dict[tuple[str, str], set[str]] = {}
        for row in rows:
            batch = known[row["batch_id"]]
            if not any(step.to == "promoted" for step in batch.history):
                report("P1", f"{row['prediction_id']} is of {batch.batch_id}, which was never promoted")
            if row["challenger"] not in batch.challengers or row["ml_model_id"] != row["challenger"]:
                report("P12", f"{row['prediction_id']} is of {row['challenger']}, pinned are {batch.challengers}")
            made.setdefault((batch.batch_id, row["challenger"]), set()).add(row["player_lookup"])
        for batch in batches:
            if len(batch.challengers) > world.config.max_challengers:
                report("I-67", f"{batch.batch_id} has pinned {batch.challengers}")
            for name in batch.challengers:
                whole = batch.status is Status.PROMOTED and len(batch.promoted_rounds) == 1 and batch.counts.produced
                told = any(problem.startswith(f"{name}: ") for problem in batch.challenger_problems)
                if whole and not told and not made.get((batch.batch_id, name)):
                    report("P3", f"{name} has no rows of {batch.batch_id}, and nothing says why")
        audited = Counter(
            r.entry.metadata["order_reason"]
            for r in world.warehouse.audit()
            if r.entry.event.value == "model_challenged"
        )
        if any(times > 1 for times in audited.values()):
            report("P7", f"orders for challengers are audited more than once: {dict(audited)}")
