"""Firestore restored from a backup while the tables are newer: the fence is ahead of the lease's token."""

import random

from simulation.errands import Errands
from simulation.faults import Faults, Mix
from simulation.people import People, TriggerRequest
from simulation.quiet import check_recovery
from simulation.world import World
from support.league import DAY


def test_restored_backup_blocks_no_date() -> None:
    world = World(0, Faults(random.Random(0), Mix(switch=0.0)))  # noqa: S311
    people = People(world, random.Random(4))  # noqa: S311
    errands = Errands(people, random.Random(4))  # noqa: S311
    people.set_up_scene("batch")
    check_recovery(world, people, errands)
    documents = dict(world.store._documents)
    collections = {name: dict(paths) for name, paths in world.store._collections.items()}
    _regenerate(world, people, errands, "before-1", "before-2", "before-3")
    fence = world.warehouse.fence(DAY)
    assert fence is not None
    assert fence.token == 4

    world.store._documents = documents
    world.store._collections = collections
    _regenerate(world, people, errands, "after")

    last = max(world.store.peek_all("prediction_batches"), key=lambda data: data["created_at"])
    assert (last["trigger_ids"], last["status"]) == (["after"], "promoted")
    raised = world.warehouse.fence(DAY)
    assert raised is not None
    assert raised.token > fence.token
    assert not world.violations


def _regenerate(world: World, people: People, errands: Errands, *keys: str) -> None:
    for key in keys:
        body = {"game_date": DAY.isoformat(), "reason": "late_data"}
        people._send_request(TriggerRequest(key, DAY, daily=False, pushed=False, body=body))
        world.run()
        check_recovery(world, people, errands)
