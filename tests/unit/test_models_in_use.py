"""Models are data: which one is in use, what a batch pins, and what happens if a pinned one cannot be had."""

from __future__ import annotations

import pytest

from regen.adapters.memory.archive import MemoryArchive
from regen.api.kept import artefact_name
from regen.domain.batch import Batch, Status
from regen.domain.errors import InvalidInput, ModelUnavailable, Refused, Unavailable, Unreadable
from regen.domain.outcome import OutcomeKind
from regen.domain.values import replace
from regen.features.names import FEATURE_VERSION
from regen.ports import Write
from regen.services.batch import orders, processing, using
from regen.services.batch.using import ModelOrder
from regen.services.state.deps import ALERT_TOPIC, REQUEST_TOPIC
from regen.services.state.models import read_in_use
from regen.services.state.packing import unpack_outcomes
from regen.services.state.paths import models_path, requests_path
from regen.systems import by_version, load_artefact, shipped_texts, system_ids
from regen.systems.artefact import Artefact
from support.bench import Bench
from support.league import DAY
from support.played import able

PACKAGED = load_artefact().hash
NAMES = ("playera", "playerb", "playerc", "playerd")


def fitted(games: int) -> Artefact:
    """An artefact of its own hash, with other weights than the package's."""
    shipped = load_artefact()
    models = {n: replace(m, intercept=m.intercept + games) for n, m in shipped.models.items()}
    return replace(shipped, games=games, models=models).sealed()


ONE, TWO = fitted(1), fitted(2)


@pytest.fixture
def bench() -> Bench:
    names = system_ids()
    own = {"run_for": by_version(names), "artefacts": shipped_texts, "players_per_request": 2}
    bench = Bench([able(n, 15.0 + i) for i, n in enumerate(NAMES)], systems=names, **own)
    bench.deps = replace(bench.deps, models=MemoryArchive())
    for artefact in (ONE, TWO):
        put(bench, artefact)
    return bench


def store(bench: Bench) -> MemoryArchive:
    assert isinstance(bench.deps.models, MemoryArchive)
    return bench.deps.models


def put(bench: Bench, artefact: Artefact, content: bytes | None = None) -> None:
    store(bench).objects[artefact_name(artefact.hash)] = content or artefact.to_json().encode()


def use(bench: Bench, artefact_hash: str | None, expected: str, *, dry_run: bool = False) -> object:
    return using.order(
        bench.deps, ModelOrder(artefact_hash, expected, caller="api_key:ops", reason="a refit", dry_run=dry_run)
    )


def in_use(bench: Bench) -> str:
    return using.view(bench.deps).in_use[FEATURE_VERSION]


def cold(bench: Bench) -> None:
    """Another process begins, which has nothing in memory."""
    bench.deps.kept.models.clear()


def models_of_rows(bench: Bench) -> set[str]:
    """The models that the rows of fitted systems name."""
    rows = bench.warehouse.predictions(DAY)
    return {str(r["ml_model_id"]) for r in rows if r["system_id"] == "learned_v1"}


def ended(bench: Bench) -> Batch:
    return bench.run(f"t{len(bench.queue.published)}")


def test_the_releases_model_is_pinned_until_one_is_used(bench: Bench) -> None:
    batch = ended(bench)
    assert (batch.models[FEATURE_VERSION], models_of_rows(bench)) == (PACKAGED, {PACKAGED})
    assert artefact_name(PACKAGED) in store(bench).objects


def test_without_a_store_nothing_is_pinned(bench: Bench) -> None:
    bench.deps = replace(bench.deps, models=None)
    assert ended(bench).models == {}
    assert models_of_rows(bench) == {PACKAGED}
    with pytest.raises(Refused, match="no store"):
        use(bench, ONE.hash, PACKAGED)


def test_a_used_model_predicts_the_next_batch_and_is_named(bench: Bench) -> None:
    use(bench, ONE.hash, PACKAGED)
    batch = ended(bench)
    assert (batch.status, batch.models[FEATURE_VERSION]) == (Status.PROMOTED, ONE.hash)
    assert models_of_rows(bench) == {ONE.hash}


def test_a_use_between_two_requests_mixes_nothing(bench: Bench) -> None:
    use(bench, ONE.hash, PACKAGED)
    answer = bench.regenerate()
    bench.until(REQUEST_TOPIC)
    bench.step()
    use(bench, TWO.hash, ONE.hash)
    cold(bench)
    bench.drain()
    assert bench.batch(answer.batch_id).status is Status.PROMOTED
    assert models_of_rows(bench) == {ONE.hash}


def test_one_of_two_uses_at_once_wins(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = bench.store.commit
    first = True

    def overtaken(writes: list[Write]) -> None:
        nonlocal first
        if first and any(w.path == models_path() for w in writes):
            first = False
            use(bench, TWO.hash, PACKAGED)
        commit(writes)

    monkeypatch.setattr(bench.store, "commit", overtaken)
    with pytest.raises(Refused, match=f"{PACKAGED} is not in use: {TWO.hash} is since"):
        use(bench, ONE.hash, PACKAGED)
    assert [u.hash for u in using.view(bench.deps).history] == [TWO.hash]


def test_one_of_two_later_uses_at_once_wins(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record is there already: the write is an update, whose condition is the version that was read."""
    use(bench, ONE.hash, PACKAGED)
    commit = bench.store.commit
    first = True

    def overtaken(writes: list[Write]) -> None:
        nonlocal first
        if first and any(w.path == models_path() for w in writes):
            first = False
            use(bench, TWO.hash, ONE.hash)
        commit(writes)

    monkeypatch.setattr(bench.store, "commit", overtaken)
    with pytest.raises(Refused, match=f"{ONE.hash} is not in use: {TWO.hash} is since"):
        use(bench, None, ONE.hash)
    assert [u.hash for u in using.view(bench.deps).history] == [TWO.hash, ONE.hash]


def test_each_use_is_audited_once(bench: Bench) -> None:
    use(bench, ONE.hash, PACKAGED)
    use(bench, None, ONE.hash)
    bench.sweep()
    bench.sweep()
    found = [row.entry.metadata for row in bench.warehouse.audit() if row.entry.event.value == "model_used"]
    assert [(m["model"], m["instead_of"]) for m in found] == [(ONE.hash, PACKAGED), (PACKAGED, ONE.hash)]


def test_a_late_use_names_who_was_first(bench: Bench) -> None:
    use(bench, ONE.hash, PACKAGED)
    with pytest.raises(Refused, match="by api_key:ops: a refit"):
        use(bench, TWO.hash, PACKAGED)
    assert in_use(bench) == ONE.hash


def test_rollbacks_go_back_and_not_forth_again(bench: Bench) -> None:
    use(bench, ONE.hash, PACKAGED)
    use(bench, TWO.hash, ONE.hash)
    use(bench, None, TWO.hash)
    assert in_use(bench) == ONE.hash
    use(bench, None, ONE.hash)
    assert in_use(bench) == PACKAGED
    with pytest.raises(Refused, match="no other was before it"):
        use(bench, None, PACKAGED)


def test_a_dry_run_of_a_use_changes_nothing(bench: Bench) -> None:
    use(bench, ONE.hash, PACKAGED, dry_run=True)
    assert read_in_use(bench.deps)[1] is None


def test_a_model_without_a_system_is_not_taken_into_use(bench: Bench) -> None:
    less = replace(ONE, models={n: m for n, m in ONE.models.items() if n != "learned_v1"}).sealed()
    put(bench, less)
    with pytest.raises(InvalidInput, match="has no learned_v1"):
        use(bench, less.hash, PACKAGED)


@pytest.mark.parametrize("content", [b'{"hash": "', TWO.to_json().encode()], ids=["half written", "another model"])
def test_a_broken_model_is_not_taken_into_use(bench: Bench, content: bytes) -> None:
    put(bench, ONE, content)
    with pytest.raises(InvalidInput, match=ONE.hash):
        use(bench, ONE.hash, PACKAGED)


@pytest.mark.parametrize(
    "content", [None, b'{"hash": "', TWO.to_json().encode()], ids=["vanished", "half written", "another model"]
)
def test_a_lost_pinned_model_fails_its_players_by_name(bench: Bench, content: bytes | None) -> None:
    use(bench, ONE.hash, PACKAGED)
    before = ended(bench)
    answer = bench.regenerate("again")
    message = bench.until(REQUEST_TOPIC).data
    cold(bench)
    store(bench).objects.pop(artefact_name(ONE.hash))
    if content:
        put(bench, ONE, content)
    batch_id, request_id = message["batch_id"], message["request_id"]
    with pytest.raises(ModelUnavailable) as lost:
        processing.process_request(bench.deps, batch_id, request_id)
    processing.note_failure(bench.deps, batch_id, request_id, f"{type(lost.value).__name__}: {lost.value}")
    bench.queue.waiting.clear()
    bench.clock.advance(bench.deps.config.deadline_seconds + 1)
    bench.sweep()
    bench.drain()
    batch = bench.batch(answer.batch_id)
    assert batch.status is Status.REJECTED
    requests = bench.store.find(requests_path(answer.batch_id))
    outcomes = {r.path.endswith(request_id): unpack_outcomes(r.data["outcomes"]) for r in requests}
    assert {(o.kind, o.reason) for o in outcomes[True]} == {(OutcomeKind.FAILED, "model_unavailable")}
    assert all(ONE.hash in str(o.error) for o in outcomes[True])
    assert {row["batch_id"] for row in bench.warehouse.predictions(DAY)} == {before.batch_id}


def test_a_model_that_vanishes_in_a_batch_mixes_nothing(bench: Bench) -> None:
    """One worker has the model in memory, the other finds nothing: no row is of another model, and nothing current is lost."""
    before = ended(bench)
    use(bench, ONE.hash, PACKAGED)
    answer = bench.regenerate("again")
    bench.until(REQUEST_TOPIC)
    bench.step()
    message = bench.until(REQUEST_TOPIC).data
    store(bench).objects.pop(artefact_name(ONE.hash))
    cold(bench)
    with pytest.raises(ModelUnavailable):
        processing.process_request(bench.deps, message["batch_id"], message["request_id"])
    bench.queue.waiting.clear()
    bench.clock.advance(bench.deps.config.deadline_seconds + 1)
    bench.sweep()
    bench.drain()
    outcomes = [
        outcome
        for request in bench.store.find(requests_path(answer.batch_id))
        for outcome in unpack_outcomes(request.data["outcomes"])
    ]
    named = {p.version.partition("-")[2] for o in outcomes for p in o.predictions if p.system_id == "learned_v1"}
    assert (named, bench.batch(answer.batch_id).status) == ({ONE.hash}, Status.REJECTED)
    assert {row["batch_id"] for row in bench.warehouse.predictions(DAY)} == {before.batch_id}


def test_a_later_round_keeps_the_model_of_its_batch(bench: Bench) -> None:
    use(bench, ONE.hash, PACKAGED)
    answer = bench.regenerate()
    bench.until(REQUEST_TOPIC)
    bench.queue.waiting.clear()
    bench.clock.advance(bench.deps.config.deadline_seconds + 1)
    bench.sweep()
    bench.drain()
    assert bench.batch(answer.batch_id).status is Status.REJECTED
    use(bench, TWO.hash, ONE.hash)
    cold(bench)
    orders.redrive(bench.deps, orders.Order(answer.batch_id, "api_key:ops", "again"))
    bench.drain()
    batch = bench.batch(answer.batch_id)
    assert (batch.status, batch.round, models_of_rows(bench)) == (Status.PROMOTED, 2, {ONE.hash})


def test_a_model_that_comes_back_ends_the_batch(bench: Bench) -> None:
    use(bench, ONE.hash, PACKAGED)
    answer = bench.regenerate()
    message = bench.until(REQUEST_TOPIC).data
    cold(bench)
    store(bench).objects.pop(artefact_name(ONE.hash))
    with pytest.raises(ModelUnavailable):
        processing.process_request(bench.deps, message["batch_id"], message["request_id"])
    put(bench, ONE)
    bench.drain()
    assert bench.batch(answer.batch_id).status is Status.PROMOTED
    assert models_of_rows(bench) == {ONE.hash}


def test_the_next_opening_pins_the_last_good_model(bench: Bench) -> None:
    use(bench, ONE.hash, PACKAGED)
    use(bench, TWO.hash, ONE.hash)
    cold(bench)
    put(bench, TWO, b"{")
    for _ in range(2):
        assert ended(bench).models[FEATURE_VERSION] == ONE.hash
        bench.sweep()
        alerts = [a for a in bench.queue.of(ALERT_TOPIC) if a["type"] == "model_unavailable"]
        assert [a["model"] for a in alerts] == [TWO.hash]


def test_a_silent_store_opens_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    use(bench, ONE.hash, PACKAGED)
    cold(bench)

    def down(name: str) -> bytes:
        raise Unavailable("the bucket does not answer")

    monkeypatch.setattr(store(bench), "read", down)
    with pytest.raises(Unavailable, match="does not answer"):
        bench.regenerate()


def record(bench: Bench, **fields: object) -> None:
    """What a hand, or another version, writes into the record of the models in use."""
    found = bench.store.get(models_path())
    assert found is not None
    bench.store.commit([Write("put", models_path(), {**found.data, **fields})])


BROKEN_LAST: dict[str, object] = {
    "empty": {},
    "a text": "0123456789abcdef",
    "no hash": {"hash": "newest", "feature_version": FEATURE_VERSION, "at": 7, "by": "x", "reason": "y"},
}


@pytest.mark.parametrize("last", BROKEN_LAST.values(), ids=BROKEN_LAST)
def test_the_last_use_that_can_be_read_counts(bench: Bench, last: object) -> None:
    use(bench, ONE.hash, PACKAGED)
    record(bench, uses=[*bench.store.get(models_path()).data["uses"], last])  # type: ignore[union-attr]
    assert (in_use(bench), ended(bench).models[FEATURE_VERSION]) == (ONE.hash, ONE.hash)
    assert bench.sweep().unreadable
    assert [a["path"] for a in bench.queue.of(ALERT_TOPIC)] == [models_path()]
    use(bench, TWO.hash, ONE.hash)
    assert (in_use(bench), ended(bench).models[FEATURE_VERSION]) == (TWO.hash, TWO.hash)
    assert bench.sweep().unreadable == []
    use(bench, None, TWO.hash)
    assert in_use(bench) == ONE.hash


@pytest.mark.parametrize("fields", [{"uses": 7}, {"uses": [{}]}, {"uses": None}, {"uses": {"a": 1}}], ids=str)
def test_a_broken_record_leaves_the_releases_model(bench: Bench, fields: dict[str, object]) -> None:
    use(bench, ONE.hash, PACKAGED)
    record(bench, **fields)
    assert ended(bench).models[FEATURE_VERSION] == PACKAGED
    assert bench.sweep().unreadable
    assert [a["path"] for a in bench.queue.of(ALERT_TOPIC)] == [models_path()]
    use(bench, PACKAGED, PACKAGED, dry_run=True)
    assert bench.sweep().unreadable
    use(bench, PACKAGED, PACKAGED)
    assert bench.sweep().unreadable == [], "an order mends it, be it that it changes nothing"


def test_a_newer_record_of_models_shuts_openings_and_alerts(bench: Bench) -> None:
    use(bench, ONE.hash, PACKAGED)
    record(bench, schema=99)
    before = bench.store.get(models_path())
    for name in ("t1", "t2"):
        with pytest.raises(Unreadable, match="schema 99"):
            bench.regenerate(name)
        with pytest.raises(Unreadable, match="schema 99"):
            use(bench, TWO.hash, ONE.hash)
        assert [why for why in bench.sweep().unreadable if why.startswith(models_path())]
    assert [a["path"] for a in bench.queue.of(ALERT_TOPIC)] == [models_path()]
    assert bench.store.get(models_path()) == before
