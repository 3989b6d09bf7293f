"""The worker: every player one outcome, one conditional write, and completion as a fact."""

from collections.abc import Sequence

import pytest

from regen.adapters.memory.store import MemoryStore
from regen.api.packed_inputs import pack_inputs, unpack_inputs
from regen.domain.batch import Status
from regen.domain.errors import Conflict, InvalidInput
from regen.domain.inputs import PlayerInputs
from regen.domain.outcome import failed_outcome
from regen.domain.values import replace
from regen.ports import Write
from regen.services.batch import processing
from regen.services.state.deps import REQUEST_TOPIC
from regen.services.state.documents import decode_request
from regen.services.state.packing import unpack_outcomes
from regen.services.state.paths import request_path, requests_path
from regen.services.views import batch_view
from support.bench import Bench
from support.league import entry, players


def test_every_requested_player_gets_one_outcome() -> None:
    slate = [
        *players(4),
        entry("ruledout", injury="out"),
        entry("rookie", games=0),
        entry("murky", quality=10.0),
        entry("rowless", features=False),
        entry("defect", broken=True),
        entry("formless", form=None),
    ]
    bench = Bench(slate)
    answer = bench.regenerate()
    bench.drain()
    view = batch_view.view_batch(bench.deps, answer.batch_id)
    counts = view.counts
    assert (counts.requested, counts.produced, counts.skipped, counts.failed) == (10, 4, 4, 2)
    assert {o.player_lookup: (o.outcome, o.reason) for o in view.outcomes} == {
        "ruledout": ("skipped", "out"),
        "rookie": ("skipped", "no_history"),
        "murky": ("skipped", "low_quality"),
        "rowless": ("failed", "no_features"),
        "defect": ("failed", "system_error"),
        "formless": ("skipped", "no_form"),
    }


def test_a_request_delivered_again_and_again_changes_nothing() -> None:
    bench = Bench(players(8))
    answer = bench.regenerate()
    first, *_ = bench.queue.of(REQUEST_TOPIC)
    assert processing.process_request(bench.deps, answer.batch_id, first["request_id"]) == "done"
    before = bench.store.get(request_path(answer.batch_id, first["request_id"]))
    for _ in range(3):
        assert processing.process_request(bench.deps, answer.batch_id, first["request_id"]) == "already_done"
    assert bench.store.get(request_path(answer.batch_id, first["request_id"])) == before
    assert bench.batch(answer.batch_id).status is Status.RUNNING, "one request of two is pending"


def test_last_outcome_completes_the_batch() -> None:
    bench = Bench(players(8))
    answer = bench.regenerate()
    requests = bench.queue.of(REQUEST_TOPIC)
    for message in requests:
        processing.process_request(bench.deps, answer.batch_id, message["request_id"])
    assert bench.batch(answer.batch_id).status is Status.COMPLETE
    bench.drain()
    assert processing.process_request(bench.deps, answer.batch_id, requests[0]["request_id"]) == "over"
    assert processing.process_request(bench.deps, answer.batch_id, "nosuch") == "over", "the batch alone is read"
    assert processing.process_request(bench.deps, "nosuch", "nosuch") == "unknown"
    live = bench.regenerate("t2")
    assert processing.process_request(bench.deps, live.batch_id, "nosuch") == "unknown"


def test_redelivery_completes_the_work_of_a_dead_worker() -> None:
    bench = Bench(players(4))
    answer = bench.regenerate()
    (message,) = bench.queue.of(REQUEST_TOPIC)
    path = request_path(answer.batch_id, message["request_id"])
    snapshot = bench.store.get(path)
    assert snapshot is not None
    request = decode_request(snapshot)
    outcomes = processing.predict_request(bench.deps, bench.batch(answer.batch_id), request)
    bench.store.commit([processing.done_write(bench.deps, snapshot, request, outcomes)])
    assert bench.batch(answer.batch_id).status is Status.RUNNING
    assert processing.process_request(bench.deps, answer.batch_id, message["request_id"]) == "already_done"
    assert bench.batch(answer.batch_id).status is Status.COMPLETE


class _WrittenMeanwhile(MemoryStore):
    """Somebody notes a failure on the request just before its outcomes are written."""

    path = ""

    def commit(self, writes: object) -> None:
        path, self.path = self.path, ""
        if path:
            super().commit([Write("update", path, {"attempts": 1})])
        super().commit(writes)  # type: ignore[arg-type]


def test_conflict_on_a_pending_request_is_retried() -> None:
    bench = Bench(players(4))
    answer = bench.regenerate()
    (message,) = bench.queue.of(REQUEST_TOPIC)
    store = _WrittenMeanwhile()
    store.__dict__.update({k: v for k, v in bench.store.__dict__.items() if k != "path"})
    store.path = request_path(answer.batch_id, message["request_id"])
    with pytest.raises(Conflict):
        processing.process_request(replace(bench.deps, store=store), answer.batch_id, message["request_id"])
    assert processing.process_request(bench.deps, answer.batch_id, message["request_id"]) == "done"


def test_request_keeps_the_error_of_a_failed_attempt() -> None:
    bench = Bench(players(4))
    answer = bench.regenerate()
    (message,) = bench.queue.of(REQUEST_TOPIC)
    processing.note_failure(bench.deps, answer.batch_id, message["request_id"], "boom")
    snapshot = bench.store.get(request_path(answer.batch_id, message["request_id"]))
    assert snapshot is not None
    assert (snapshot.data["error"], snapshot.data["attempts"]) == ("boom", 1)


def test_any_worker_makes_the_same_predictions() -> None:
    bench = Bench(players(4))
    answer = bench.regenerate()
    (message,) = bench.queue.of(REQUEST_TOPIC)
    snapshot = bench.store.get(request_path(answer.batch_id, message["request_id"]))
    assert snapshot is not None
    request, batch = decode_request(snapshot), bench.batch(answer.batch_id)
    one, two = (processing.predict_request(bench.deps, batch, request) for _ in range(2))
    assert [replace(o, seconds=0.0) for o in one] == [replace(o, seconds=0.0) for o in two]


@pytest.mark.parametrize(("left", "lost"), [(3, 1), (0, 4), (None, 4)], ids=["one", "all", "unreadable"])
def test_players_whose_inputs_are_lost_fail_by_name(left: int | None, lost: int) -> None:
    bench = Bench([*players(4), entry("rowless", features=False)], players_per_request=5)
    answer = bench.regenerate()
    (snapshot,) = bench.store.find(requests_path(answer.batch_id))
    known = unpack_inputs(snapshot.data["inputs"])
    kept = b"torn" if left is None else pack_inputs([i for i in known if isinstance(i, PlayerInputs)][:left])
    bench.store.commit([Write("update", snapshot.path, {"inputs": kept})])
    bench.drain()
    view = batch_view.view_batch(bench.deps, answer.batch_id)
    assert (view.status, view.counts.produced, view.counts.failed, view.pending) == ("rejected", 4 - lost, lost + 1, [])
    reasons = [o.reason for o in view.outcomes]
    assert (reasons.count("lost_inputs"), reasons.count("no_features")) == (lost, 1)


def test_unstorable_outcomes_fail_by_name() -> None:
    bench = Bench(players(8))
    answer = bench.regenerate()
    commit = bench.store.commit

    def picky(writes: Sequence[Write]) -> None:
        if any(len(w.data.get("outcomes", b"")) > 300 for w in writes):
            raise InvalidInput("document", "at most 1 MiB")
        commit(writes)

    bench.store.commit = picky  # type: ignore[method-assign]
    first, *_ = bench.queue.of(REQUEST_TOPIC)
    assert processing.process_request(bench.deps, answer.batch_id, first["request_id"]) == "done"
    view = batch_view.view_batch(bench.deps, answer.batch_id)
    assert {(o.outcome, o.reason) for o in view.outcomes} == {("failed", "unstorable")}
    assert (view.counts.failed, len(view.pending)) == (4, 4)


def a_game_unfinished(*, again: bool) -> tuple[Bench, str]:
    """A bench with a batch of twelve games, of which one's request gets no message, and the batch's id."""
    slate = [entry(f"g{g:02}p{chr(97 + n)}", game=f"00225006{g:02}") for g in range(12) for n in range(8)]
    bench = Bench(slate, players_per_request=8)
    if again:
        bench.run("t0")
    answer = bench.regenerate("t1")
    lost = next(s for s in bench.store.find(requests_path(answer.batch_id)) if "g04pa" in s.data["players"])
    bench.queue.waiting = type(bench.queue.waiting)(
        (topic, message)
        for topic, message in bench.queue.waiting
        if topic != REQUEST_TOPIC or message.data["request_id"] not in lost.path
    )
    return bench, answer.batch_id


@pytest.mark.parametrize("again", [False, True])
def test_a_game_past_its_deadline_fails_game_coverage(again: bool) -> None:  # noqa: FBT001
    bench, batch_id = a_game_unfinished(again=again)
    bench.drain()
    bench.clock.advance(bench.deps.config.deadline_seconds + 1)
    bench.sweep()
    bench.sweep()
    verdict = bench.batch(batch_id).verdict or {}
    (found,) = [check for check in verdict["checks"] if check["name"] == "game_coverage"]
    assert (verdict["failed"], found["value"], found["concerns"]) == (["game_coverage"], 0.0, ["0022500604: 0 %"])


def test_players_without_a_game_are_told_by_name() -> None:
    bench, batch_id = a_game_unfinished(again=False)
    (lost,) = [s for s in bench.store.find(requests_path(batch_id)) if "g04pa" in s.data["players"]]
    bench.store.commit([Write("update", lost.path, {"inputs": b"torn"})])
    bench.drain()
    bench.clock.advance(bench.deps.config.deadline_seconds + 1)
    bench.sweep()
    bench.sweep()
    unseen = {each["name"]: each["why"] for each in (bench.batch(batch_id).verdict or {})["not_looked_at"]}
    names = ", ".join(f"g04p{letter}" for letter in "abcdefgh")
    assert unseen["game_coverage"] == f"8 players without a game on record: {names}"


@pytest.mark.parametrize("game", ["0022500601", "", "\x00", "\ud800", "x" * 500])
def test_failed_players_keep_a_game_that_can_be_stored(game: str) -> None:
    outcome = failed_outcome("ann", "deadline", 1, None, game)
    assert outcome.game_id == (game if game == "0022500601" else "")


def test_players_whom_the_store_refuses_keep_their_game(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(players(4))
    answer = bench.regenerate()
    (message,) = bench.queue.of(REQUEST_TOPIC)
    path = request_path(answer.batch_id, message["request_id"])
    commit = bench.store.commit
    refused: list[str] = []

    def refuse(writes: Sequence[Write]) -> None:
        if not refused and any(write.path == path for write in writes):
            refused.append(path)
            raise InvalidInput("outcomes", "no such value")
        commit(writes)

    monkeypatch.setattr(bench.store, "commit", refuse)
    bench.drain()
    snapshot = bench.store.get(path)
    assert snapshot is not None
    found = unpack_outcomes(snapshot.data["outcomes"])
    assert {(o.reason, o.game_id) for o in found} == {("unstorable", "0022500601")}
