"""Upstream's detector and regen share a table: each has its own words, and neither writes the other's."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from googlesql.warehouse import EvaluatorHarness
from regen.domain.bdb import KNOWN, MEANS, BdbChange, BdbGame, BdbStatus
from regen.domain.values import replace
from support.warehouses import DAY, at

TABLE = "pending_bdb_games"
OLD = DAY - timedelta(days=100)
ENDED = {"completed", "expired", "failed_max_retries", "failed_no_bdb_data"}


def row(word: str, day: date = DAY, **more: Any) -> dict[str, Any]:
    known = {"game_date": day, "game_id": word, "fallback_source": "none", "status": word, "completed_at": at(-60)}
    return {**known, "bdb_check_count": 70, "created_at": at(-90), "updated_at": at(-60), **more}


def shared() -> EvaluatorHarness:
    made = EvaluatorHarness()
    made.load(TABLE, [row(word) for word in sorted(KNOWN)])
    return made


def games(made: EvaluatorHarness, since: date = DAY) -> dict[str, BdbGame]:
    return {game.game_id: game for game in made.ledger.bdb_games(since)}


def test_both_vocabularies_are_read() -> None:
    found = games(shared())
    assert {name: game.status for name, game in found.items()} == {
        word: MEANS.get(word, word) for word in KNOWN - ENDED
    }
    assert {game.available_at for game in found.values()} == {at(-60)}, "upstream may say only when it was done"


def test_a_change_leaves_upstreams_columns_alone() -> None:
    made = shared()
    change = BdbChange(DAY, "completed_bdb", "bdb_available", 0, BdbStatus.REGENERATING, 1, 1, at(0), "stale")
    waiting = BdbChange(DAY, "pending_bdb", "pending_bdb", 0, BdbStatus.PENDING, 0, 5, at(0))
    made.ledger.change_bdb([change, waiting])
    made.ledger.change_bdb([replace(change, notes="the other scan's")])
    rows = {r["game_id"]: r for r in made.table(TABLE)}
    for word in ("completed_bdb", "pending_bdb"):
        given = row(word)
        assert {name: rows[word][name] for name in given} == given
    theirs = rows["completed_bdb"]
    assert (theirs["regen_status"], theirs["attempts"], theirs["regen_notes"]) == ("regenerating", 1, "stale")
    assert (rows["pending_bdb"]["regen_status"], rows["pending_bdb"]["regen_checks"]) == (None, 5)
    assert games(made)["completed_bdb"].status == "regenerating"


def test_upstreams_next_word_is_seen_after_a_wait() -> None:
    made = EvaluatorHarness()
    made.load(TABLE, [row("pending_bdb")])
    made.ledger.change_bdb([BdbChange(DAY, "pending_bdb", "pending_bdb", 0, BdbStatus.PENDING, 0, 1, at(0))])
    name = made.name(TABLE)
    made.client.query_and_wait(f"UPDATE `{name}` SET status = 'completed_bdb' WHERE game_date = '{DAY}'")
    assert games(made)["pending_bdb"].status == "bdb_available"


def test_a_finished_season_is_not_read() -> None:
    made = EvaluatorHarness()
    made.load(TABLE, [row("completed_bdb", OLD), row("reran"), row("blocked", OLD, regen_status="regenerating")])
    assert set(games(made)) == {"reran", "blocked"}


def test_no_known_word_is_a_violation() -> None:
    made = shared()
    made.load(TABLE, [row("wondering")])
    found = {one.name: one for one in made.ledger.verify(DAY, DAY, at(0), 90.0)}["bdb_vocabulary"]
    assert (found.checked, found.violations) == (len(KNOWN) + 1, 1)
