"""One suite, every BatchStore: what the services lean on holds for each adapter."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from regen.domain.errors import AlreadyExists, Conflict, InvalidInput
from regen.ports import BatchStore, Write

NOW = datetime(2026, 1, 20, 12, 30, 15, 123456, tzinfo=UTC)
VALUE = {
    "text": "O'Neal-Smith Jr. Dončić",
    "number": 7,
    "share": 24.5,
    "yes": True,
    "nothing": None,
    "bytes": b"\x00\xff",
    "at": NOW,
    "list": ["a", 1, None],
    "map": {"x.y": {"z-w": [1, 2]}},
}


def test_written_document_is_read_back(store: BatchStore) -> None:
    store.commit([Write("create", "c/a", VALUE)])
    found = store.get("c/a")
    assert found is not None
    assert found.data == VALUE
    assert type(found.data["at"]) is datetime


def test_missing_document_reads_as_none(store: BatchStore) -> None:
    assert store.get("c/none") is None
    store.commit([Write("create", "c/a", {"n": 1})])
    found = store.get_many(["c/b", "c/a", "c/none"])
    assert [None if f is None else f.data["n"] for f in found] == [None, 1, None]


def test_create_refuses_an_existing_document(store: BatchStore) -> None:
    store.commit([Write("create", "c/a", {"n": 1})])
    with pytest.raises(AlreadyExists):
        store.commit([Write("create", "c/a", {"n": 2})])


def test_update_replaces_named_top_level_fields_only(store: BatchStore) -> None:
    store.commit([Write("create", "c/a", {"n": 1, "m": {"x": 1}})])
    store.commit([Write("update", "c/a", {"m": {"y": 2}})])
    found = store.get("c/a")
    assert found is not None
    assert found.data == {"n": 1, "m": {"y": 2}}


def test_updating_a_missing_document_conflicts(store: BatchStore) -> None:
    with pytest.raises(Conflict):
        store.commit([Write("update", "c/none", {"n": 1})])


def test_a_stale_version_conflicts(store: BatchStore) -> None:
    store.commit([Write("create", "c/a", {"n": 1})])
    seen = store.get("c/a")
    assert seen is not None
    store.commit([Write("update", "c/a", {"n": 2}, seen.version)])
    with pytest.raises(Conflict):
        store.commit([Write("update", "c/a", {"n": 3}, seen.version)])
    with pytest.raises(Conflict):
        store.commit([Write("delete", "c/a", version=seen.version)])
    found = store.get("c/a")
    assert found is not None
    assert found.data["n"] == 2


def test_a_commit_happens_whole_or_not_at_all(store: BatchStore) -> None:
    store.commit([Write("create", "c/a", {"n": 1})])
    with pytest.raises(Conflict):
        store.commit(
            [Write("create", "c/b", {"n": 1}), Write("update", "c/none", {"n": 9}), Write("update", "c/a", {"n": 9})]
        )
    assert store.get("c/b") is None
    found = store.get("c/a")
    assert found is not None
    assert found.data["n"] == 1


def test_retry_after_a_lost_acknowledgement_conflicts(store: BatchStore) -> None:
    """The caller cannot tell his own write from another's: he reads again and decides again."""
    write = Write("create", "c/a", {"owner": "me"})
    store.commit([write])
    with pytest.raises(AlreadyExists):
        store.commit([write])
    found = store.get("c/a")
    assert found is not None
    assert found.data["owner"] == "me"


def test_put_replaces_and_delete_of_missing_is_fine(store: BatchStore) -> None:
    store.commit([Write("put", "c/a", {"n": 1, "m": 2})])
    store.commit([Write("put", "c/a", {"n": 3})])
    found = store.get("c/a")
    assert found is not None
    assert found.data == {"n": 3}
    store.commit([Write("delete", "c/a"), Write("delete", "c/never")])
    assert store.get("c/a") is None


def test_find_filters_limits_orders_and_selects(store: BatchStore) -> None:
    for i in range(5):
        data = {"n": i, "state": "pending" if i % 2 else "done", "round": 1, "at": NOW + timedelta(seconds=i)}
        store.commit([Write("create", f"c/p/r/d{i}", data)])
    store.commit([Write("create", "c/q/r/other", {"n": 99, "state": "pending", "round": 1})])
    pending = store.find("c/p/r", [("state", "==", "pending"), ("round", "==", 1)])
    assert sorted(s.data["n"] for s in pending) == [1, 3]
    assert len(store.find("c/p/r", limit=2)) == 2
    assert [s.data["n"] for s in store.find("c/p/r", order_by="n", descending=True, limit=2)] == [4, 3]
    assert sorted(s.data["n"] for s in store.find("c/p/r", [("at", "<=", NOW + timedelta(seconds=2))])) == [0, 1, 2]
    assert sorted(s.data["n"] for s in store.find("c/p/r", [("n", "in", [0, 4, 7])])) == [0, 4]
    assert store.find("c/p/r", [("n", "==", 1)], fields=["state"])[0].data == {"state": "pending"}
    assert store.find("c/p/r", [("missing", "==", 1)]) == []
    assert store.find("c/p/none") == []
    assert store.find("c/p/r", [("n", "==", 1)])[0].path == "c/p/r/d1"


@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_paging_works_when_all_sort_values_are_equal(store: BatchStore, order: str) -> None:
    descending = order == "descending"
    store.commit([Write("create", f"c/d{i}", {"n": 1 if i in {2, 5, 6} else 0}) for i in range(8)])
    pages, after = [], None
    while page := store.find("c", [("n", "<=", 1)], order_by="n", descending=descending, limit=3, after=after):
        pages.append([s.path for s in page])
        after = page[-1]
    wanted = [f"c/d{i}" for i in (0, 1, 3, 4, 7, 2, 5, 6)]
    if descending:
        wanted.reverse()
    assert pages == [wanted[:3], wanted[3:6], wanted[6:]]


def test_snapshot_is_not_changed_by_later_writes(store: BatchStore) -> None:
    store.commit([Write("create", "c/a", {"list": [1]})])
    seen = store.get("c/a")
    assert seen is not None
    store.commit([Write("update", "c/a", {"list": [1, 2]})])
    assert seen.data["list"] == [1]


def test_a_document_over_one_mebibyte_is_refused(store: BatchStore) -> None:
    with pytest.raises(InvalidInput):
        store.commit([Write("create", "c/a", {"blob": b"x" * (1024 * 1024 + 1)})])
    assert store.get("c/a") is None


def test_one_of_many_writers_with_the_same_version_wins(store: BatchStore) -> None:
    store.commit([Write("create", "c/a", {"n": 0})])
    seen = store.get("c/a")
    assert seen is not None
    won: list[int] = []
    barrier = threading.Barrier(6)

    def write(n: int) -> None:
        barrier.wait()
        try:
            store.commit([Write("update", "c/a", {"n": n}, seen.version)])
        except Conflict:
            return
        won.append(n)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(1, 7)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    found = store.get("c/a")
    assert found is not None
    assert won == [found.data["n"]]
