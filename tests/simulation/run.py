"""One simulated run: a storm, then quiet, then the judgement."""

import logging
import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from regen.adapters.memory import warehouse as memory
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.services.deps import REQUEST_TOPIC, TRIGGER_TOPIC
from simulation.faults import Fault, Faults, Mishap, Mix
from simulation.judge import Judge
from simulation.people import ORDER_AT, People
from simulation.wire import Reply
from simulation.world import World

TICK = 60.0


@dataclass
class Result:
    """What a run came to.

    Attributes:
        violations: broken promises, each with its name; empty if all were kept.
        counted: faults injected, by kind.
        late: those of the violations that are plain to see when all is quiet; the rest were seen as they happened.
        calls: calls to ports.
        batches: their ends.
    """

    seed: int
    violations: list[str]
    late: list[str]
    counted: Mapping[str, int]
    calls: int
    batches: list[str]
    trace: list[str] = field(default_factory=list)

    def told(self) -> str:
        """The run in words."""
        return "\n".join([*self.trace, f"seed {self.seed}:", *(f"  {v}" for v in self.violations)])


def simulate(
    seed: int,
    *,
    mix: Mix | None = None,
    warehouse: Callable[..., MemoryWarehouse] = MemoryWarehouse,
    tell: bool = False,
) -> Result:
    """One run of a seed."""
    scene = random.Random(f"scene {seed}")  # noqa: S311
    faults = Faults(random.Random(f"faults {seed}"), mix or Mix.drawn(scene))  # noqa: S311
    numbers = {
        "hold_down_seconds": scene.choice((0.0, 0.0, 120.0)),
        "deadline_seconds": scene.choice((400.0, 1800.0)),
        "players_per_request": scene.choice((3, 4, 6)),
    }
    attempts = {REQUEST_TOPIC: scene.choice((3, 100)), TRIGGER_TOPIC: scene.choice((3, 100, 100, 100))}
    world = World(seed, faults, numbers=numbers, attempts=attempts, warehouse=warehouse, tell=tell)
    people = People(world, scene)
    horizon = scene.choice((120.0, 300.0, 700.0))
    world.say(f"mix: {faults.mix}")
    with _silence(), nullcontext() if seed % 8 == 0 else _unchecked_rows():
        people.move_in()
        people.plan(horizon)
        _tick(world, people, horizon)
        world.run(horizon)
        return _ended(seed, world, people)


SCENES = ("batch", "follow_up", "cancel", "promote", "redrive", "rollback")


def one_batch(planned: Mapping[int, Fault], scene: str = "batch", *, tell: bool = False) -> Result:
    """A small batch from its trigger to its end, with faults at exact calls, and nobody but the sweep to mend them."""
    world = World(0, Faults(random.Random(0), Mix(switch=0.0), planned), tell=tell)  # noqa: S311
    people = People(world, random.Random(4))  # noqa: S311
    with _silence():
        people.small_town(scene)
        horizon = 90.0 if scene in {"batch", "follow_up", "cancel"} else ORDER_AT + 60.0
        _tick(world, people, horizon)
        world.run(horizon)
        return _ended(0, world, people)


def _ended(seed: int, world: World, people: People) -> Result:
    world.faults.on = False
    before = len(world.violations)
    calm(world, people)
    judge = Judge(world, people)
    judge.verdict()
    world.faults.on = True
    if world.faults.happens(Mishap.REPLAY) and not world.violations:
        _again(world)
    ends = [f"{b.batch_id} {b.status.value} r{b.round}" for b in judge.batches]
    late = world.violations[before:]
    return Result(seed, world.violations, late, world.faults.counted, world.faults.calls, ends, world.trace or [])


def _tick(world: World, people: People, horizon: float) -> None:
    def minute() -> None:
        if not world.faults.happens(Mishap.SKIPPED):
            people.tick()
        if world.faults.happens(Mishap.JUMP):
            world.now += world.rng.choice((-30.0, 100.0, 2000.0))
        if world.now + TICK < horizon:
            world.later(TICK, minute)

    world.later(TICK * world.rng.random(), minute)


def calm(world: World, people: People) -> None:
    """No more faults: let leases run out, then see whether two sweeps mend everything."""
    world.say("--- no more faults ---")
    for task in list(world.tasks):
        if task.wake > world.now and world.rng.random() < 0.5:
            world.kill(task)
    world.run()
    if not world.watch.lossy:
        _nobody_waits(world)
    if not world.faults.counted:
        for data in _live(world):
            world.watch.broken("3", f"nothing went wrong, and {data['batch_id']} waits for a sweep: {data['status']}")
    injected = -1
    while injected != world.faults.counted.total():
        injected = world.faults.counted.total()
        _outlast(world)
        _sweeps(world, people, 2)
    for data in _live(world):
        world.watch.broken("P13", f"{data['batch_id']} is {data['status']} after two sweeps")
    for _ in range(12):
        waiting = [data["due_at"] for data in world.store.peek_all("outbox")]
        if not waiting and not _live(world):
            return
        if waiting:
            world.now += max(0.0, (max(waiting) - world.clock.now()).total_seconds()) + 0.1
        _sweeps(world, people, 1)


def _again(world: World) -> None:
    """Again changes nothing (P5): all messages of the run, delivered once more."""
    world.faults.on = False
    world.say("--- everything once more ---")
    before = _lasting(world)
    world.replay()
    world.run()
    if _lasting(world) != before:
        world.watch.broken("P5", "everything was delivered once more, and something has changed")


def _lasting(world: World) -> list[Any]:
    """What is stored, but for outbox, leases and idempotency keys."""
    kept = ("prediction_batches/", "game_dates/")
    documents = [(path, doc.data) for path, doc in world.store._documents.items() if path.startswith(kept)]
    return [documents, dict(world.warehouse._predictions), len(world.warehouse.audit()), len(world.warehouse.runs())]


def _outlast(world: World) -> None:
    """Whoever is dead has lost his lease now; what was lost on its way is overdue."""
    leases = [data["expires_at"] for data in world.store.peek_all("leases")]
    latest = max((at - world.clock.now()).total_seconds() for at in leases) if leases else 0.0
    overdue = world.config.republish_after_seconds if world.watch.lossy else 0.0
    world.now += max(0.0, latest, overdue) + 0.1
    world.say("--- every lease has run out ---")


def _sweeps(world: World, people: People, number: int) -> None:
    for n in range(number):
        world.say(f"--- sweep {n + 1} ---")
        injected = world.faults.counted.total()

        def swept(reply: Reply | None, injected: int = injected) -> None:
            untouched = injected == world.faults.counted.total()
            if untouched and (reply is None or reply.status != 200 or reply.body["trouble"]):
                world.watch.broken("P13", "the sweep is in trouble", reply and reply.body)

        people.tick(swept)
        world.run()


def _nobody_waits(world: World) -> None:
    """Without lost messages, no request of a running batch can be pending once all messages are delivered."""
    for data in world.store.peek_all("prediction_batches"):
        if data["status"] == "running":
            world.watch.broken("P10", f"{data['batch_id']} waits, and no message is on its way")


def _live(world: World) -> list[Mapping[str, Any]]:
    return [data for data in world.store.peek_all("prediction_batches") if data["live"]]


def _unchecked_rows() -> AbstractContextManager[Any]:
    """Checking every row against the tables' schemas takes a fifth of a run; one run of eight does it."""
    return patch.object(memory, "checked", lambda row: row)


class _silence:  # noqa: N801 - used like a function
    """Logs of a simulated run are of no use to anybody."""

    def __enter__(self) -> None:
        self._before = logging.root.manager.disable
        logging.disable(logging.CRITICAL)

    def __exit__(self, *error: object) -> None:
        logging.disable(self._before)
