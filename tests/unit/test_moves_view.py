"""`GET /batches/{id}/moves`: what a promotion would change is what it then changes."""

from __future__ import annotations

from typing import Any

import pytest

from regen.adapters.memory.ledger import MemoryLedger
from regen.client.moves import moves, of_answer
from support.league import DAY, entry, players
from support.web_bench import Web
from support.wired_coordinator import WiredCoordinator

FRESH = [entry(e.player_lookup, form=15.0 + n, lines=(11.5 + n, 14.5 + n)) for n, e in enumerate(players())]
BROKEN = [entry(f"broken{n}", broken=True) for n in "abcdef"]


@pytest.fixture
def web() -> Web:
    web = Web()
    web.bench.run("first")
    return web


def _moves(web: Web, batch_id: str) -> dict[str, Any]:
    found: dict[str, Any] | None = web.get(f"/batches/{batch_id}/moves").json
    assert found is not None
    return found


def test_what_would_move_is_what_then_moves(web: Web) -> None:
    web.bench.slate([*FRESH, *BROKEN])
    batch = web.bench.run("second")
    assert batch.status == "rejected"
    before = _moves(web, batch.batch_id)
    assert (before["status"], len(before["rows"]), before["left_off"]) == ("would_move", 16, 0)
    body = {"checks": list(batch.verdict["failed"]), "reason": "known"}  # type: ignore[index]
    assert web.post(f"/batches/{batch.batch_id}/promote", body).status_code == 202
    web.bench.drain()
    assert web.bench.batch(batch.batch_id).status == "promoted"
    after = _moves(web, batch.batch_id)
    assert after["status"] == "moved"
    assert _key(after) == _key(before)


def _key(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    names = (
        "player_lookup",
        "system_id",
        "old_line",
        "new_line",
        "old_points",
        "new_points",
        "old_recommendation",
        "new_recommendation",
    )
    return sorted(tuple(row[name] for name in names) for row in answer["rows"])


def test_a_withdrawal_has_no_new_points(web: Web) -> None:
    gone, *others = players()
    web.bench.slate([entry(gone.player_lookup, status="OUT"), *others, *BROKEN])
    batch = web.bench.run("second")
    rows = _moves(web, batch.batch_id)["rows"]
    first = [row for row in rows if row["player_lookup"] == gone.player_lookup]
    assert rows[: len(first)] == first
    assert {(row["new_points"], row["reason"]) for row in first} == {(None, "out")}


def test_players_who_keep_their_rows_do_not_move(web: Web) -> None:
    kept, *others = players()
    web.bench.slate([entry(kept.player_lookup, broken=True), *others, *BROKEN])
    batch = web.bench.run("second")
    assert kept.player_lookup not in {row["player_lookup"] for row in _moves(web, batch.batch_id)["rows"]}


def test_first_predictions_move_nothing() -> None:
    web = Web()
    assert _moves(web, web.bench.run().batch_id)["rows"] == []


def test_rows_are_bounded_and_the_rest_is_counted(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regen.services.views.moves_view.MAX_ROWS", 3)
    web.bench.slate([*FRESH, *BROKEN])
    answer = _moves(web, web.bench.run("second").batch_id)
    assert (len(answer["rows"]), answer["left_off"]) == (3, 13)


def test_the_command_line_sums_the_rows_up(web: Web) -> None:
    web.bench.slate([*FRESH, *BROKEN])
    batch_id = web.bench.run("second").batch_id
    found = moves(of_answer(WiredCoordinator.of(web).moves(batch_id)))
    assert (found.replaced, found.changed, found.mean_move) == (16, 16, 3.0)


def test_the_ledger_lists_moves_by_player_system_line(web: Web) -> None:
    web.bench.slate(FRESH)
    batch = web.bench.run("second", reason="late")
    listed = MemoryLedger(web.bench.warehouse).moves(DAY, batch.batch_id)
    assert [(m.player_lookup, m.system_id) for m in listed] == sorted((m.player_lookup, m.system_id) for m in listed)


def test_players_off_the_slate_would_be_withdrawn(web: Web) -> None:
    """Half a slate showed no withdrawal before the promotion, and then withdrew the other half."""
    here, gone = players()[:4], players()[4:]
    web.bench.slate(here)
    batch = web.bench.run("second")
    assert batch.status == "rejected"
    before = _moves(web, batch.batch_id)
    withdrawn = {row["player_lookup"] for row in before["rows"] if row["new_points"] is None}
    assert withdrawn == {player.player_lookup for player in gone}
    body = {"checks": list(batch.verdict["failed"]), "reason": "known"}  # type: ignore[index]
    assert web.post(f"/batches/{batch.batch_id}/promote", body).status_code == 202
    web.bench.drain()
    assert _key(_moves(web, batch.batch_id)) == _key(before)
