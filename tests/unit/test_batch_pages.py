"""Lists of batches in pages: by a range of dates, several statuses, a cursor."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from support.league import DAY, players
from support.web_bench import Web
from support.wired_coordinator import WiredCoordinator


@pytest.fixture
def web() -> Web:
    web = Web()
    for n in range(5):
        web.bench.slate(players(2), DAY + timedelta(days=n))
        web.bench.run(f"t{n}", day=DAY + timedelta(days=n))
    return web


def _page(web: Web, query: str) -> dict[str, Any]:
    found: dict[str, Any] | None = web.get(f"/batches?{query}").json
    assert found is not None
    return found


def _dates(found: dict[str, Any]) -> list[str]:
    return [b["game_date"][-2:] for b in found["batches"]]


@pytest.mark.parametrize("query", ["limit=2", "limit=2&status=promoted", "limit=2&from=2026-01-20&to=2026-01-31"])
def test_pages_name_every_batch_once_newest_first(query: str, web: Web) -> None:
    seen: list[str] = []
    page = _page(web, query)
    while True:
        seen += _dates(page)
        if page["next"] is None:
            break
        page = _page(web, f"{query}&cursor={page['next']}")
    assert seen == ["24", "23", "22", "21", "20"]


def test_a_new_batch_shifts_no_page(web: Web) -> None:
    first = _page(web, "limit=2")
    web.bench.slate(players(2), DAY + timedelta(days=9))
    web.bench.run("later", day=DAY + timedelta(days=9))
    assert _dates(_page(web, f"limit=2&cursor={first['next']}")) == ["22", "21"]


def test_a_cursor_holds_although_its_batch_left_the_filter(web: Web) -> None:
    first = _page(web, "limit=2&status=promoted")
    web.post(f"/batches/{first['next']}/rollback", {"reason": "x"})
    web.bench.drain()
    assert _dates(_page(web, f"limit=2&status=promoted&cursor={first['next']}")) == ["22", "21"]


@pytest.mark.parametrize(
    ("query", "dates"),
    [
        ("from=2026-01-21&to=2026-01-22", ["22", "21"]),
        ("from=2026-01-21", ["21"]),
        ("to=2026-01-22", ["22"]),
        ("from=2026-01-21&to=2026-01-23&status=rejected,cancelled", []),
        ("from=2026-01-21&to=2026-01-23&status=promoted,rejected", ["23", "22", "21"]),
        ("from=2026-01-20&to=2026-01-31&trigger_id=t1", ["21"]),
        ("status=promoted,running", ["24", "23", "22", "21", "20"]),
    ],
)
def test_filters_are_combined(query: str, dates: list[str], web: Web) -> None:
    assert _dates(_page(web, query)) == dates


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-01-22&to=2026-01-21", "to"),
        ("from=soon", "from"),
        ("to=2026-13-01", "to"),
        ("game_date=2026-01-20&from=2026-01-20", "game_date"),
        ("status=promoted,odd", "status"),
        ("status=", "status"),
        ("cursor=..", "cursor"),
        ("cursor=regen_2026-01-20_none_1", "cursor"),
    ],
)
def test_odd_parameters_are_named(query: str, field: str, web: Web) -> None:
    answer = web.get(f"/batches?{query}")
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["field"] == field


def test_a_page_reads_no_more_batches_than_it_shows(web: Web) -> None:
    before = web.bench.store.reads
    web.get("/batches?limit=1&status=promoted")
    filtered = web.bench.store.reads - before
    before = web.bench.store.reads
    web.get("/batches?limit=1")
    assert web.bench.store.reads - before <= 3  # two of the list, and the heartbeat
    assert filtered <= 5 + 1 + 1


def test_the_client_reads_page_after_page(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regen.web.lists.MAX_LISTED", 2)
    found = WiredCoordinator.of(web).batches(most=4)
    assert [str(b.value.game_date)[-2:] for b in found] == ["24", "23", "22", "21"]


@pytest.fixture(name="fills")
def _fills() -> Web:
    """Five backfills, a day apart, each of two dates from its own number of days on."""
    web = Web()
    for n in range(5):
        first, last = DAY + timedelta(days=n), DAY + timedelta(days=n + 1)
        web.bench.slate(players(2), first)
        web.bench.clock.advance(60)
        made = web.post("/backfills", {"from": first.isoformat(), "to": last.isoformat()}, {"Idempotency-Key": f"k{n}"})
        assert made.status_code == 202
    return web


def _fill_page(web: Web, query: str) -> dict[str, Any]:
    found: dict[str, Any] | None = web.get(f"/backfills?{query}").json
    assert found is not None
    return found


@pytest.mark.parametrize("query", ["limit=2", "limit=2&status=running", "limit=2&from=2026-01-01&to=2026-02-28"])
def test_pages_name_every_backfill_once_newest_first(query: str, fills: Web) -> None:
    seen: list[str] = []
    page = _fill_page(fills, query)
    while True:
        seen += [b["from"][-2:] for b in page["backfills"]]
        if "next" not in page:
            break
        page = _fill_page(fills, f"{query}&cursor={page['next']}")
    assert seen == ["24", "23", "22", "21", "20"]


@pytest.mark.parametrize(
    ("query", "firsts"),
    [
        ("from=2026-01-22", ["22", "21"]),
        ("from=2026-01-01&to=2026-01-20", ["20"]),
        ("from=2026-01-25&to=2026-01-31", ["24"]),
        ("status=done,cancelled", []),
        ("from=2026-01-22&status=running", ["22", "21"]),
    ],
)
def test_backfills_are_listed_by_their_range(query: str, firsts: list[str], fills: Web) -> None:
    assert [b["from"][-2:] for b in _fill_page(fills, query)["backfills"]] == firsts


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=promoted", "status"),
        ("limit=51", "limit"),
        ("from=soon", "from"),
        ("cursor=backfill_x", "cursor"),
        ("trigger_id=t", "trigger_id"),
    ],
)
def test_odd_parameters_of_backfills_are_named(query: str, field: str, fills: Web) -> None:
    answer = fills.get(f"/backfills?{query}")
    assert answer.status_code == 400
    assert answer.json is not None
    assert field in f"{answer.json.get('field')} {answer.json.get('detail')}"
