"""The checks after the storm: two sweeps repair everything, and redelivered messages change nothing."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from regen.adapters.memory.tables import GRADES, PREDICTIONS
from regen.domain.promotion import ORPHAN_AFTER
from regen.domain.quality import WINDOWS, measured
from regen.services.healing.orphans import EVERY_MINUTES
from regen.services.state.alert_records import open_alerts
from regen.services.state.deps import ALERT_TOPIC
from regen.services.tables.quality_watching import KINDS, limits
from simulation.errands import Errands
from simulation.newsroom import Newsroom
from simulation.operators import Operators
from simulation.people import People
from simulation.upstream import Key
from simulation.world import World
from support.wire import Reply

MOST_MINUTES = 20
JUMPED = timedelta(seconds=30)
"""The most by which a clock may have been set back."""
MOST_SCANS = 30
MOST_NEWS_SCANS = 60


def check_recovery(
    world: World,
    people: People,
    errands: Errands,
    newsroom: Newsroom | None = None,
    operators: Operators | None = None,
) -> None:
    """Stop all faults, let leases expire, and check that two sweeps repair everything."""
    world.log("--- no more faults ---")
    world.end_outages()
    for task in list(world.tasks):
        if task.wake > world.now and world.rng.random() < 0.5:
            world.kill(task)
    world.run()
    if not world.watch.lossy:
        _check_no_batch_waits(world)
    if not world.faults.counted:
        for data in _live(world):
            world.watch.report("3", f"nothing went wrong, and {data['batch_id']} waits for a sweep: {data['status']}")
        for data in world.store.peek_all("game_dates"):
            if data["coalesced"] and not world.config.hold_down_seconds:
                world.watch.report("3", f"nothing went wrong, and triggers of {data['game_date']} wait for a sweep")
    _sweep_until_calm(world, people)
    if _pass_deadlines_without_models(world):
        _sweep_until_calm(world, people)
    _take_what_waited(world)
    for data in _live(world):
        world.watch.report("P13", f"{data['batch_id']} is {data['status']} after two sweeps")
    _resume_all(world, errands, operators)
    for _ in range(MOST_MINUTES):
        waiting = [data["due_at"] for data in world.store.peek_all("outbox")]
        if not waiting and not _live(world) and not any(data["live"] for data in world.store.peek_all("backfills")):
            break
        if waiting:
            world.now += max(0.0, (max(waiting) - world.clock.now()).total_seconds()) + 0.1
        _sweeps(world, people, 1)
        world.now += 900.0 if _date_waits(world) else 60.0
    _settle_news(world, people, newsroom)
    _scan_until_done(world, people, errands)
    _settle_quality(world, people, errands)


def _sweep_until_calm(world: World, people: People) -> None:
    """Sweep twice once all leases have expired; again if a fault that was set for a call has met one of the sweeps."""
    injected = -1
    while injected != world.faults.counted.total():
        injected = world.faults.counted.total()
        _expire_leases(world)
        _sweeps(world, people, 2)


def _pass_deadlines_without_models(world: World) -> bool:
    """Advance the clock past the deadlines of the batches whose models cannot be had; return whether there are any."""
    deadlines = [data["deadline"] for data in _live(world) if world.outages.refuse(data)]
    if deadlines:
        world.log("--- batches without their models reach their deadlines ---")
        world.now += max(0.0, (max(deadlines) - world.clock.now()).total_seconds())
    return bool(deadlines)


def _take_what_waited(world: World) -> None:
    """Deliver what was refused for want of a model, and check that it is taken: its batch is closed."""
    world.end_outages()
    world.run()
    for delivery in world.parked:
        world.watch.report("P10", f"{delivery.path} never takes {delivery.number}, whose batch has no model")


def _resume_all(world: World, errands: Errands, operators: Operators | None) -> None:
    """Resume what was paused, and the platform if the storm has held up its halt, so that the resumption came before it."""
    errands.resume_all()
    if operators is not None and (world.store.peek("controls/halt") or {}).get("halted"):
        operators.resume()
    world.run()


def _settle_news(world: World, people: People, newsroom: Newsroom | None) -> None:
    """Scan for news until nothing is asked for and nothing waits."""
    if newsroom is None or not newsroom.told:
        return
    for _ in range(MOST_NEWS_SCANS):
        world.log("--- scan for news ---")
        newsroom.scan()
        world.run()
        waits = newsroom.waits()
        world.now += 2 * max(world.skews)
        _sweeps(world, people, 2)
        if not waits:
            return
        world.now += max(65.0, world.config.hold_down_seconds)
        _sweeps(world, people, 1)


def _date_waits(world: World) -> bool:
    """Return whether a backfill waits for a date: its slate has disappeared, or opening it fails."""
    return any(
        day["status"] == "waiting" and (day["gone_at"] or day["trouble_since"])
        for backfill in world.store.peek_all("backfills")
        if backfill["live"]
        for day in backfill["dates"]
    )


def check_without_pubsub(world: World, people: People) -> None:
    """Keep only Pub/Sub down, and check that no batch waits for workers after its deadline (P3)."""
    world.log("--- Pub/Sub stays down ---")
    world.end_outages()
    world.run()
    world.outages.spans.append(("Pub/Sub", 0.0, math.inf))
    deadlines = [(data["deadline"] - world.clock.now()).total_seconds() for data in _live(world)]
    world.now += max([0.0, *deadlines])
    _expire_leases(world)
    _sweeps(world, people, 2)
    for data in _live(world):
        requests = world.store.peek_all(f"prediction_batches/{data['batch_id']}/requests")
        pending = sum(r["state"] == "pending" and r["opening"] == data["openings"][-1] for r in requests)
        if pending and data["status"] in {"dispatching", "running"} and data["deadline"] < world.clock.now():
            world.watch.report("P3", f"{data['batch_id']} is past its deadline and {data['status']}: {pending} wait")


def _scan_until_done(world: World, people: People, errands: Errands) -> None:
    """Deliver all late data, and scan hourly until nothing changes."""
    errands.finish_upstream()
    for _ in range(MOST_SCANS if world.ledger.games else 0):
        world.log("--- scan ---")
        before = _states(world)
        errands.scan()
        world.run()
        pause = errands.next_attempt()
        # An instance with a fast clock writes outbox items that are due later by the other clocks.
        world.now += 2 * max(world.skews)
        _sweeps(world, people, 2)
        if before == _states(world):
            if pause is None:
                return
            world.now += pause + 1.0 + 2 * max(world.skews)


def _settle_quality(world: World, people: People, errands: Errands) -> None:
    """Grade once more, and check that exactly the alerts are open that the kept figures call for."""
    if not world.warehouse.tables.rows[GRADES]:
        return
    # Figures that an instance with a fast clock has kept are not replaced by those of an earlier moment.
    world.now += 2 * max(world.skews)
    world.log("--- grade ---")
    replies: list[Reply | None] = []
    for _ in range(2):  # a fault that was set for a call may meet the first one; the scheduler tries again
        errands.grade_once(replies.append)
        world.run()
        if replies[-1:] and replies[-1] is not None and replies[-1].status == 200:
            break
    else:
        world.watch.report("P13", "the last grading has failed", replies)
    # An instance with a fast clock writes outbox items that are due later by the other clocks.
    world.now += 2 * max(world.skews)
    _sweeps(world, people, 1)
    if any(path.startswith("alerts/") for path in world.store.strays):
        return  # a record that this version cannot read is left as it is
    if not world.ledger.figures:
        return
    as_of = max(world.ledger.figures)
    if not world.ledger.gradable(as_of - timedelta(days=3), as_of):
        return  # nothing is current any more of what that grading has looked at, and it has measured nothing
    found = measured(world.ledger.quality(as_of - timedelta(days=max(WINDOWS) - 1), as_of), as_of, limits(world.config))
    kept = [{**one.row(), "measured_at": None} for one in found]
    if [{**row, "measured_at": None} for row in world.ledger.figures[as_of]] != kept:
        world.watch.report("quality", f"the figures kept of {as_of} are not those of its grades")
    raised = {alerts[-1].record.key for alerts in open_alerts(world.deps)}
    raised = {key for key in raised if key.startswith("regen/quality_")}
    sure, outside = (
        {f"regen/{KINDS[measure]}/{one.system_id}" for one in found for measure in getattr(one, which)}
        for which in ("beyond", "outside")
    )
    if not sure <= raised <= outside:
        world.watch.report(
            "quality", f"{sorted(raised)} are open; surely beyond are {sorted(sure)}, outside {sorted(outside)}"
        )


def _states(world: World) -> dict[Key, tuple[str, int]]:
    return {key: (game.status, game.attempts) for key, game in world.ledger.games.items()}


def check_orphans(world: World, people: People) -> None:
    """Check that a sweep, hours later, names every staging table that is left, with one alert each."""
    left = {table.name for table in world.warehouse.staging_tables()}
    later = (world.clock.now() + ORPHAN_AFTER + timedelta(minutes=EVERY_MINUTES)).replace(second=30)
    later -= timedelta(minutes=later.minute % EVERY_MINUTES)
    world.now += (later - world.clock.now()).total_seconds()
    world.log("--- hours later ---")
    named: list[str] = []
    injected = -1
    while injected != world.faults.counted.total():
        injected = world.faults.counted.total()
        world.now += 60.0 * EVERY_MINUTES
        people.tick(lambda reply: named.extend(reply.body["orphans"] if reply and reply.status == 200 else ()))
        world.run()
    sent = (m.data for t, m in world.published if t == ALERT_TOPIC and m.data["type"] == "staging_orphaned")
    # One that was raised amid faults may have been published twice, as the same event.
    alerted = [table for table, _ in {(data["table"], data["event_id"]) for data in sent}]
    if set(named) != left or sorted(alerted) != sorted(left):
        world.watch.report("2", f"{sorted(left)} are left; the sweep names {named} and alerts to {alerted}")


def check_redelivery(world: World) -> None:
    """Deliver all messages of the run once more, and check that nothing changes (P5)."""
    world.faults.on = False
    world.log("--- everything once more ---")
    before = _lasting_state(world)
    world.replay()
    world.run()
    if _lasting_state(world) != before:
        world.watch.report("P5", "everything was delivered once more, and something has changed")


def _lasting_state(world: World) -> list[Any]:
    """All stored state but outbox, leases and idempotency keys."""
    kept = ("prediction_batches/", "game_dates/", "backfills/")
    documents = [(path, doc.data) for path, doc in world.store._documents.items() if path.startswith(kept)]
    return [
        documents,
        dict(world.warehouse.tables.rows[PREDICTIONS]),
        len(world.warehouse.audit()),
        len(world.warehouse.runs()),
    ]


def _expire_leases(world: World) -> None:
    """Advance the clock until every lease has expired and every lost message is overdue."""
    leases = [data.get("expires_at") for data in world.store.peek_all("leases")]
    latest = max(((at - world.clock.now()).total_seconds() for at in leases if isinstance(at, datetime)), default=0.0)
    overdue = world.config.republish_after_seconds if world.watch.lossy else 0.0
    world.now += max(0.0, latest, overdue) + 0.1 + max(world.skews)
    world.log("--- every lease has run out ---")


def _sweeps(world: World, people: People, number: int) -> None:
    for n in range(number):
        world.log(f"--- sweep {n + 1} ---")
        injected = world.faults.counted.total()

        began = world.clock.now()

        def swept(reply: Reply | None, injected: int = injected, began: datetime = began) -> None:
            untouched = injected == world.faults.counted.total()
            if untouched and reply is not None and reply.status == 200:
                _check_heartbeat(world, began)
            if untouched and (reply is None or reply.status != 200 or _unexpected_trouble(world, reply)):
                world.watch.report("P13", "the sweep is in trouble", reply and reply.body)

        people.tick(swept)
        world.run()


def _check_heartbeat(world: World, began: datetime) -> None:
    """Check that an ended sweep has written its heartbeat, and that no heartbeat is ahead of every clock."""
    skew = timedelta(seconds=max(world.skews))
    beat = world.store.peek("heartbeats/sweep")
    if beat is None or beat["at"] < began - skew:
        world.watch.report("11", f"a sweep that began at {began} has ended, and its heartbeat says {beat}")
    for data in world.store.peek_all("heartbeats"):
        if data["at"] > world.clock.now() + skew + JUMPED:
            world.watch.report("11", f"a heartbeat is of {data['at']}, and it is {world.clock.now()}")


def _unexpected_trouble(world: World, reply: Reply) -> list[str]:
    """The troubles that a sweep reports, without those about records of other versions."""
    known = [f"{path}: " for path in world.store.strays]
    known += [f" {path.rpartition('/')[2]}: " for path in world.store.strays if path.startswith("outbox/")]
    return [text for text in reply.body["trouble"] if not any(path in text for path in known)]


def _check_no_batch_waits(world: World) -> None:
    """Check that no batch with a model is running once all messages are delivered, if none was lost."""
    for data in world.store.peek_all("prediction_batches"):
        if data["status"] == "running" and not world.outages.refuse(data):
            world.watch.report("P10", f"{data['batch_id']} waits, and no message is on its way")


def _live(world: World) -> list[Mapping[str, Any]]:
    return [data for data in world.store.peek_all("prediction_batches") if data["live"]]
