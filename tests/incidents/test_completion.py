"""B: promotions, leases, deadlines, and where state lives."""

from collections.abc import Callable
from typing import Any

import pytest

from incidents.scenes import (
    Http,
    Interrupted,
    current_rows,
    seeded,
    with_warehouse,
)
from regen.adapters.memory.statements import own_fence
from regen.adapters.memory.tables import FENCES
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.domain.batch import ENDED, Status
from regen.domain.errors import FenceLost, Unavailable
from regen.domain.promotion import FenceToken
from regen.domain.values import replace
from regen.ports import Message
from regen.services.batch import completion, orders, processing, verifying
from regen.services.healing import dead_letters, sweeping
from regen.services.state import leases
from regen.services.state.deps import COMPLETE_TOPIC, REQUEST_TOPIC
from regen.services.state.paths import request_path
from regen.services.views import batch_view
from regen.sql.render import source
from support.bench import Bench
from support.league import DAY, entry, names, players
from support.lists import list_batches


def test_i21_simultaneous_promotions_of_a_batch_act_once() -> None:
    """A second owner who promotes in the middle of the first changes nothing; the first finds what was committed.

    Prevented in: src/regen/services/batch/promoting.py, src/regen/sql/promote.sql
    Turns red when: the fence's condition in promote.sql loses `token = @token`, or the memory's `own_fence` looks at nothing.
    """
    bench = Bench()
    warehouse = Interrupted(bench.clock.now)
    with_warehouse(bench, warehouse)
    seeded(bench)
    answer = bench.regenerate()
    said: list[str] = []

    def second_owner() -> None:
        assert verifying.verify(bench.deps, answer.batch_id, 1) == "busy"
        bench.clock.advance(91)
        said.append(verifying.verify(bench.deps, answer.batch_id, 1))

    warehouse.before_promotion = second_owner
    words = bench.drain()
    assert (said, "not_due" in words, "fenced" in words) == (["promoted"], True, False)
    assert bench.batch(answer.batch_id).status is Status.PROMOTED
    assert len(current_rows(bench)) == 16
    assert len(warehouse.predictions(DAY)) == 32
    assert len(bench.audited("promoted")) == 1
    with pytest.raises(FenceLost, match="another token holds the date"):
        own_fence(warehouse.tables.of(FENCES, DAY), FenceToken(DAY, 1, answer.batch_id, 1), promotes=True)
    fence = source("promote").partition("UPDATE {promotion_fence}")[2].partition(";")[0]
    for condition in ("token = @token", "batch_id = @batch_id", "round = @round", "promoted_round, -1) >= @round"):
        assert condition in fence.partition("WHERE")[2]


def test_i22_only_the_owner_releases_a_lease() -> None:
    """Whose lease has run out can neither extend nor release it, and its token opens nothing any more.

    Prevented in: src/regen/services/state/leases.py, src/regen/sql/raise_fence.sql
    Turns red when: `release` does not compare owner and token.
    """
    bench = Bench()
    stale = leases.take(bench.deps, "promotion")
    bench.clock.advance(91)
    owner = leases.take(bench.deps, "promotion")
    assert owner.token > stale.token
    stale.release()
    assert not leases.is_free(bench.deps, "promotion")
    with pytest.raises(leases.LeaseLost):
        stale.renew()
    with pytest.raises(leases.LeaseBusy):
        leases.take(bench.deps, "promotion")
    bench.warehouse.raise_fence(FenceToken(DAY, owner.token, "b2", 1))
    with pytest.raises(FenceLost):
        bench.warehouse.raise_fence(FenceToken(DAY, stale.token, "b1", 1))
    owner.release()
    assert leases.is_free(bench.deps, "promotion")


def test_i23_redelivered_messages_change_nothing() -> None:
    """Each message is delivered three times when it comes and once more at the end: rows, records, audit are the same.

    Prevented in: src/regen/services/batch/processing.py, src/regen/services/batch/verifying.py
    Turns red when: `process_request` writes outcomes although the request has its own already.
    """
    bench = Bench()
    answer = bench.regenerate()
    delivered: list[tuple[str, Message]] = []
    while bench.queue.waiting or bench.events:
        if bench.events:
            changed = bench.events.popleft()
            for _ in range(3):
                completion.batch_changed(bench.deps, changed)
            continue
        topic, message = bench.queue.waiting.popleft()
        delivered.append((topic, message))
        bench._deliver(topic, message)
        if topic == REQUEST_TOPIC:
            path = request_path(answer.batch_id, message.data["request_id"])
            once = bench.store.get(path)
            for _ in range(2):
                bench._deliver(topic, message)
            assert bench.store.get(path) == once
    bench.sweep()
    state = (
        bench.warehouse.predictions(DAY),
        bench.warehouse.audit(),
        bench.warehouse.runs(),
        bench.batch(answer.batch_id),
    )
    bench.queue.waiting.extend(delivered)
    bench.drain()
    for number, (topic, message) in enumerate(delivered):
        if topic == REQUEST_TOPIC:
            dead_letters.handle(bench.deps, f"d{number}", message.data, {}, b"")
    bench.sweep()
    assert state == (
        bench.warehouse.predictions(DAY), bench.warehouse.audit(), bench.warehouse.runs(), bench.batch(answer.batch_id)
    )  # fmt: skip
    assert [m["status"] for m in bench.queue.of(COMPLETE_TOPIC)] == ["promoted"]


def _completes(bench: Bench, _: str) -> None:
    bench.drain()


def _times_out(bench: Bench, _: str) -> None:
    bench.queue.waiting.clear()
    bench.clock.advance(1801)


def _dies_in_the_dead_letters(bench: Bench, _: str) -> None:
    for number, message in enumerate(bench.queue.of(REQUEST_TOPIC)):
        dead_letters.handle(bench.deps, f"d{number}", message, {}, b"")


def _is_cancelled(bench: Bench, batch_id: str) -> None:
    orders.cancel(bench.deps, orders.Order(batch_id, "api_key:one", "because"))


@pytest.mark.parametrize("close", [_completes, _times_out, _dies_in_the_dead_letters, _is_cancelled])
def test_i24_every_end_is_verified_or_recorded_as_a_failure(
    close: Callable[[Bench, str], None],
) -> None:
    """Every end goes through the verification or says in the audit and to consumers what was not done.

    Prevented in: src/regen/services/batch/ending.py, src/regen/services/healing/sweeping.py
    Turns red when: `end_round` writes the status without the outbox.
    """
    bench = Bench()
    answer = bench.regenerate()
    close(bench, answer.batch_id)
    bench.sweep()
    bench.sweep()
    status = bench.batch(answer.batch_id).status
    assert status in ENDED
    assert (len(current_rows(bench)) == 16) is (status is Status.PROMOTED)
    assert len(bench.audited(status.value)) == 1
    assert [m["status"] for m in bench.queue.of(COMPLETE_TOPIC)] == [status.value]


class _Down(MemoryWarehouse):
    def read_slate(self, game_date: Any) -> Any:
        raise Unavailable("BigQuery does not answer")


def test_i25_all_instances_share_state_and_start_a_date_once() -> None:
    """Any instance sees and refuses what another has begun; the same scheduled time gives the same batch.

    Prevented in: src/regen/services/batch/dates.py, src/regen/services/views/batch_view.py
    Turns red when: `must_wait` lets a first run begin while another batch holds the date.
    """
    bench = Bench()
    instances = [Http(bench.deps) for _ in range(3)]
    body = b'{"game_date": "2026-01-20"}'
    at = {"HTTP_X_CLOUDSCHEDULER_SCHEDULETIME": "2026-01-20T11:00:00-05:00"}
    first = instances[0].tick("coordinator", "/start", body, **at)
    assert (first.status, instances[1].tick("coordinator", "/start", body, **at).body) == (202, first.body)
    second = instances[1].key("POST", "/start", body)
    assert (second.status, second.body["batch_id"]) == (409, first.body["batch_id"])
    seen = Http(replace(bench.deps, warehouse=_Down())).key("GET", f"/batches/{first.body['batch_id']}")
    assert (seen.status, len(seen.body["pending"])) == (200, 8)
    assert len(list_batches(bench.deps, DAY.isoformat(), None)) == 1


def test_i26_activity_does_not_postpone_a_batchs_deadline() -> None:
    """Whether a batch has stalled follows from its deadline; its own activity does not put that off.

    Prevented in: src/regen/services/healing/sweeping.py
    Turns red when: the sweep counts the time from the last publication of a request.
    """
    bench = Bench(players(12))
    answer = bench.regenerate()
    for _ in range(9):
        bench.clock.advance(199)
        sweeping.sweep(bench.deps)
    assert bench.batch(answer.batch_id).published_at == bench.clock.now(), "it has just been published again"
    bench.clock.advance(8)
    sweeping.sweep(bench.deps)
    assert bench.batch(answer.batch_id).status is Status.RUNNING, "one second before its deadline"
    bench.clock.advance(1)
    sweeping.sweep(bench.deps)
    assert bench.batch(answer.batch_id).status is Status.COMPLETE
    view = batch_view.view_batch(bench.deps, answer.batch_id)
    assert {o.reason for o in view.outcomes} == {"deadline"}


def test_i27_progress_is_stored_in_one_place() -> None:
    """Progress is read from the requests; an outcome changes no counter elsewhere that could drift.

    Prevented in: src/regen/services/batch/completion.py, src/regen/services/views/batch_view.py
    Turns red when: `process_request` counts outcomes up in the batch as well.
    """
    bench = Bench(players(12))
    answer = bench.regenerate()
    path = f"prediction_batches/{answer.batch_id}"
    before = bench.store.get(path)
    for done in (4, 8):
        bench.step(events=False)
        assert bench.store.get(path) == before
        assert batch_view.view_batch(bench.deps, answer.batch_id).counts.produced == done
    bench.step(events=False)
    assert bench.batch(answer.batch_id).status is Status.COMPLETE


def test_i28_expected_players_are_the_published_players() -> None:
    """The players of the requests are the requested players, those without usable rows included.

    Prevented in: src/regen/services/batch/opening.py, src/regen/services/batch/requests.py
    Turns red when: `requested_players` counts the roster, excluded players and all.
    """
    slate = [
        *players(7),
        entry("rowless", features=False),
        entry("gone", status="OUT"),
        entry("idle", minutes=1, lines=()),
    ]
    bench = Bench(slate)
    answer = bench.regenerate()
    published = [m["request_id"] for m in bench.queue.of(REQUEST_TOPIC)]
    stored = [bench.store.get(request_path(answer.batch_id, r)) for r in published]
    expected = sorted(p for s in stored if s for p in s.data["players"])
    assert expected == batch_view.view_batch(bench.deps, answer.batch_id).pending == sorted([*names(7), "rowless"])
    batch = bench.batch(answer.batch_id)
    assert answer.requested_players == batch.requested_players == batch.counts.requested == 8
    assert len(published) == len(set(published)) == answer.requests
    assert processing.process_request(bench.deps, answer.batch_id, published[0]) == "done"
