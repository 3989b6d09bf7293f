"""A played date is graded again after whatever changes its predictions, though the one who grades may die."""

from __future__ import annotations

import contextlib
import logging
from datetime import timedelta

import pytest

from regen.domain.errors import Unavailable
from regen.services.batch import orders
from regen.services.state.deps import TRIGGER_TOPIC
from regen.services.state.messages import GRADE, GRADE_AFTER
from regen.services.tables import grading
from support.backfill_bench import BackfillBench, Crash
from support.box_scores import box, scored
from support.league import DAY, players
from support.web_bench import Web, envelope

NEXT_DAY = 86400
WAIT = GRADE_AFTER.total_seconds()


def played() -> BackfillBench:
    """It is the day after the games."""
    bench = BackfillBench()
    bench.clock.advance(NEXT_DAY)
    return bench


def asked(bench: BackfillBench) -> int:
    return sum(data.get("mode") == GRADE for data in bench.queue.of(TRIGGER_TOPIC))


def test_regenerated_past_date_is_graded_once() -> None:
    bench = played()
    bench.run()
    bench.sweep()
    assert bench.ledger.graded == []
    bench.clock.advance(WAIT)
    for _ in range(3):
        bench.sweep()
    assert bench.ledger.graded == [(DAY, DAY)]


def test_a_date_that_is_not_over_has_nothing_to_grade() -> None:
    bench = BackfillBench()
    bench.run()
    bench.clock.advance(WAIT)
    bench.sweep()
    assert asked(bench) == 0


def test_a_rollback_is_graded_and_a_rejection_is_not() -> None:
    bench = played()
    bench.run()
    batch = bench.run("t2")
    bench.clock.advance(WAIT)
    bench.sweep()
    assert asked(bench) == 2
    orders.rollback(bench.deps, bench.order(batch))
    bench.drain()
    bench.clock.advance(WAIT)
    bench.sweep()
    assert asked(bench) == 3
    bench.slate(players(6, quality=20.0))
    assert bench.run("t3").status == "rejected"
    bench.clock.advance(WAIT)
    bench.sweep()
    assert asked(bench) == 3
    assert bench.ledger.graded == [(DAY, DAY)] * 3


def test_a_backfill_grades_each_date() -> None:
    bench = played()
    bench.clock.advance(4 * NEXT_DAY)
    made = bench.create()
    bench.drain()
    bench.clock.advance(WAIT)
    bench.sweep()
    promoted = [d.game_date for d in bench.backfill(made.backfill_id).dates if d.batch_id]
    assert sorted(bench.ledger.graded) == [(day, day) for day in promoted]


@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("call", range(1, 5))
def test_next_sweep_grades_what_a_dead_sweep_left(*, call: int, after: bool) -> None:
    bench = played()
    bench.run()
    bench.clock.advance(WAIT)
    deps = bench.deps
    bench.dying_at(call, after=after)
    with contextlib.suppress(Crash):
        bench.sweep()
    bench.deps = deps
    bench.sweep()
    assert set(bench.ledger.graded) == {(DAY, DAY)}


def test_grade_message_is_retried_while_bigquery_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    web = Web()
    message = envelope({"mode": GRADE, "game_date": (DAY - timedelta(days=1)).isoformat()})

    def away(*_: object) -> None:
        raise Unavailable("BigQuery")

    ledger = web.bench.deps.books
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "grade", away)
        assert web.push("coordinator", "/regenerate-pubsub", message) == 503
    assert web.push("coordinator", "/regenerate-pubsub", message) == 204
    assert ledger.graded == [(DAY - timedelta(days=1),) * 2]  # type: ignore[attr-defined]
    assert not web.bench.store.find("prediction_batches")
    assert not web.malformed()


@pytest.mark.parametrize(("days", "level"), [(1, logging.WARNING), (2, logging.ERROR)])
def test_game_still_ungraded_after_a_day_is_an_error(days: int, level: int, caplog: pytest.LogCaptureFixture) -> None:
    """The scheduled grade looks at a date twice; after that nobody does."""
    bench = BackfillBench()
    bench.run()
    bench.clock.advance(days * NEXT_DAY)
    (game,) = {str(row["game_id"]) for row in bench.warehouse.predictions(DAY)}
    bench.ledger.scores.append({**scored("one", 20, game=game), "game_date": DAY})
    (found,) = grading.grade(bench.deps, DAY, DAY)
    assert (found.gradable, found.waiting) == (0, (game,))
    (record,) = [r for r in caplog.records if r.name == "regen.services.tables.grading"]
    assert record.levelno == level
    assert game in record.getMessage()


@pytest.mark.parametrize("half", [{"minutes_played": None}, {"minutes_played": 0}, {"points": None}])
def test_the_log_says_that_a_players_row_is_half_loaded(
    half: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    bench = BackfillBench()
    bench.run()
    bench.clock.advance(2 * NEXT_DAY)
    mine = bench.warehouse.predictions(DAY)
    (game,) = {str(row["game_id"]) for row in mine}
    player = min(str(row["player_lookup"]) for row in mine)
    rows = box(game, DAY, **{player: 20})
    bench.ledger.scores.extend({**row, **(half if row["player_lookup"] == player else {})} for row in rows)
    if "points" not in half:
        bench.ledger.scores.append(scored("another", 2, 30.0, game, game_date=DAY))
    (found,) = grading.grade(bench.deps, DAY, DAY)
    waiting = sum(row["player_lookup"] == player for row in mine)
    assert (found.graded, found.waiting) == (found.gradable - waiting, ())
    (record,) = [r for r in caplog.records if r.name == "regen.services.tables.grading"]
    assert record.levelno == logging.ERROR
    assert f"{waiting} predictions" in record.getMessage()
