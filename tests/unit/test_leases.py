"""Leases: taken by one, kept while a call takes long, lost to nobody but him who waited until it had run out."""

from __future__ import annotations

import threading

import pytest

from regen.adapters.system import SystemClock, thread_heartbeat
from regen.domain.values import replace
from regen.services.state.deps import Deps
from regen.services.state.leases import LeaseBusy, LeaseLost, is_free, take
from support.bench import Bench
from support.polling import wait_until


@pytest.fixture
def deps() -> Deps:
    bench = Bench()
    return replace(bench.deps, config=replace(bench.deps.config, lease_seconds=0.6), clock=SystemClock())


def test_call_longer_than_the_lease_keeps_it(deps: Deps) -> None:
    kept = replace(deps, heartbeat=thread_heartbeat)
    lease = take(kept, "long")
    finished = threading.Event()
    with lease.kept():
        threading.Timer(1.5, finished.set).start()
        wait_until(finished.is_set, 10, "a call of two and a half leases")
        assert not is_free(deps, "long")
        with pytest.raises(LeaseBusy):
            take(deps, "long")
    lease.renew()
    lease.release()
    assert is_free(deps, "long")


def test_lease_without_heartbeat_expires_and_its_owner_notices(deps: Deps) -> None:
    lease = take(deps, "short")
    with lease.kept():
        wait_until(lambda: is_free(deps, "short"), 10, "the lease to run out")
        second = take(deps, "short")
        with pytest.raises(LeaseLost):
            lease.renew()
    lease.release()
    assert not is_free(deps, "short"), "only the owner releases (I-22)"
    assert second.token == lease.token + 1


def test_stopped_owner_loses_its_lease(deps: Deps) -> None:
    """A heartbeat that cannot beat (a stopped process) is none."""
    lease = take(replace(deps, heartbeat=lambda beat, seconds: thread_heartbeat(lambda: False, seconds)), "stopped")
    with lease.kept():
        wait_until(lambda: is_free(deps, "stopped"), 10, "the lease to run out")


def test_heartbeat_and_work_may_renew_a_lease_together(deps: Deps) -> None:
    kept = replace(deps, heartbeat=lambda beat, _seconds: thread_heartbeat(beat, 0.001))
    lease = take(kept, "busy")
    with lease.kept():
        for _ in range(200):
            lease.renew()
    lease.release()


def test_a_released_lease_is_free_for_a_clock_that_is_behind() -> None:
    bench = Bench()
    take(bench.deps, "released").release()
    bench.clock.advance(-20)
    assert is_free(bench.deps, "released")
    assert take(bench.deps, "released").token == 2
