"""The world of one run: time, processes, messages in transit and faults, all drawn from one seed."""

import heapq
import itertools
import json
import random
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from google.api_core import exceptions as google

from regen.adapters.memory.archive import MemoryArchive
from regen.adapters.memory.clock import CountingIds
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.domain.errors import Conflict, InvalidInput, RateLimited, RegenError, Unavailable
from regen.ports import Message, Write
from regen.services.state.deps import REQUEST_TOPIC, TRIGGER_TOPIC, VERIFY_TOPIC, Deps, no_heartbeat
from regen.topology import PushSubscription, topology
from simulation.agenda import Agenda
from simulation.baton import Crash, Task
from simulation.faults import Fault, Faults, Mishap
from simulation.outages import Outages
from simulation.platform import Platform
from simulation.ports import (
    QuickStore,
    SimulatedAlerts,
    SimulatedArchive,
    SimulatedClock,
    SimulatedLedger,
    SimulatedQueue,
    SimulatedStore,
    SimulatedWarehouse,
)
from simulation.upstream import Upstream
from simulation.watch import Watch
from support.league import config
from support.wire import PUSHED, Delivery, Functions, Reply, envelope, json_text

T = TypeVar("T")
STALLS = (5.0, 40.0, 100.0, 200.0)
LATEST = 250.0
NOTHING: Mapping[Fault, Any] = {}
TRIES_WHEN_QUIET = 40
LOSSY = frozenset({REQUEST_TOPIC, VERIFY_TOPIC})
"""Topics whose messages the sweep can replace. Messages of other topics are delayed, never lost."""


class World(Agenda):
    """The whole simulated system of a run.

    Attributes:
        triggers: messages of the trigger topic, by number.
        archive: what was kept, if the run keeps inputs.
        violations: the broken promises, one text each.
    """

    def __init__(
        self,
        seed: int,
        faults: Faults,
        *,
        numbers: Mapping[str, Any] | None = None,
        attempts: Mapping[str, int] | None = None,
        warehouse: Callable[..., MemoryWarehouse] = MemoryWarehouse,
        traced: bool = False,
        beats: bool = False,
        keeps: bool = False,
        models: MemoryArchive | None = None,
    ) -> None:
        super().__init__(random.Random(seed), traced=traced)  # noqa: S311
        self.seed = seed
        self.faults = faults
        self.published: list[tuple[str, Message]] = []
        self.triggers: dict[str, Message] = {}
        self.sent: list[Delivery] = []
        self._attempts = attempts or {}
        self._before_transactions: list[list[Any]] = []
        self._before_calls: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = itertools.count(1)
        self._subscriptions: dict[str, list[PushSubscription]] = {}
        for subscription in topology().push_subscriptions:
            self._subscriptions.setdefault(subscription.topic, []).append(subscription)
        self.outages = Outages()
        self.parked: list[Delivery] = []
        self.clock = SimulatedClock(self._instance_time, self.sleep)
        self.store = QuickStore()
        self.warehouse = warehouse(self.clock.now)
        self.ledger = Upstream(self.warehouse, self.clock.now)
        self.watch = Watch(self.store, self.warehouse, self.ledger, self.log)
        self.alerts = SimulatedAlerts(self.call)
        self.archive = MemoryArchive()
        self.watch.archive = self.archive if keeps else None
        self.store.subscribe(self._changed)
        self.config = config(**(numbers or {}))
        jobs = Platform(self).jobs
        self.deps = Deps(
            store=SimulatedStore(self.store, self.call, self.watch.on_commit, self.touch),
            queue=SimulatedQueue(self.call, self.post),
            warehouse=SimulatedWarehouse(self.warehouse, jobs, self.call, self.watch.warehouse_act),
            clock=self.clock,
            ids=CountingIds(),
            config=self.config,
            alerts=self.alerts,
            ledger=SimulatedLedger(self.ledger, jobs, self.call),
            archive=SimulatedArchive(self.archive, self.call) if keeps else None,
            models=SimulatedArchive(models, self.call) if models else None,
            heartbeat=self.heartbeat if beats else no_heartbeat,
        )
        self.functions = Functions(self.deps)

    @property
    def violations(self) -> list[str]:
        return self.watch.violations

    def _instance_time(self) -> float:
        """The time by the clock of the current instance, in seconds of the run."""
        return self.now + (self.current.skew if self.current else 0.0)

    def touch(self, path: str) -> None:
        """Write a batch's record as another process, with a field that this version does not know."""
        document = self.store.get(path)
        if document is not None:
            self.store.commit([Write("put", path, {**document.data, "of_a_later_version": 1})])

    # calls to ports

    def call(
        self,
        name: str,
        effect: Callable[[], T],
        *,
        writes: bool = False,
        transaction: bool = False,
        instead: Mapping[Fault, Callable[[], T]] = NOTHING,
        ends: bool = False,
        conditional: bool = False,
        documents: bool = False,
        of: str = "BigQuery",
    ) -> T:
        """Make one call to a port, perhaps with a fault.

        Args:
            instead: what runs at these faults in place of their usual effect.
            ends: it asks how a transaction has ended.
            conditional: it has a precondition.
            documents: it writes documents that Firestore may refuse.
            of: the dependency that it calls.
        """
        task = self.current
        if task is None:
            return effect()
        if task.dead:
            raise Crash
        self.now += 0.02
        number = self.faults.calls
        if self._run_due(number, transaction=transaction):
            task.wake = self.now
            task.pause()
        if self.outages.down(of, self.now):
            task.faulty = True
            self.faults.counted[Mishap.OUTAGE] += 1
            self.log(f"{name}   <<< {of} is down")
            raise Unavailable(f"injected: {of} is down")
        breakable = name.startswith(("promote ", "rollback ", "record "))
        fault = self.faults.at_call(
            writes=writes,
            transaction=transaction,
            breakable=breakable,
            ends=ends,
            conditional=conditional,
            documents=documents,
        )
        if self.trace is not None:
            self.log(f"#{number} {name}" + (f"   <<< {fault}" if fault else ""))
        if fault is not None:
            task.faulty = True
            return instead[fault]() if fault in instead else self._faulty(task, fault, effect)
        if self.rng.random() < self.faults.mix.switch:
            task.wake = self.now
            task.pause()
        return effect()

    def _faulty(self, task: Task, fault: Fault, effect: Callable[[], T]) -> T:
        match fault:
            case Fault.CRASH_BEFORE:
                task.crash()
            case Fault.CRASH_AFTER:
                try:
                    effect()
                finally:
                    task.crash()
            case Fault.REFUSED:
                raise self.rng.choice((Unavailable, RateLimited))("injected")
            case Fault.UNANSWERED:
                effect()
                raise Unavailable("injected: it was done")
            case Fault.DONE_REFUSED:
                effect()
                raise Conflict("injected: it was done, sent again, and is done already")
            case Fault.UNSTORABLE:
                raise InvalidInput("document", "injected: at most 1 MiB")
            case Fault.AMBIGUOUS:
                effect()
                raise google.BadRequest("injected: an error of no known kind")  # type: ignore[no-untyped-call]
            case Fault.LATE:
                self.run_amid_calls(self.rng.choice((0.0, 5.0, 9.0, 40.0)), lambda: self._run_late_effect(task, effect))
                raise Unavailable("injected: it will be done")
            case Fault.STALL if self.rng.random() < 0.5:
                self._freeze(task, self.rng.choice(STALLS))
            case Fault.STALL:
                self.run_amid_calls(self.config.lease_seconds + 1.0, lambda: setattr(task, "wake", self.now))
                self._freeze(task, 2 * LATEST)
        return effect()

    def _freeze(self, task: Task, seconds: float) -> None:
        """Stop the whole process for a time, its heartbeat included."""
        task.frozen = True
        self.sleep(seconds)
        task.frozen = False

    def _run_due(self, number: int, *, transaction: bool) -> bool:
        """Run what is scheduled before this call; return whether there was anything."""
        if transaction and self._before_transactions:
            self._before_transactions[0][0] -= 1
            if self._before_transactions[0][0] < 0:
                self._before_transactions.pop(0)[1]()
                return True
        if self._before_calls and self._before_calls[0][0] <= number:
            heapq.heappop(self._before_calls)[2]()
            return True
        return False

    def run_amid_calls(self, earliest: float, what: Callable[[], None]) -> None:
        """Run something amid the calls of other tasks after `earliest`.

        It runs after a few calls or before one of the next transactions, or after `LATEST` if no task makes calls.
        """
        done: list[bool] = []

        def once() -> None:
            if not done:
                done.append(True)
                what()

        def arm() -> None:
            if self.rng.random() < 0.5:
                self._before_transactions.append([self.rng.randint(0, 4), once])
            else:
                heapq.heappush(
                    self._before_calls, (self.faults.calls + self.rng.randint(1, 40), next(self._order), once)
                )

        self.later(earliest, arm)
        self.later(earliest + LATEST, once)

    def _run_late_effect(self, task: Task, effect: Callable[[], T]) -> None:
        self.log(f"a late call of {task.name} takes effect")
        try:
            effect()
        except RegenError as error:
            self.log(f"... and is refused: {error}")

    # messages and events

    def post(self, topic: str, message: Message) -> str:
        """Publish a message to a topic; return its number."""
        self.watch.on_publish(topic, message)
        self.published.append((topic, message))
        data = json.dumps(message.data).encode()
        number = f"m-{next(self._numbers)}"
        if topic == TRIGGER_TOPIC:
            self.triggers[number] = message
        for s in self._subscriptions.get(topic, ()):
            self.send(Delivery(number, s.service, s.path, data, message.attributes, s))
        return number

    def post_raw(self, topic: str, data: bytes) -> str:
        """Publish bytes that regen did not send to a topic; return the message's number."""
        number = f"m-{next(self._numbers)}"
        for s in self._subscriptions[topic]:
            self.send(Delivery(number, s.service, s.path, data, {}, s), precious=True)
        return number

    def _changed(self, path: str) -> None:
        if path.startswith("prediction_batches/") and path.count("/") == 1:
            headers = {**PUSHED, "HTTP_CE_DOCUMENT": path}
            self.send(Delivery(path, "verifier", "/events/batch", b"", {}, None, headers=headers))

    def send(self, delivery: Delivery, *, precious: bool = False) -> None:
        """Deliver a message, perhaps twice, late, or not at all if the sweep can replace it."""
        happens, rng = self.faults.happens, self.rng
        lossy = not precious and (delivery.subscription is None or delivery.subscription.topic in LOSSY)
        if lossy and happens(Mishap.LOST):
            self.watch.lossy = True
            self.log(f"LOST: {delivery.number} to {delivery.path}")
            return
        if delivery.path == "/" and not precious:
            delivery.poison = happens(Mishap.POISON)
        self.sent.append(delivery)
        delay = rng.choice((1.0, 20.0, 120.0)) if happens(Mishap.DELAY) else 0.05 * rng.random()
        self.later(delay, lambda: self._deliver(delivery))
        if happens(Mishap.DUPLICATE):
            self.later(delay + rng.choice((0.0, 0.02, 0.3, 30.0)), lambda: self._deliver(delivery, again=True))

    def _deliver(self, delivery: Delivery, *, again: bool = False) -> None:
        if delivery.settled and not again:
            return
        if self.faults.happens(Mishap.DROP):
            self.later(10.0, lambda: self._deliver(delivery, again=again))
            return
        delivery.attempts += 1
        body = b""
        if delivery.subscription is not None:
            name = delivery.subscription.name
            body = envelope(delivery.number, delivery.data, delivery.attributes, name, delivery.attempts)
        call = self._die if delivery.poison else self.functions.call
        self.start(
            f"{delivery.service} {delivery.path} {delivery.number[-24:]}",
            lambda: call(delivery.service, "POST", delivery.path, delivery.headers, body),
            lambda task, reply: self._settle(delivery, task, reply),
        )

    def _die(self, *_: object) -> Reply:
        raise Crash

    def end_outages(self) -> None:
        """End every outage, and deliver the messages that waited."""
        self.outages.end()
        for delivery in self.parked:
            self.later(self.rng.random(), partial(self._deliver, delivery))
        self.parked.clear()

    def replay(self) -> None:
        """Deliver every message and event of the run once more, in any order, but for dead-lettered ones."""
        everything = list(self.sent)
        self.rng.shuffle(everything)
        for delivery in everything:
            if not delivery.poison and delivery.number not in self.watch.dead:
                self.later(self.rng.random(), partial(self._deliver, delivery, again=True))

    def _settle(self, delivery: Delivery, task: Task, reply: Reply | None) -> None:
        status = reply.status if reply else None
        self.log(f"{task.name} ended with {status}")
        self.watch.on_answer(task, reply)
        if status is not None and 200 <= status < 300:
            delivery.settled = True
            self.watch.on_acknowledge(delivery.path, delivery.number, delivery.data)
            return
        if status is not None and status < 500:
            self.watch.report("P10", f"{delivery.path} answered {status} to a message", reply and reply.body)
        if delivery.settled:
            return
        subscription = delivery.subscription
        limit = self._attempts.get(subscription.topic, subscription.max_delivery_attempts) if subscription else 1000
        if delivery.poison:
            limit = 3
        # Only a message in JSON can become a dead letter here; others are redelivered until they are recorded.
        if delivery.attempts >= limit and subscription is not None and json_text(delivery.data):
            self.log(f"{delivery.number} goes to the dead letters")
            delivery.settled = True
            attributes = {**delivery.attributes, "CloudPubSubDeadLetterSourceSubscription": subscription.name}
            letter = Message(json.loads(delivery.data), attributes)
            self.watch.dead[delivery.number] = self.post(subscription.dead_letter_topic, letter)
        elif not self.faults.on and self.outages.refuse(self._batch_of(delivery)):
            self.parked.append(delivery)
        elif self.faults.on or delivery.attempts < TRIES_WHEN_QUIET:
            self.later(min(60.0, 5.0 * 2 ** min(delivery.attempts, 4)), lambda: self._deliver(delivery))
        else:
            self.watch.report("P10", f"{delivery.path} never takes {delivery.number}", reply and reply.body)

    def _batch_of(self, delivery: Delivery) -> Mapping[str, Any] | None:
        """The batch that a request to the worker is of."""
        said = json.loads(delivery.data) if delivery.path == "/" and json_text(delivery.data) else None
        return self.store.peek(f"prediction_batches/{said.get('batch_id')}") if isinstance(said, dict) else None

    def request(
        self,
        service: str,
        path: str,
        headers: Mapping[str, str],
        body: Mapping[str, Any],
        done: Callable[[Reply | None], None] | None = None,
    ) -> None:
        """Call a function over HTTP."""
        data = json.dumps(body).encode()

        def answered(task: Task, reply: Reply | None) -> None:
            self.log(f"{task.name} answered {reply.status if reply else 'nothing'}: {reply.body if reply else ''}")
            self.watch.on_answer(task, reply)
            if done:
                done(reply)

        self.start(f"{service} {path}", lambda: self.functions.call(service, "POST", path, headers, data), answered)
