"""After the storm: whether two sweeps mend everything, and whether the same again changes nothing."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from regen.adapters.memory.tables import PREDICTIONS
from regen.domain.promotion import ORPHAN_AFTER
from regen.services.healing.orphans import EVERY_MINUTES
from regen.services.state.deps import ALERT_TOPIC
from simulation.errands import Errands
from simulation.people import People
from simulation.upstream import Key
from simulation.world import World
from support.wire import Reply

MOST_MINUTES = 20
JUMPED = timedelta(seconds=30)
"""What a clock may have been set back."""
MOST_SCANS = 30


def calm(world: World, people: People, errands: Errands) -> None:
    """No more faults: let leases run out, then see whether two sweeps mend everything."""
    world.say("--- no more faults ---")
    world.answer_again()
    for task in list(world.tasks):
        if task.wake > world.now and world.rng.random() < 0.5:
            world.kill(task)
    world.run()
    if not world.watch.lossy:
        _nobody_waits(world)
    if not world.faults.counted:
        for data in _live(world):
            world.watch.broken("3", f"nothing went wrong, and {data['batch_id']} waits for a sweep: {data['status']}")
        for data in world.store.peek_all("game_dates"):
            if data["coalesced"] and not world.config.hold_down_seconds:
                world.watch.broken("3", f"nothing went wrong, and triggers of {data['game_date']} wait for a sweep")
    injected = -1
    while injected != world.faults.counted.total():
        injected = world.faults.counted.total()
        _outlast(world)
        _sweeps(world, people, 2)
    for data in _live(world):
        world.watch.broken("P13", f"{data['batch_id']} is {data['status']} after two sweeps")
    errands.resume_all()
    world.run()
    for _ in range(MOST_MINUTES):
        waiting = [data["due_at"] for data in world.store.peek_all("outbox")]
        if not waiting and not _live(world) and not any(data["live"] for data in world.store.peek_all("backfills")):
            break
        if waiting:
            world.now += max(0.0, (max(waiting) - world.clock.now()).total_seconds()) + 0.1
        _sweeps(world, people, 1)
        world.now += 900.0 if _patient(world) else 60.0
    _scan_out(world, people, errands)


def _patient(world: World) -> bool:
    """Whether a backfill gives a date time: its slate was there when the backfill was planned, or it cannot be opened."""
    return any(
        day["status"] == "waiting" and (day["gone_at"] or day["trouble_since"])
        for backfill in world.store.peek_all("backfills")
        if backfill["live"]
        for day in backfill["dates"]
    )


def without_messages(world: World, people: People) -> None:
    """Pub/Sub is down for long, and all else answers: past its deadline no batch waits for workers (P3)."""
    world.say("--- Pub/Sub stays down ---")
    world.answer_again()
    world.run()
    world.outages.spans.append(("Pub/Sub", 0.0, math.inf))
    deadlines = [(data["deadline"] - world.clock.now()).total_seconds() for data in _live(world)]
    world.now += max([0.0, *deadlines])
    _outlast(world)
    _sweeps(world, people, 2)
    for data in _live(world):
        requests = world.store.peek_all(f"prediction_batches/{data['batch_id']}/requests")
        pending = sum(r["state"] == "pending" and r["opening"] == data["openings"][-1] for r in requests)
        if pending and data["status"] in {"dispatching", "running"} and data["deadline"] < world.clock.now():
            world.watch.broken("P3", f"{data['batch_id']} is past its deadline and {data['status']}: {pending} wait")


def _scan_out(world: World, people: People, errands: Errands) -> None:
    """Upstream delivers everything; hour after hour the scan looks, until it has nothing left to do."""
    errands.finish_upstream()
    for _ in range(MOST_SCANS if world.ledger.games else 0):
        world.say("--- scan ---")
        before = _states(world)
        errands.scan()
        world.run()
        pause = errands.next_attempt()
        # What an instance whose clock is ahead has put into the outbox is due when the others' clocks say so.
        world.now += 2 * max(world.skews)
        _sweeps(world, people, 2)
        if before == _states(world):
            if pause is None:
                return
            world.now += pause + 1.0 + 2 * max(world.skews)


def _states(world: World) -> dict[Key, tuple[str, int]]:
    return {key: (game.status, game.attempts) for key, game in world.ledger.games.items()}


def housekeeping(world: World, people: People) -> None:
    """Hours later, in the minute for it, a sweep names every staging table that is left, and each is told of."""
    left = {table.name for table in world.warehouse.staging_tables()}
    later = (world.clock.now() + ORPHAN_AFTER + timedelta(minutes=EVERY_MINUTES)).replace(second=30)
    later -= timedelta(minutes=later.minute % EVERY_MINUTES)
    world.now += (later - world.clock.now()).total_seconds()
    world.say("--- hours later ---")
    named: list[str] = []
    injected = -1
    while injected != world.faults.counted.total():
        injected = world.faults.counted.total()
        world.now += 60.0 * EVERY_MINUTES
        people.tick(lambda reply: named.extend(reply.body["orphans"] if reply and reply.status == 200 else ()))
        world.run()
    told = [m.data["table"] for t, m in world.published if t == ALERT_TOPIC and m.data["type"] == "staging_orphaned"]
    if set(named) != left or sorted(told) != sorted(left):
        world.watch.broken("2", f"{sorted(left)} are left; the sweep names {named} and alerts to {told}")


def again(world: World) -> None:
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
    kept = ("prediction_batches/", "game_dates/", "backfills/")
    documents = [(path, doc.data) for path, doc in world.store._documents.items() if path.startswith(kept)]
    return [
        documents,
        dict(world.warehouse.tables.rows[PREDICTIONS]),
        len(world.warehouse.audit()),
        len(world.warehouse.runs()),
    ]


def _outlast(world: World) -> None:
    """Whoever is dead has lost his lease now; what was lost on its way is overdue."""
    leases = [data["expires_at"] for data in world.store.peek_all("leases")]
    latest = max((at - world.clock.now()).total_seconds() for at in leases) if leases else 0.0
    overdue = world.config.republish_after_seconds if world.watch.lossy else 0.0
    world.now += max(0.0, latest, overdue) + 0.1 + max(world.skews)
    world.say("--- every lease has run out ---")


def _sweeps(world: World, people: People, number: int) -> None:
    for n in range(number):
        world.say(f"--- sweep {n + 1} ---")
        injected = world.faults.counted.total()

        began = world.clock.now()

        def swept(reply: Reply | None, injected: int = injected, began: datetime = began) -> None:
            untouched = injected == world.faults.counted.total()
            if untouched and reply is not None and reply.status == 200:
                _beaten(world, began)
            if untouched and (reply is None or reply.status != 200 or _trouble(world, reply)):
                world.watch.broken("P13", "the sweep is in trouble", reply and reply.body)

        people.tick(swept)
        world.run()


def _beaten(world: World, began: datetime) -> None:
    """A sweep that ended has left its heartbeat, and none is newer than any clock."""
    skew = timedelta(seconds=max(world.skews))
    beat = world.store.peek("heartbeats/sweep")
    if beat is None or beat["at"] < began - skew:
        world.watch.broken("11", f"a sweep that began at {began} has ended, and its heartbeat says {beat}")
    for data in world.store.peek_all("heartbeats"):
        if data["at"] > world.clock.now() + skew + JUMPED:
            world.watch.broken("11", f"a heartbeat is of {data['at']}, and it is {world.clock.now()}")


def _trouble(world: World, reply: Reply) -> list[str]:
    """The troubles of a sweep that are more than the sight of another version's record."""
    known = [f"{path}: " for path in world.store.strays]
    return [text for text in reply.body["trouble"] if not any(path in text for path in known)]


def _nobody_waits(world: World) -> None:
    """Without lost messages, no request of a running batch can be pending once all messages are delivered."""
    for data in world.store.peek_all("prediction_batches"):
        if data["status"] == "running":
            world.watch.broken("P10", f"{data['batch_id']} waits, and no message is on its way")


def _live(world: World) -> list[Mapping[str, Any]]:
    return [data for data in world.store.peek_all("prediction_batches") if data["live"]]
