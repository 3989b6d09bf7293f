"""News before tip-off: who does not play loses the predictions in time, and nothing is asked for again without end."""

from __future__ import annotations

from regen.adapters.memory.ledger import MemoryLedger
from regen.domain.batch import Status
from regen.domain.values import replace
from regen.services.state.deps import TRIGGER_TOPIC
from regen.services.tables import news_scanning
from support.bench import Bench
from support.league import TIP_OFF, entry, players


def _predicted() -> Bench:
    bench = Bench(players(8))
    bench.deps = replace(bench.deps, ledger=MemoryLedger(bench.warehouse))
    bench.run()
    return bench


def _rule_out(bench: Bench, *gone: str) -> None:
    bench.slate([entry(e.player_lookup, status="out") if e.player_lookup in gone else e for e in players(8)])


def test_i48_a_late_scratch_loses_his_predictions_in_time() -> None:
    """A player ruled out after the predictions were made is withdrawn before tip-off, and only the team is made again.

    Prevented in: src/regen/domain/news.py, src/regen/services/tables/news_scanning.py, src/regen/sql/news.sql
    Turns red when: a status in the report is compared with nothing, or the scan asks for the whole slate.
    """
    bench = _predicted()
    bench.clock.advance((TIP_OFF - bench.clock.now()).total_seconds() - 1200)
    _rule_out(bench, "playera")
    (seen,) = news_scanning.scan(bench.deps).news
    assert seen.kind == "late_scratch"
    bench.drain()
    made = {player for player, batches in bench.makers().items() if any("availability" in str(b) for b in batches)}
    assert made == {"playerc", "playere", "playerg"}
    assert "playera" not in bench.makers()


def test_i12_news_opens_no_batch_once_the_game_has_begun() -> None:
    """News that waited for a live batch until after tip-off changes nothing: the date's predictions stay as they were.

    Prevented in: src/regen/services/batch/opening.py, src/regen/sql/news.sql
    Turns red when: `_to_come` leaves players in whose game has begun, or the scan reads games that have begun.
    """
    bench = _predicted()
    bench.clock.advance((TIP_OFF - bench.clock.now()).total_seconds() - 20)
    live = bench.regenerate("live", reason="late_data")
    _rule_out(bench, "playera")
    news_scanning.scan(bench.deps)
    while (words := bench.queue.waiting) and words[0][0] == TRIGGER_TOPIC:
        bench.step(events=False)
    bench.clock.advance(30)
    bench.drain()
    bench.sweep()
    assert bench.batch(live.batch_id).status is Status.PROMOTED
    opened = [b.data for b in bench.store.find("prediction_batches") if b.data["reason"] == "availability_change"]
    assert [(b["status"], b["error"]) for b in opened] == [("rejected", "game_has_begun")]
    assert "playera" in bench.makers()
    assert news_scanning.scan(bench.deps).games == 0


def test_i66_news_that_no_batch_brings_in_is_given_up() -> None:
    """What is asked for again and again without effect comes to an end, as with late data.

    Prevented in: src/regen/domain/news_deciding.py, src/regen/domain/watching.py
    Turns red when: `_again` asks for a batch at every scan.
    """
    bench = _predicted()
    config = bench.deps.config
    bench.deps = replace(bench.deps, config=replace(config, thresholds={**config.thresholds, "minimum_produced": 99}))
    _rule_out(bench, "playera")
    for _ in range(60):
        news_scanning.scan(bench.deps)
        bench.drain()
        bench.clock.advance(60)
    asked = [data for data in bench.queue.of(TRIGGER_TOPIC) if data.get("reason") == "availability_change"]
    assert len(asked) == 4
    assert {n.act for n in news_scanning.scan(bench.deps).news} == {"give_up"}
