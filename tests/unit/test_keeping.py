"""What promoted rows were computed from is kept before they are promoted."""

from __future__ import annotations

import pytest

from regen.api.kept import KeptInputs, artefact_name, folder_of, unpacked
from regen.api.packed_inputs import unpack_inputs
from regen.domain.batch import Status
from regen.domain.errors import Unavailable, Unreadable
from regen.domain.inputs import PlayerInputs
from regen.domain.values import replace
from regen.services.batch import orders, verifying
from regen.services.batch.keeping import keep_inputs
from regen.services.state.deps import VERIFY_TOPIC
from regen.systems import shipped_texts
from support.bench import Bench
from support.league import DAY, players
from support.played import played_bench, row_of


def kept(bench: Bench) -> list[KeptInputs]:
    return [unpacked(n, c) for n, c in sorted(bench.archive.objects.items()) if n.startswith("inputs/")]


@pytest.fixture(scope="module")
def played() -> Bench:
    return played_bench()


def test_inputs_of_every_promoted_row_are_kept(played: Bench) -> None:
    rows = played.warehouse.predictions(DAY)
    (batch_id,) = {row["batch_id"] for row in rows}
    assert [name.rpartition("/")[0] + "/" for name in played.archive.names("inputs/")] == [folder_of(DAY, batch_id)]
    (found,) = kept(played)
    assert (found.batch_id, found.game_date, found.round) == (batch_id, DAY, 1)
    hashes = {
        one.player_lookup: one.inputs_hash()
        for request in found.requests
        for one in unpack_inputs(request.inputs)
        if isinstance(one, PlayerInputs)
    }
    assert {row["player_lookup"]: row["inputs_hash"] for row in rows} == hashes
    assert sorted(name for request in found.requests for name in request.players) == sorted(hashes)


def test_nothing_is_promoted_before_its_inputs_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(players(6))
    answer = bench.regenerate()
    message = bench.until(VERIFY_TOPIC)

    def down(name: str, content: bytes) -> None:
        raise Unavailable("the bucket does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(bench.archive, "keep", down)
        with pytest.raises(Unavailable):
            verifying.verify(bench.deps, answer.batch_id, message.data["round"])
        assert bench.batch(answer.batch_id).status is Status.VERIFYING
        assert bench.current() == set()
    bench.drain()
    assert bench.batch(answer.batch_id).status is Status.PROMOTED
    assert len(kept(bench)) == 1


def test_keeping_again_changes_no_object() -> None:
    bench = Bench(players(6))
    batch = bench.run()
    before = dict(bench.archive.objects)
    keep_inputs(bench.deps, batch)
    assert bench.archive.objects == before
    assert bench.archive.calls > len(before)


def test_a_batch_that_promotes_nothing_keeps_nothing() -> None:
    bench = Bench(players(6, features=False))
    assert bench.run().status is Status.REJECTED
    assert bench.archive.objects == {}


def test_many_requests_are_a_few_objects() -> None:
    bench = Bench(players(45), players_per_request=1)
    assert bench.run().status is Status.PROMOTED
    found = kept(bench)
    assert sorted(len(one.requests) for one in found) == [5, 20, 20]
    assert len({name for one in found for request in one.requests for name in request.players}) == 45


def test_a_redrive_adds_its_round_and_leaves_the_first() -> None:
    entries = players(11)
    bench = Bench([*entries[:10], replace(entries[10], inputs=None)])
    batch = bench.run()
    first = set(bench.archive.objects)
    bench.slate(entries)
    orders.redrive(bench.deps, bench.order(batch))
    bench.drain()
    assert bench.batch(batch.batch_id).promoted_rounds == (1, 2)
    assert first < set(bench.archive.objects)
    assert [one.round for one in kept(bench)] == [1, 2]


def test_artefacts_are_kept_once_in_a_process(played: Bench) -> None:
    assert {n: c.decode() for n, c in played.archive.objects.items() if n.startswith("artefacts/")} == {
        artefact_name(h): text for h, text in shipped_texts().items()
    }
    calls = played.archive.calls
    keep_inputs(played.deps, played.batch(row_of(played)["batch_id"]))
    assert played.archive.calls == calls + 1


def test_a_changed_object_is_noticed(played: Bench) -> None:
    (name,) = played.archive.names("inputs/")
    content = played.archive.objects[name]
    for other in (content[:-1], content + b"x", b""):
        with pytest.raises(Unreadable, match="hash in its name"):
            unpacked(name, other)
