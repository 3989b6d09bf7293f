"""`GET /batches/{id}/changed-inputs`: why predictions moved; and of which batches a report asks it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, cast

import pytest

from regen.api.moves import ChangedInputs, ChangedPlayer
from regen.client.coordinator import Coordinator
from regen.client.moves import of_rows
from regen.ports import Write
from regen.report.facts import MOST_ASKED, MOST_SHOWN, asking
from support.fake_coordinator import whole
from support.league import DAY, entry, players
from support.web_bench import Web
from support.wired_coordinator import WiredCoordinator

FRESH = [entry(e.player_lookup, form=15.0 + n, lines=(11.5 + n, 14.5 + n)) for n, e in enumerate(players())]
DAYS = [date(2026, 1, 20) + timedelta(days=n) for n in range(MOST_ASKED + 1)]


@pytest.fixture
def web() -> Web:
    return Web()


def _two(web: Web) -> tuple[str, str]:
    """A batch, and one that moved all of its predictions."""
    first = web.bench.run("first").batch_id
    web.bench.slate(FRESH)
    return first, web.bench.run("second").batch_id


def test_the_changes_are_those_of_the_moves(web: Web) -> None:
    first, second = _two(web)
    moves = web.get(f"/batches/{second}/moves").get_json()["rows"]
    found = WiredCoordinator.of(web).changed_inputs(second, [first])
    assert {(p.player_lookup, p.before, tuple(p.changed_inputs)) for p in found.players} == {
        (row["player_lookup"], row["old_batch_id"], tuple(row["changed_inputs"])) for row in moves
    }
    assert {tuple(p.changed_inputs) for p in found.players} == {("form", "lines")}


def test_a_batch_whose_records_have_expired_tells_nothing(web: Web) -> None:
    first, second = _two(web)
    web.bench.store.commit([Write("delete", f"prediction_batches/{first}")])
    assert WiredCoordinator.of(web).changed_inputs(second, [first]).players == []


def test_a_batch_of_another_date_is_refused(web: Web) -> None:
    first = web.bench.run("first").batch_id
    day = DAY + timedelta(days=1)
    web.bench.slate(players(), day)
    other = web.bench.run("other", day=day).batch_id
    answer = web.query(f"/batches/{first}/changed-inputs", {"before": other})
    assert (answer.status_code, answer.get_json()["field"]) == (400, "before")


@pytest.mark.parametrize("before", ["", "a,", "a/b", "..", ",".join("abcdef")])
def test_what_is_no_list_of_batches_is_refused(web: Web, before: str) -> None:
    batch = web.bench.run("first").batch_id
    answer = web.query(f"/batches/{batch}/changed-inputs", {"before": before})
    assert (answer.status_code, answer.get_json()["field"]) == (400, "before")


class _Asked:
    """A coordinator that knows one changed input of everybody, and notes what it is asked."""

    def __init__(self, player: str) -> None:
        self.player, self.asked = player, []  # type: ignore[var-annotated]

    def changed_inputs(self, batch_id: str, before: Sequence[str]) -> ChangedInputs:
        self.asked.append((batch_id, tuple(before)))
        found = [
            ChangedPlayer(player_lookup=self.player, before=name, changed_inputs=[f"of {name}"]) for name in before
        ]
        return ChangedInputs(batch_id=batch_id, players=found)


def _row(player: str, day: date, step: float, old: str | None) -> dict[str, Any]:
    points = {"old_points": 10.0, "new_points": 10.0 + step, "old_recommendation": "PASS", "new_recommendation": "PASS"}
    named = {"player_lookup": player, "system_id": "ensemble_v1", "game_date": str(day), "old_batch_id": old}
    return {**named, **points}


def _changes(asked: _Asked, rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    views = [whole(batch_id=f"regen_{day}", game_date=str(day)) for day in DAYS]
    return dict(asking(cast("Coordinator", asked), views)(of_rows(rows)))


def test_a_report_asks_only_for_the_move_that_it_shows() -> None:
    asked = _Asked("ann")
    rows = [_row("ann", DAYS[0], 0.5, "small"), _row("ann", DAYS[1], -2.0, "large"), _row("bob", DAYS[2], 0.0, "none")]
    assert _changes(asked, rows) == {"ann": "of large"}
    assert asked.asked == [(f"regen_{DAYS[1]}", ("large",))]


def test_a_report_asks_nothing_of_players_it_does_not_show() -> None:
    asked = _Asked("last")
    rows = [_row(f"p{n}", DAYS[0], 3.0, "old") for n in range(MOST_SHOWN)] + [_row("last", DAYS[1], 1.0, "old")]
    assert _changes(asked, rows) == {}
    assert asked.asked == [(f"regen_{DAYS[0]}", ("old",))]


def test_a_report_asks_nothing_if_the_batches_are_many() -> None:
    asked = _Asked("ann")
    assert _changes(asked, [_row(f"p{n}", day, 1.0, "old") for n, day in enumerate(DAYS)]) == {}
    assert asked.asked == []


def test_rows_of_the_predecessor_have_no_batch_to_ask() -> None:
    asked = _Asked("ann")
    assert _changes(asked, [_row("ann", DAYS[0], 1.0, None)]) == {}
    assert asked.asked == []
