"""One simulated run: a storm of faults, then quiet, then the checks."""

import logging
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from regen.adapters.memory import warehouse as memory
from regen.adapters.memory.archive import MemoryArchive
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.services.state.deps import REQUEST_TOPIC, TRIGGER_TOPIC
from regen.web import body_reading
from regen.web.connection import Late
from simulation.errands import Errands
from simulation.faults import Fault, Faults, Mishap, Mix
from simulation.judge import Judge
from simulation.judge_news import NewsJudge
from simulation.modellers import TEXTS, Modellers, simulated_systems
from simulation.newsroom import Newsroom
from simulation.operators import Operators
from simulation.people import ORDER_AT, People
from simulation.quiet import check_orphans, check_recovery, check_redelivery, check_without_pubsub
from simulation.strays import Strays
from simulation.world import World
from support.league import LENIENT

TICK = 60.0
SKEWS = ((0.0,), (0.0,), (0.0, 2.0, -2.0), (0.0, 20.0, -20.0))
"""By how many seconds the clocks of instances are ahead. Google keeps them within milliseconds; regen must not rely on it."""


@dataclass
class Result:
    """The result of a run.

    Attributes:
        violations: broken promises by name; empty if all were kept.
        counted: faults injected, by kind.
        late: the violations that the checks at the end found; the others were found as they happened.
        calls: calls to ports.
        batches: id, status and round of each batch at the end.
    """

    seed: int
    violations: list[str]
    late: list[str]
    counted: Mapping[str, int]
    calls: int
    batches: list[str]
    trace: list[str] = field(default_factory=list)

    def describe(self) -> str:
        """The trace and the violations, as text."""
        return "\n".join([*self.trace, f"seed {self.seed}:", *(f"  {v}" for v in self.violations)])


def simulate(
    seed: int,
    *,
    mix: Mix | None = None,
    warehouse: Callable[..., MemoryWarehouse] = MemoryWarehouse,
    traced: bool = False,
    ticks: bool = True,
    most: int = 12,
    keeps: bool = False,
) -> Result:
    """Run one seed.

    Args:
        most: the most players of a slate.
        keeps: whether inputs are kept; more calls, and so another run than without.
        ticks: whether the scheduler sends sweeps during the storm.
    """
    scene = random.Random(f"scene {seed}")  # noqa: S311
    faults = Faults(random.Random(f"faults {seed}"), mix or Mix.drawn(scene))  # noqa: S311
    numbers: dict[str, Any] = {
        "hold_down_seconds": scene.choice((0.0, 0.0, 120.0)),
        "deadline_seconds": scene.choice((400.0, 1800.0)),
        "players_per_request": scene.choice((3, 4, 6)),
        "max_challengers": 3 if seed % 30 == 17 else 0,
        **({"thresholds": LENIENT} if seed % 4 else {}),
    }
    attempts = {REQUEST_TOPIC: scene.choice((3, 100)), TRIGGER_TOPIC: scene.choice((3, 100, 100, 100))}
    odds = random.Random(f"odds {seed}")  # noqa: S311
    beats = odds.random() < 0.7
    store = MemoryArchive() if seed % 10 == 7 else None
    if store is not None:
        numbers["artefacts"] = lambda: TEXTS
    own: dict[str, Any] = {
        "models": store,
        "numbers": numbers,
        "attempts": attempts,
        "warehouse": warehouse,
        "beats": beats,
    }
    world = World(seed, faults, traced=traced, keeps=keeps, **own)
    world.skews = odds.choice(SKEWS) if mix is None else SKEWS[0]
    people = People(world, scene, most=most)
    errands = Errands(people, random.Random(f"errands {seed}"))  # noqa: S311
    newsroom = Newsroom(people, random.Random(f"news {seed}"))  # noqa: S311
    operators = Operators(people, random.Random(f"operators {seed}"))  # noqa: S311
    draws = [random.Random(f"{what} {seed}") for what in ("models", "challengers")]  # noqa: S311
    modellers = Modellers(people, draws[0], draws[1], store) if store is not None else None
    horizon = scene.choice((120.0, 300.0, 700.0))
    world.log(f"mix: {faults.mix}")
    with _silence(), simulated_systems(), nullcontext() if seed % 8 == 0 else _unchecked_rows():
        people.seed_slates()
        people.plan(horizon)
        errands.plan(horizon)
        newsroom.plan(horizon)
        if seed % 5 == 4:
            operators.plan(horizon)
        if modellers is not None:
            modellers.plan(horizon, harm=mix is None)
        strays = Strays(world, odds)
        if mix is None:
            strays.plan(horizon)
        for outage in world.outages.plan(odds, horizon) if mix is None else ():
            world.log(outage)
        if ticks:
            _plan_ticks(world, people, horizon)
        world.run(horizon)
        is_down = seed % 10 == 3 and mix is None
        return _judge(seed, world, people, errands, newsroom, strays, operators, modellers, down=is_down)


SCENES = ("batch", "follow_up", "cancel", "promote", "redrive", "rollback", "backfill", "scan", "news")


def one_batch(
    planned: Mapping[int, Fault], scene: str = "batch", *, traced: bool = False, ticks: bool = True
) -> Result:
    """Run a small batch with faults at exact calls, which only the sweep repairs."""
    world = World(0, Faults(random.Random(0), Mix(switch=0.0), planned), traced=traced, keeps=True)  # noqa: S311
    people = People(world, random.Random(4))  # noqa: S311
    errands = Errands(people, random.Random(4))  # noqa: S311
    newsroom = Newsroom(people, random.Random(4))  # noqa: S311
    with _silence():
        people.set_up_scene(scene)
        errands.set_up_scene(scene)
        newsroom.set_up_scene(scene)
        horizon = 90.0 if scene in {"batch", "follow_up", "cancel", "backfill", "scan", "news"} else ORDER_AT + 60.0
        if ticks:
            _plan_ticks(world, people, horizon)
        world.run(horizon)
        operators = Operators(people, random.Random(4))  # noqa: S311
        return _judge(0, world, people, errands, newsroom, Strays(world, people.rng), operators)


def _judge(
    seed: int,
    world: World,
    people: People,
    errands: Errands,
    newsroom: Newsroom,
    strays: Strays,
    operators: Operators,
    modellers: Modellers | None = None,
    *,
    down: bool = False,
) -> Result:
    world.faults.on = False
    before = len(world.violations)
    if seed % 5 == 4:
        operators.resume()
    if down:
        check_without_pubsub(world, people)
    check_recovery(world, people, errands, newsroom, operators)
    judge = Judge(world, people, errands)
    judge.check()
    NewsJudge(world, newsroom, judge.batches).check()
    if modellers is not None:
        modellers.check(judge.batches)
    strays.check()
    check_orphans(world, people)
    world.faults.on = True
    if world.faults.happens(Mishap.REPLAY) and not world.violations:
        check_redelivery(world)
    ends = [f"{b.batch_id} {b.status.value} r{b.round}" for b in judge.batches]
    late = world.violations[before:]
    return Result(seed, world.violations, late, world.faults.counted, world.faults.calls, ends, world.trace or [])


def _plan_ticks(world: World, people: People, horizon: float) -> None:
    def minute() -> None:
        if not world.faults.happens(Mishap.SKIPPED):
            people.tick()
        if world.faults.happens(Mishap.JUMP):
            world.now += world.rng.choice((-30.0, 100.0, 2000.0))
        if world.now + TICK < horizon:
            world.later(TICK, minute)

    world.later(TICK * world.rng.random(), minute)


@contextmanager
def _no_limit(*_: object) -> Iterator[Late]:
    """Read bodies without a time limit: they are in memory, so no thread has to watch."""
    yield Late()


def _unchecked_rows() -> AbstractContextManager[Any]:
    """Skip the check of every row against its schema, which takes a fifth of a run; one run in eight keeps it."""
    return patch.object(memory, "checked", lambda row: row)


class _silence:  # noqa: N801 - used like a function
    """Disable logging during a simulated run."""

    def __enter__(self) -> None:
        self._limit = patch.object(body_reading, "time_limit", _no_limit)
        self._limit.start()
        self._before = logging.root.manager.disable
        logging.disable(logging.CRITICAL)

    def __exit__(self, *error: object) -> None:
        logging.disable(self._before)
        self._limit.stop()
