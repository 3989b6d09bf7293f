"""The news watch: exactly the players that news touches, once, before tip-off, and never too often."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import pytest

from regen.domain.batch import Batch, Status
from regen.domain.inputs import Line
from regen.domain.slate_reading import SlateEntry
from regen.domain.values import replace
from regen.services.batch.dates import read_date
from regen.services.state.deps import TRIGGER_TOPIC
from regen.services.state.news_records import news_of
from regen.services.tables import news_scanning
from regen.services.tables.news_scanning import Look
from support.backfill_bench import BackfillBench, Crash
from support.league import DAY, TIP_OFF, entry, names, players
from support.lists import list_batches

TEAM = [name for name in names(8) if ord(name[-1]) % 2]
"""The team of playera: playera, playerc, playere, playerg."""


class News(BackfillBench):
    """A bench whose date is predicted, and of which upstream has news."""

    def __init__(self, entries: Sequence[SlateEntry] | None = None, **numbers: Any) -> None:
        super().__init__(days=[], **numbers)
        self.slate(players(8) if entries is None else entries)
        self.run("first")

    def say(self, player: str, **what: Any) -> None:
        """Upstream says something else of one player."""
        self.slate([self._told(e, what) if e.player_lookup == player else e for e in self._entries()])

    def offer(self, player: str, *values: float, book: str = "draftkings") -> None:
        """A bookmaker offers these lines on a player."""
        lines = tuple(Line(value, book) for value in values)
        self.say(player, lines=lines)

    def _entries(self) -> Sequence[SlateEntry]:
        return self.warehouse.read_slate(DAY).entries

    def _told(self, known: SlateEntry, what: dict[str, Any]) -> SlateEntry:
        assert known.inputs is not None
        inputs, has_line = known.inputs, known.has_line
        if (lines := what.get("lines")) is not None:
            inputs, has_line = replace(inputs, lines=lines), bool(lines)
        if status := what.get("status"):
            inputs = replace(inputs, injury_status=status)
        own = {name: value for name, value in what.items() if name != "lines"}
        return replace(known, **{**own, "inputs": inputs, "has_line": has_line})

    def scan(self, **look: Any) -> Any:
        """A scan, and all that follows from it."""
        report = news_scanning.scan(self.deps, Look(**look))
        self.drain()
        return report

    def triggers(self) -> list[Any]:
        """The watch's triggers."""
        return [data for data in self.queue.of(TRIGGER_TOPIC) if (data.get("metadata") or {}).get("source")]

    def newest(self) -> Batch:
        """The batch that was opened last."""
        return self.batch(list_batches(self.deps, None, None)[0].batch_id)

    def numbered(self) -> int:
        """How many batches there are."""
        return len(list_batches(self.deps, None, None))


def test_player_ruled_out_is_withdrawn_and_the_team_moves() -> None:
    bench = News()
    bench.say("playera", status="out")
    report = bench.scan()
    (seen,) = report.news
    assert (seen.kind, seen.was, seen.state, seen.act) == ("ruled_out", "expected", "out", "regenerate")
    assert seen.touched == TEAM
    batch = bench.newest()
    assert (batch.reason, batch.status, batch.scope.players) == ("availability_change", Status.PROMOTED, tuple(TEAM))
    assert (batch.counts.withdrawn, batch.counts.inserted) == (2, 6)
    assert "playera" not in bench.makers()
    others = set(names(8)) - set(TEAM)
    assert all(bench.makers()[name] == {batch.batch_id} for name in TEAM[1:])
    assert all(batch.batch_id not in bench.makers()[name] for name in others), "and nobody else"
    again = bench.scan()
    assert (again.news, len(bench.triggers())) == ([], 1)


def test_player_who_is_back_is_predicted_with_the_team() -> None:
    bench = News()
    bench.say("playera", status="out")
    bench.scan()
    bench.clock.advance(5)
    bench.say("playera", status="questionable")
    (seen,) = bench.scan().news
    assert (seen.kind, seen.was, seen.touched) == ("returned", "out", TEAM)
    assert bench.makers()["playera"] == {bench.newest().batch_id}
    assert bench.scan().news == []


def test_player_out_from_the_start_is_no_news() -> None:
    slate = [entry("gone", status="out"), entry("bench", minutes=5.0, lines=()), *players(6), entry("new", games=0)]
    bench = News(slate)
    assert bench.scan().news == []
    bench.say("gone", status="available")
    (seen,) = bench.scan().news
    assert (seen.player_lookup, seen.kind, seen.was) == ("gone", "returned", "not predicted")
    bench.offer("bench", 6.5)
    (seen,) = bench.scan().news
    assert (seen.player_lookup, seen.kind, seen.touched) == ("bench", "line_appeared", ["bench"])
    assert bench.newest().reason == "line_move"
    assert bench.scan().news == []


def test_doubtful_player_keeps_his_rows_and_moves_the_team() -> None:
    bench = News()
    before = bench.makers()["playera"]
    bench.say("playera", status="doubtful")
    seen = news_scanning.scan(bench.deps).news[0]
    bench.clock.advance(1)
    bench.drain()
    assert (seen.kind, seen.touched) == ("doubtful", TEAM[1:])
    assert bench.makers()["playera"] == before
    bench.clock.advance(600)
    (seen,) = bench.scan().news
    assert seen.act == "settled"
    bench.say("playera", status="available")
    (seen,) = bench.scan().news
    assert (seen.kind, seen.act, seen.touched) == ("returned", "regenerate", TEAM)
    assert bench.scan().news == []


def test_questionable_player_alone_is_predicted_again() -> None:
    bench = News()
    bench.say("playera", status="questionable")
    (seen,) = bench.scan().news
    assert (seen.kind, seen.touched) == ("status", ["playera"])
    assert bench.newest().requested_players == 1
    bench.say("playera", status="probable")
    bench.scan()
    bench.say("playera", status="unknown")
    assert bench.scan().news == [], "no report and probable both expect him"


def test_moved_line_moves_the_player_alone() -> None:
    bench = News()
    bench.offer("playerb", 13.0)
    assert bench.scan().news == [], "half a point is no news"
    bench.offer("playerb", 14.5)
    (seen,) = bench.scan().news
    assert (seen.kind, seen.was, seen.state, seen.touched) == ("line_moved", "line 12.5", "line 14.5", ["playerb"])
    assert bench.newest().reason == "line_move"
    assert {line for player, _, line in bench.current() if player == "playerb"} == {14.5}
    assert bench.scan().news == []


def test_line_that_appears_is_news() -> None:
    bench = News([*players(4), entry("nolinehere", lines=())])
    bench.offer("nolinehere", 17.5)
    (seen,) = bench.scan().news
    assert (seen.kind, seen.was, seen.state) == ("line_appeared", "no line", "line 17.5")
    assert bench.scan().news == []


def test_game_called_off_is_withdrawn_and_comes_back() -> None:
    other = [entry(name, game="0022500602") for name in ("xava", "yveb")]
    bench = News([*players(6), *other])
    for name in ("xava", "yveb"):
        bench.say(name, called_off=True)
    report = bench.scan()
    assert {n.kind for n in report.news} == {"called_off"}
    batch = bench.newest()
    assert (batch.status, batch.scope.players, batch.counts.withdrawn) == (Status.PROMOTED, ("xava", "yveb"), 4)
    assert set(bench.makers()) == set(names(6))
    for name in ("xava", "yveb"):
        bench.say(name, called_off=False)
    assert {n.kind for n in bench.scan().news} == {"reinstated"}
    assert {"xava", "yveb"} <= set(bench.makers())


def test_news_of_one_scan_shares_a_batch() -> None:
    bench = News([*players(6), *(entry(name, game="0022500602") for name in ("xava", "yveb"))])
    bench.say("playera", status="out")
    bench.offer("playerb", 19.5)
    bench.say("xava", status="out")
    report = bench.scan()
    assert report.counts == {"regenerate": 3}
    assert (len(bench.triggers()), bench.numbered()) == (1, 2)
    metadata: Any = bench.newest().metadata
    assert metadata["games"] == ["0022500601", "0022500602"]
    assert {n["player"]: n["now"] for n in metadata["news"]} == {
        "playera": "out", "playerb": "line 19.5", "xava": "out",
    }  # fmt: skip


def test_burst_of_news_waits_for_its_own_hold_down() -> None:
    bench = News(hold_down_seconds=900.0, news_hold_down_seconds=60.0)
    bench.clock.advance(901)
    bench.say("playera", status="out")
    bench.scan()
    assert bench.numbered() == 2, "the first is carried at once"
    bench.say("playerb", status="out")
    bench.scan()
    for name, line in (("playerd", 16.5), ("playerf", 18.5), ("playerh", 20.5)):
        bench.clock.advance(5)
        bench.offer(name, line)
        bench.scan()
    assert bench.numbered() == 2
    bench.clock.advance(60)
    bench.sweep()
    assert bench.numbered() == 3, "one follow-up for all"
    last = bench.newest()
    assert (last.reasons, last.scope.players) == (
        ("availability_change", "line_move"), ("playerb", "playerd", "playerf", "playerh"),
    )  # fmt: skip
    assert "playerb" not in bench.makers()


def test_nothing_is_opened_after_tip_off() -> None:
    bench = News()
    bench.say("playera", status="out")
    bench.clock.advance((TIP_OFF - bench.clock.now()).total_seconds())
    assert bench.scan().news == []
    assert bench.numbered() == 1


def test_news_that_waited_past_tip_off_opens_nothing() -> None:
    bench = News(hold_down_seconds=900.0, news_hold_down_seconds=60.0)
    bench.clock.advance((TIP_OFF - bench.clock.now()).total_seconds() - 90)
    bench.say("playera", status="out")
    bench.scan()
    bench.clock.advance(40)
    bench.say("playerb", status="out")
    (seen,) = bench.scan().news
    assert (seen.kind, seen.act) == ("late_scratch", "regenerate")
    bench.clock.advance(61)
    bench.sweep()
    last = bench.newest()
    assert (last.status, last.error, last.requested_players) == (Status.REJECTED, "game_has_begun", 0)
    assert "playerb" in bench.makers()
    assert read_date(bench.deps, DAY).record.coalesced == (), "and nothing waits"


def test_flapping_status_costs_few_batches() -> None:
    bench = News()
    for minute in range(120):
        bench.say("playera", status=("out", "available")[minute % 2])
        bench.scan()
        bench.clock.advance(60)
    batches = bench.numbered() - 1
    assert batches <= 13, "two at once, then after 1, 2, 4, 8 and 15 minutes"
    bench.say("playera", status="out")
    for _ in range(16):
        bench.scan()
        bench.clock.advance(60)
    assert "playera" not in bench.makers(), "the last word comes through"


def test_rejected_news_is_tried_again_and_given_up() -> None:
    bench = News([*players(2), *(entry(f"z{n}a", broken=False) for n in range(2))])
    bench.say("playera", status="questionable")
    deps = bench.deps
    bench.deps = replace(
        deps, config=replace(deps.config, thresholds={**deps.config.thresholds, "minimum_produced": 9})
    )
    acts = []
    for _ in range(40):
        acts += [n.act for n in bench.scan().news]
        bench.clock.advance(60)
    assert (acts.count("regenerate"), acts[-1], len(bench.triggers())) == (4, "give_up", 4)
    log = news_of(bench.deps, DAY).events
    assert [e.act for e in log].count("give_up") == 1, "each decision is on record once"


def test_what_was_seen_and_decided_is_on_record() -> None:
    bench = News()
    bench.say("playera", status="out")
    bench.scan()
    (event,) = news_of(bench.deps, DAY).events
    assert (event.player_lookup, event.kind, event.was, event.state, event.act) == (
        "playera", "ruled_out", "expected", "out", "regenerate",
    )  # fmt: skip


def test_news_dry_run_reports_and_changes_nothing() -> None:
    bench = News()
    bench.say("playera", status="out")
    report = news_scanning.scan(bench.deps, dry_run=True)
    assert (report.status, report.triggered, report.counts) == ("dry_run", [DAY], {"regenerate": 1})
    assert (bench.triggers(), news_of(bench.deps, DAY).events) == ([], [])


def test_simultaneous_news_scans_publish_one_trigger() -> None:
    bench = News()
    bench.say("playera", status="out")
    read = bench.ledger.standings(DAY, DAY, bench.clock.now())
    bench.ledger.standings = lambda *_: read  # type: ignore[method-assign]
    news_scanning.scan(bench.deps)
    late = news_scanning.scan(bench.deps)
    assert (len(bench.triggers()), late.counts) == (1, {"wait": 1})


@pytest.mark.parametrize("call", range(1, 9))
@pytest.mark.parametrize("after", [False, True])
def test_next_scan_finishes_a_news_scan_that_died(call: int, after: bool) -> None:  # noqa: FBT001
    bench = News()
    bench.say("playera", status="out")
    deps = bench.deps
    bench.dying_at(call, after=after)
    with contextlib.suppress(Crash):
        news_scanning.scan(bench.deps)
    bench.deps = deps
    news_scanning.scan(bench.deps)
    bench.sweep()
    sent = {
        m.attributes["event_id"] for t, m in bench.queue.published if t == TRIGGER_TOPIC and "news_scan" in str(m.data)
    }
    assert len(sent) == 1
    assert "playera" not in bench.makers()


def test_broken_record_of_a_game_is_begun_anew() -> None:
    bench = News()
    bench.say("playera", status="out")
    path = "news_events/2026-01-20_0022500601"
    bench.scan()
    known = bench.store.get(path)
    assert known is not None
    bench.store.commit([replace_data(known, {"watched": "nobody"})])
    bench.say("playerb", status="out")
    assert bench.scan().counts == {"regenerate": 1}
    bench.store.commit([replace_data(known, {"schema": 99})])
    bench.say("playerc", status="out")
    assert bench.scan().counts == {}, "a newer version's record is left alone"


def replace_data(known: Any, more: dict[str, Any]) -> Any:
    from regen.ports import Write  # noqa: PLC0415

    return Write("put", known.path, {**known.data, **more})
