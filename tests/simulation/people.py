"""The callers of a run: API clients, upstream's triggers, operators, the scheduler and unauthenticated callers."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from regen.domain import ids
from regen.domain.slate_reading import SlateEntry, SlateReading
from regen.domain.values import replace
from regen.features.names import FEATURE_VERSION
from regen.ports import Message
from regen.services.state.deps import REQUEST_TOPIC, TRIGGER_TOPIC, VERIFY_TOPIC
from simulation.world import World
from support.league import DAY, SYSTEMS, entry, mixed_players, names, old_row, players, reading
from support.wire import KEYED, TICKED, Reply

GARBAGE = (b"", b"{", b"[]", b'{"batch_id": 7}', b'{"batch_id": "x/y", "request_id": "z"}', b'{"game_date": "soon"}')
STRANGERS: tuple[Mapping[str, str], ...] = ({}, {"HTTP_AUTHORIZATION": "Bearer x"}, {"HTTP_X_API_KEY": "x"})
ROUTES = (
    ("coordinator", "/start"),
    ("coordinator", "/regenerate-with-supersede"),
    ("coordinator", "/regenerate-pubsub"),
    ("coordinator", "/batches/any/rollback"),
    ("coordinator", "/backfills"),
    ("coordinator", "/backfills/any/cancel"),
    ("coordinator", "/bdb/scan"),
    ("coordinator", "/news/scan"),
    ("worker", "/"),
    ("verifier", "/verify"),
    ("verifier", "/sweep"),
    ("verifier", "/events/batch"),
    ("verifier", "/dead-letters"),
)
UNSTORABLE = ("a\x00b", "\ud800", {"deep": ["\x07"]}, float("inf"))
"""Metadata that the tables cannot hold: the coordinator refuses it by the field's name."""
TRIES = 4
ORDER_AT = 300.0


@dataclass
class TriggerRequest:
    """One trigger that a caller sent.

    Attributes:
        number: the idempotency key or the message id.
        accepted: whether the coordinator accepted it (a pushed message's answer is not seen here).
        refused: whether the coordinator refused it.
        repeated: whether its sender checks that a batch carries it, and sends another if not.
    """

    number: str
    day: date
    daily: bool
    pushed: bool
    body: Mapping[str, Any]
    accepted: bool = False
    refused: bool = False
    repeated: bool = False


@dataclass
class People:
    """Plans and sends the callers' requests, and keeps them for the judge.

    Attributes:
        days: dates of triggers; only backfills know those in `extra`.
        garbage: numbers of malformed messages.
        most: the most players of a slate.
    """

    world: World
    rng: random.Random
    days: list[date] = field(default_factory=list)
    extra: list[date] = field(default_factory=list)
    asked: dict[str, TriggerRequest] = field(default_factory=dict)
    garbage: list[str] = field(default_factory=list)
    most: int = 12

    def seed_slates(self) -> None:
        """Put in the slates, and earlier predictions."""
        self.days = [DAY] if self.rng.random() < 0.6 else [DAY, DAY + timedelta(days=1)]
        for day in self.days:
            self._new_slate(day)
            rows = [
                old_row(player, system, line, day=day)
                for player in names(self.most + 1)
                for system in SYSTEMS
                if self.rng.random() < 0.6
                for line in self.rng.choice([(None,), (19.5,), (19.5, 24.5)])
            ]
            self.world.warehouse.seed_predictions(rows)

    def _new_slate(self, day: date) -> None:
        number = 0 if self.rng.random() < 0.02 else self.rng.randint(min(5, self.most), self.most)
        self.set_slate(reading(mixed_players(self.rng, number, day), day))

    def plan(self, horizon: float) -> None:
        """Schedule all requests of the run."""
        rng, later = self.rng, self.world.later
        at = 0.0
        for n in range(rng.choice((1, 1, 2, 3, 5, 10))):
            soon = n and rng.random() < 0.3
            at = at + 0.5 * rng.random() if soon else rng.random() ** 2 * horizon * 0.7
            later(at, lambda n=n: self._trigger(n))  # type: ignore[misc]
        for _ in range(rng.choice((0, 0, 1, 3, 8))):
            later(rng.random() * horizon, self._order)
        for _ in range(rng.choice((0, 1, 2))):
            later(rng.random() * horizon, lambda: self._new_slate(rng.choice(self.days)))
        if rng.random() < 0.2:
            later(rng.random() * horizon, self._garbage)
        if rng.random() < 0.2:
            later(rng.random() * horizon, self._call_unauthenticated)

    def _trigger(self, n: int) -> None:
        day, kind = self.rng.choice(self.days), self.rng.random()
        body: dict[str, Any] = {"game_date": day.isoformat()}
        if kind < 0.2:
            self._send_request(
                TriggerRequest(
                    f"key-{n}", day, daily=True, pushed=False, body={**body, "force": self.rng.random() < 0.5}
                )
            )
            return
        body["reason"] = self.rng.choice(("late_data", "feature_upgrade", "line_moved"))
        if self.rng.random() < 0.3:
            body["players"] = self.rng.sample(names(8), self.rng.randint(1, 4))
        if self.rng.random() < 0.15:
            body["systems"] = [self.rng.choice(SYSTEMS)]
        # A stream of its own: the seeds that are known to catch something go on as they did.
        if random.Random(f"hold {n} {self.world.clock.now()}").random() < 0.1:  # noqa: S311
            body["hold"] = True
        if n % 11 == 3 and self.rng.random() < 0.3:
            body["metadata"] = {"note": self.rng.choice(UNSTORABLE)}
        if kind < 0.6:
            self._send_request(TriggerRequest(f"key-{n}", day, daily=False, pushed=False, body=body))
            return
        body["mode"] = "regenerate_with_supersede"
        self.world.post(TRIGGER_TOPIC, Message(body))
        number = f"m-{next(self.world._numbers) - 1}"
        self.asked[number] = TriggerRequest(number, day, daily=False, pushed=True, body=body)

    def _send_request(self, asked: TriggerRequest) -> None:
        self.send(asked, "/start" if asked.daily else "/regenerate-with-supersede", self.rng)

    def send(self, asked: TriggerRequest, path: str, rng: random.Random, tries: int = TRIES) -> None:
        """Send a request under its key, again while it gets no answer; `rng` says whether and when."""
        self.asked[asked.number] = asked

        def answered(reply: Reply | None) -> None:
            if reply is not None and reply.status == 202:
                asked.accepted = True
            elif reply is not None and reply.status < 500:
                asked.refused = True
            elif tries and rng.random() < 0.8:
                self.world.later(rng.choice((1.0, 30.0)), lambda: self.send(asked, path, rng, tries - 1))

        headers = {**KEYED, "HTTP_IDEMPOTENCY_KEY": asked.number}
        self.world.request("coordinator", path, headers, asked.body, answered)

    def _order(self) -> None:
        batches = sorted(p for p in self.world.store._documents if p.count("/") == 1 and p.startswith("prediction_b"))
        if not batches:
            return
        path = self.rng.choice(batches)
        data = self.world.store.peek(path)
        assert data is not None
        apt = {"promoted": ("rollback", "redrive"), "rejected": ("promote", "redrive"), "cancelled": ("redrive",)}
        apt["held"] = ("promote", "promote", "redrive", "cancel")
        order = self.rng.choice(apt.get(data["status"], ("cancel",)))
        if self.rng.random() < 0.2:
            order = self.rng.choice(("cancel", "redrive", "promote", "rollback"))
        body: dict[str, Any] = {"reason": "somebody says so"}
        if order == "promote" and data["status"] != "held":
            body["checks"] = ["coverage", "mean_shift", "every_system", "direction"]
        self.world.request("coordinator", f"/batches/{path.split('/')[1]}/{order}", KEYED, body)

    def _garbage(self) -> None:
        topic = self.rng.choice((TRIGGER_TOPIC, REQUEST_TOPIC, VERIFY_TOPIC))
        self.garbage.append(self.world.post_raw(topic, self.rng.choice(GARBAGE)))

    def _call_unauthenticated(self) -> None:
        """Call a route without a valid key or token: the answer must be 401 (P11)."""
        route = self.rng.choice(ROUTES)

        def answered(reply: Reply | None) -> None:
            if reply is None or reply.status != 401:
                self.world.watch.report("P11", f"an unauthenticated call of {route} was answered {reply}")

        self.world.request(*route, self.rng.choice(STRANGERS), {"game_date": DAY.isoformat()}, answered)

    def tick(self, done: Callable[[Reply | None], None] | None = None) -> None:
        """Send the scheduler's sweep."""
        self.world.request("verifier", "/sweep", TICKED, {}, done)

    def set_up_scene(self, scene: str) -> None:
        """Set up five players with earlier predictions, one trigger, and what the scene adds."""
        self.days = [DAY]
        sound = players(5)
        flawed = [*sound[:4], entry("playere", broken=True)] if scene in {"promote", "redrive"} else sound
        self.set_slate(reading(flawed))
        self.world.warehouse.seed_predictions(old_row(p, s, 11.5 + n) for n, p in enumerate(names(5)) for s in SYSTEMS)
        if scene in {"backfill", "scan", "news"}:
            return
        body = {"game_date": DAY.isoformat(), "reason": "late_data"}
        self._send_request(TriggerRequest("key-0", DAY, daily=False, pushed=False, body=body))
        if scene == "follow_up":
            later = TriggerRequest("key-1", DAY, daily=False, pushed=False, body={**body, "players": ["playera"]})
            self.world.later(0.7, lambda: self._send_request(later))
        elif scene == "cancel":
            self.world.later(0.4, lambda: self._order_until_answered("cancel"))
        elif scene != "batch":
            self.world.later(ORDER_AT, lambda: self.set_slate(reading(sound)))
            self.world.later(ORDER_AT, lambda: self._order_until_answered(scene))

    def set_slate(self, slate: SlateReading) -> None:
        """Replace the slate of a date; features without a time were built now. Slates that differ in anything differ in name."""
        now = self.world.clock.now()
        if self.world.deps.models is not None:  # models are for features of a known version
            slate = replace(slate, entries=tuple(map(_versioned, slate.entries)))
        entries = tuple(
            replace(e, inputs=replace(e.inputs, features_built_at=now))
            if e.inputs is not None and e.inputs.features_built_at is None
            else e
            for e in slate.entries
        )
        known = replace(slate, entries=entries, snapshot=ids.digest(slate.snapshot, *map(str, entries)))
        self.world.warehouse.seed_slate(known)
        self.world.watch.readings[known.snapshot] = known

    def _order_until_answered(self, order: str) -> None:
        """Send an operator's order, and repeat it until the coordinator accepts or refuses it."""
        for data in self.world.store.peek_all("prediction_batches"):
            body: dict[str, Any] = {"reason": "somebody says so"}
            if order == "promote":
                body["checks"] = ["coverage"]

            def answered(reply: Reply | None) -> None:
                if reply is None or reply.status >= 500:
                    self.world.later(30.0, lambda: self._order_until_answered(order))

            self.world.request("coordinator", f"/batches/{data['batch_id']}/{order}", KEYED, body, answered)
            return


def _versioned(one: SlateEntry) -> SlateEntry:
    return one if one.inputs is None else replace(one, inputs=replace(one.inputs, feature_version=FEATURE_VERSION))
