"""The BDB watch: never before the features rest on the data, one regeneration a date, completed by what is current."""

from __future__ import annotations

import contextlib
import re
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

import pytest

from regen.domain.bdb import KNOWN, MAX_AGE, MAX_ATTEMPTS, MEANS, OPEN, BdbAct, BdbGame, decide, overdue, pause_after
from regen.domain.values import replace
from regen.schemas import table
from regen.services.state.deps import ALERT_TOPIC, TRIGGER_TOPIC
from regen.services.tables import bdb_scanning
from support.backfill_bench import BackfillBench, Crash
from support.league import DAY

NOW = datetime.fromisoformat("2026-01-22T12:00:00+00:00")
TIP_OFF = datetime.fromisoformat("2026-01-21T00:30:00+00:00")


def game(status: str = "bdb_available", **more: Any) -> BdbGame:
    known: dict[str, Any] = {"tip_off": TIP_OFF, "features": 8, "stale": 8, "updated_at": NOW, **more}
    return BdbGame(DAY, known.pop("game_id", "0022500601"), status, **known)


@pytest.mark.parametrize(
    ("what", "act"),
    [
        (game("pending_bdb"), BdbAct.WAIT),
        (game("pending_bdb", tip_off=NOW - MAX_AGE - timedelta(hours=1)), BdbAct.EXPIRE),
        (game(), BdbAct.REGENERATE),
        (game(old_features=1, available_at=NOW), BdbAct.WAIT),
        (game(old_features=1, available_at=NOW - MAX_AGE - timedelta(hours=1)), BdbAct.EXPIRE),
        (game(features=0), BdbAct.WAIT),
        (game(stale=0, fresh=0), BdbAct.WAIT),
        (game(stale=0, fresh=8), BdbAct.COMPLETE),
        (game("regenerating", attempts=1), BdbAct.WAIT),
        (game("regenerating", attempts=1, stale=0, fresh=8), BdbAct.COMPLETE),
        (game("regenerating", attempts=1, stale=1, fresh=7), BdbAct.WAIT),
        (game("regenerating", attempts=1, stale=1, fresh=7, promoted_at=NOW), BdbAct.COMPLETE),
        (game("regenerating", attempts=1, stale=7, fresh=1, promoted_at=NOW), BdbAct.WAIT),
        (game("regenerating", attempts=1, updated_at=NOW - timedelta(hours=1)), BdbAct.REGENERATE),
        (game("regenerating", attempts=3, updated_at=NOW - timedelta(hours=1)), BdbAct.WAIT),
        (game("regenerating", attempts=MAX_ATTEMPTS, updated_at=NOW - timedelta(days=1)), BdbAct.EXPIRE),
        (game("failed_max_retries"), BdbAct.IGNORE),
    ],
)
def test_action_for_a_game_follows_its_state(what: BdbGame, act: BdbAct) -> None:
    assert decide(what, NOW).act is act


def test_pauses_double_until_a_game_is_overdue() -> None:
    assert [pause_after(n).total_seconds() / 3600 for n in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert not overdue(game("pending_bdb"), NOW)
    assert overdue(game("pending_bdb"), NOW + timedelta(days=1))


def test_status_column_names_the_statuses_of_the_code() -> None:
    """Upstream's two vocabularies in its column; in regen's own what a scan writes, and nothing that is upstream's alone."""
    said = table("pending_bdb_games").field("status").description
    assert {word for word in KNOWN if re.search(rf"\b{word}\b", said)} == {*MEANS, *OPEN, "expired"} - {"regenerating"}
    own = table("pending_bdb_games").field("regen_status").description
    written = {word for word in KNOWN if re.search(rf"\b{word}\b", own)}
    assert written == {to.value for to in bdb_scanning.TO.values()}
    assert not written & MEANS.keys()


def test_the_statements_part_knows_the_words_of_the_code() -> None:
    text = (resources.files("regen.sql") / "parts" / "bdb_state.sql").read_text(encoding="utf-8")
    found = {
        word.strip("' "): state
        for words, state in re.findall(r"status IN \(([^)]*)\) THEN '(\w+)'", text)
        for word in words.split(",")
    }
    assert found == MEANS


class Watched(BackfillBench):
    """A bench whose games know what the predictions rest on: nothing new until a promotion."""

    def put(self, *games: BdbGame) -> None:
        for one in games:
            self.ledger.games[one.game_date, one.game_id] = replace(one, updated_at=self.clock.now())

    def promoted(self) -> None:
        """The tables after a promotion that rests on the new features."""
        for key, one in self.ledger.games.items():
            self.ledger.games[key] = replace(one, fresh=8, stale=0, promoted_at=self.clock.now())

    def statuses(self) -> list[str]:
        return [one.status for _, one in sorted(self.ledger.games.items())]

    def triggers(self) -> list[Any]:
        return [data for data in self.queue.of(TRIGGER_TOPIC) if data.get("reason") == "bdb_upgrade"]


def test_one_regeneration_completes_all_games_of_a_date() -> None:
    bench = Watched()
    bench.run()
    bench.put(game(game_id="a"), game(game_id="b"), game("pending_bdb", game_id="c"))
    report = bdb_scanning.scan(bench.deps)
    assert report.triggered == [DAY]
    assert [t["metadata"]["games"] for t in bench.triggers()] == [["a", "b"]]
    assert bench.statuses() == ["regenerating", "regenerating", "pending_bdb"]
    again = bdb_scanning.scan(bench.deps)
    assert again.triggered == []
    assert bench.statuses()[:2] == ["regenerating", "regenerating"], "not before the promotion is seen"
    bench.drain()
    assert [e.reason for e in bench.audited("promoted")][-1] == "bdb_upgrade"
    bench.promoted()
    bdb_scanning.scan(bench.deps)
    assert bench.statuses()[:2] == ["completed", "completed"]
    assert bench.ledger.graded == [(DAY, DAY)]


@pytest.mark.parametrize("word", ["completed_bdb", "reran", "blocked", "bdb_available"])
def test_what_upstream_has_finished_is_regenerated_once(word: str) -> None:
    bench = Watched()
    bench.run()
    bench.put(game(word))
    assert bdb_scanning.scan(bench.deps).triggered == [DAY]
    bench.drain()
    bench.promoted()
    bdb_scanning.scan(bench.deps)
    assert bench.statuses() == ["completed"]
    assert bdb_scanning.scan(bench.deps).games == []


@pytest.mark.parametrize("word", ["failed_max_retries", "failed_no_bdb_data", "expired"])
def test_what_upstream_has_given_up_is_left_alone(word: str) -> None:
    bench = Watched()
    bench.put(game(word))
    assert bdb_scanning.scan(bench.deps).games == []
    assert bench.statuses() == [word]


def test_a_season_that_upstream_has_finished_starts_nothing() -> None:
    """An adopted table holds every game of it, and the predecessor's rows rest on no hash."""
    bench = Watched()
    bench.put(game("completed_bdb"))
    bench.clock.advance(MAX_AGE.total_seconds() + 10 * 86_400)
    assert bdb_scanning.scan(bench.deps).games == []


def test_missing_promotion_is_retried_then_raises_an_alert() -> None:
    bench = Watched()
    bench.put(game())
    for _ in range(40):
        bdb_scanning.scan(bench.deps)
        bench.clock.advance(3600)
    assert len(bench.triggers()) == MAX_ATTEMPTS
    assert bench.statuses() == ["expired"]
    bench.sweep()
    alerts = bench.queue.of(ALERT_TOPIC)
    assert [(a["type"], a["severity"]) for a in alerts if a["type"] == "bdb_overdue"] == [("bdb_overdue", "ERROR")]


def test_scan_dry_run_reports_and_changes_nothing() -> None:
    bench = Watched()
    bench.put(game())
    assert bdb_scanning.scan(bench.deps, dry_run=True).triggered == [DAY]
    assert (bench.triggers(), bench.statuses()) == ([], ["bdb_available"])


def test_simultaneous_scans_publish_one_trigger(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Watched()
    bench.put(game(game_id="a"))
    read = bench.ledger.bdb_games(DAY)
    bdb_scanning.scan(bench.deps)
    bench.put(game(game_id="b"))
    late = [*read, *(g for g in bench.ledger.bdb_games(DAY) if g.game_id == "b")]
    monkeypatch.setattr(bench.ledger, "bdb_games", lambda _: late)
    bdb_scanning.scan(bench.deps)
    assert [t["metadata"]["games"] for t in bench.triggers()] == [["a"], ["b"]]


def test_scan_that_dies_after_giving_up_has_alerted() -> None:
    bench = Watched()
    bench.put(replace(game("regenerating", attempts=MAX_ATTEMPTS), fresh=0))
    bench.clock.advance(86400)
    deps, ledger = bench.deps, bench.ledger

    class Dying:
        def __getattr__(self, name: str) -> object:
            return getattr(ledger, name)

        def change_bdb(self, changes: Any) -> None:
            ledger.change_bdb(changes)
            raise Crash

    bench.deps = replace(deps, ledger=Dying())  # type: ignore[arg-type]
    with pytest.raises(Crash):
        bdb_scanning.scan(bench.deps)
    bench.deps = deps
    bench.sweep()
    assert bench.statuses() == ["expired"]
    assert [a["severity"] for a in bench.queue.of(ALERT_TOPIC) if a["type"] == "bdb_overdue"] == ["ERROR"]


def test_overdue_data_raises_one_alert() -> None:
    bench = Watched()
    bench.put(game("pending_bdb", tip_off=bench.clock.now() - timedelta(hours=60)))
    for _ in range(3):
        bdb_scanning.scan(bench.deps)
        bench.sweep()
    assert [a["severity"] for a in bench.queue.of(ALERT_TOPIC)] == ["WARNING"]


@pytest.mark.parametrize("call", range(1, 8))
def test_next_scan_finishes_one_that_died(call: int) -> None:
    bench = Watched()
    bench.put(game())
    deps = bench.deps
    bench.dying_at(call, after=True)
    with contextlib.suppress(Crash):
        bdb_scanning.scan(bench.deps)
    bench.deps = deps
    bdb_scanning.scan(bench.deps)
    bench.sweep()
    assert bench.statuses() == ["regenerating"]
    sent = [m for t, m in bench.queue.published if t == TRIGGER_TOPIC and "bdb_scan" in str(m.data.get("metadata"))]
    assert 1 <= len(sent) <= 2, "what is published again is"
    assert len({m.attributes["event_id"] for m in sent}) == 1, "the same event, which the coordinator takes once"


@pytest.mark.parametrize("attempts", [-(2**62), -1, 0, 99, 100, 1000, 5000, 2**62])
def test_a_game_of_any_attempts_stops_no_scan(attempts: int) -> None:
    bench = BackfillBench()
    bench.run()
    good = game("bdb_available", game_id="good")
    odd = game("regenerating", game_id="odd", attempts=attempts)
    bench.ledger.games = {(DAY, "good"): good, (DAY, "odd"): odd}
    assert DAY in bdb_scanning.scan(bench.deps).triggered


def test_a_pause_doubles_up_to_the_last_attempt() -> None:
    hour = timedelta(hours=1)
    assert [pause_after(n) for n in range(5)] == [hour, hour, 2 * hour, 4 * hour, 8 * hour]
    assert pause_after(10**6) >= 8 * hour
