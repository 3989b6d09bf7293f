"""The freshness of the inputs: late, shrunk or there, told once, by the measure of the checks."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from regen.adapters.memory.sources import source_days
from regen.client.reader import Reader
from regen.domain.alerts import AlertKind
from regen.domain.sources import Expected, Source, SourceState, Standing, judge
from regen.domain.values import asdict
from regen.services.healing import sweeping
from regen.services.state.deps import ALERT_TOPIC
from regen.services.tables import bdb_scanning, source_watching
from regen.services.views.alerts_view import list_alerts
from regen.settings import limits
from support.backfill_bench import BackfillBench
from support.commands import run_command
from support.input_rows import Rows, inputs, start_of, together

DAY = date(2026, 1, 19)
EXPECTED = Expected(before_hours=2, after_hours=18, shrunk_pct=20)


def before(days: int = 5, **what: Any) -> list[Rows]:
    """The dates before, complete."""
    return [inputs(DAY - timedelta(days=n), played=True, come=True, **what) for n in range(1, days + 1)]


def judged(rows: Rows, now: datetime, day: date = DAY) -> dict[Source, SourceState]:
    days = source_days(rows, day - timedelta(days=21), day)
    return {Source(state.source): state for state in judge(days, day, day, now, EXPECTED)}


def test_an_input_is_late_once_its_time_has_come() -> None:
    rows = inputs(DAY, without=[("lines", 1)])
    due = start_of(DAY) - timedelta(hours=2)
    early, late = (judged(rows, now)[Source.LINES] for now in (due - timedelta(seconds=1), due))
    assert (early.standing, late.standing) == (Standing.WAITING, Standing.LATE)
    assert (late.missing_games, late.expected_by, late.rows) == (("0022501191",), due, 20)
    assert judged(rows, due)[Source.SLATE].standing is Standing.OK


def test_box_scores_are_due_after_the_last_game() -> None:
    rows = inputs(DAY, played=True, without=[("box_scores", 0)])
    due = start_of(DAY, 1) + timedelta(hours=18)
    assert judged(rows, due - timedelta(seconds=1))[Source.BOX_SCORES].standing is Standing.WAITING
    assert judged(rows, due)[Source.BOX_SCORES].missing_games == ("0022501190",)
    assert judged(rows, due)[Source.PLAY_BY_PLAY].standing is Standing.WAITING
    assert judged(rows, start_of(DAY, 1) + timedelta(hours=48))[Source.PLAY_BY_PLAY].standing is Standing.LATE


@pytest.mark.parametrize(("players", "standing"), [(20, Standing.OK), (16, Standing.OK), (15, Standing.SHRUNK)])
def test_an_input_has_shrunk_beyond_the_checks_limit(players: int, standing: Standing) -> None:
    """At 20 %, the limit of `slate_size`, 32 of 40 players pass and 30 do not."""
    state = judged(together(inputs(DAY, players=players), *before()), start_of(DAY))[Source.SLATE]
    assert (state.standing, state.usual) == (standing, 40)


def test_the_usual_size_follows_the_number_of_games() -> None:
    state = judged(together(inputs(DAY, 1), *before()), start_of(DAY))[Source.SLATE]
    assert (state.standing, state.usual, state.players) == (Standing.OK, 20, 20)


def test_without_a_history_nothing_has_shrunk() -> None:
    state = judged(together(inputs(DAY, players=2), *before(2)), start_of(DAY))[Source.SLATE]
    assert (state.standing, state.usual) == (Standing.OK, None)


def test_a_date_whose_slate_is_missing_as_a_whole_is_late() -> None:
    """No input knows of its games: they cannot be counted, but the days before had some."""
    near = start_of(DAY)
    (state,) = judged(together(*before(3)), near).values()
    assert (state.source, state.standing, state.expected_by) == (Source.SLATE, Standing.LATE, None)
    assert "no game is known" in state.why
    assert judged(together(*before(3)), near - timedelta(hours=4)) == {}
    assert judged(together(*before(2)), near) == {}, "two days with games are no season"


class Watched(BackfillBench):
    """A bench at noon of the day after, whose ledger has input tables."""

    def put(self, *rows: Rows) -> None:
        self.ledger.inputs = together(*rows)

    def told(self) -> list[Any]:
        self.drain()
        sweeping.sweep(self.deps)
        kinds = {AlertKind.SOURCE_LATE, AlertKind.SOURCE_SHRUNK}
        return [alert for alert in self.queue.of(ALERT_TOPIC) if alert["type"] in kinds]


def test_late_and_shrunken_inputs_raise_one_alert_each() -> None:
    bench = Watched()
    bench.put(inputs(DAY, players=10, without=[("lines", 0)]), *before())
    for _ in range(3):
        bdb_scanning.scan(bench.deps)
        bench.clock.advance(3600)
    told = {(alert["type"], alert["source"]): alert for alert in bench.told()}
    assert set(told) == {("source_late", "lines"), ("source_shrunk", "slate"), ("source_shrunk", "features")}
    assert len(bench.told()) == 3
    late, shrunk = told["source_late", "lines"], told["source_shrunk", "slate"]
    assert (late["severity"], late["missing_games"], late["game_date"]) == ("WARNING", ["0022501190"], "2026-01-19")
    assert late["look"] == "regen sources 2026-01-19"
    assert (shrunk["players"], shrunk["usual"]) == (20, 40)


def test_a_dry_scan_raises_no_alert_to_inputs() -> None:
    bench = Watched()
    bench.put(inputs(DAY, without=[("lines", 0)]))
    bdb_scanning.scan(bench.deps, dry_run=True)
    assert bench.told() == []


def test_the_sweep_watches_the_inputs_once_an_hour() -> None:
    """A scan that does not run is no reason for silence."""
    bench = Watched()
    bench.put(inputs(DAY, without=[("lines", 0)]))
    asked: list[date] = []
    real = bench.ledger.sources

    def sources(first: date, last: date) -> Any:
        asked.append(last)
        return real(first, last)

    bench.ledger.sources = sources  # type: ignore[method-assign]
    for _ in range(120):
        sweeping.sweep(bench.deps)
        bench.clock.advance(60)
    assert len(asked) == 2
    assert [alert["source"] for alert in bench.told()] == ["lines"]


def test_an_input_that_came_ends_its_alert() -> None:
    bench = Watched()
    bench.put(inputs(DAY, without=[("lines", 0)]))
    source_watching.watch(bench.deps)
    source_watching.watch(bench.deps)
    (late,) = list_alerts(bench.deps, only_open=True)
    assert (late.type, late.game_date) == ("source_late", DAY.isoformat())
    bench.clock.advance(60)
    bench.put(inputs(DAY))
    assert source_watching.watch(bench.deps) == []
    assert [(a.state, a.resolved_why) for a in list_alerts(bench.deps)] == [
        ("resolved", "every input of the date is there")
    ]


def test_an_input_that_is_gone_again_alerts_again() -> None:
    bench = Watched()
    for _ in range(2):
        bench.put(inputs(DAY, without=[("lines", 0)]))
        source_watching.watch(bench.deps)
        bench.clock.advance(60)
        bench.put(inputs(DAY))
        source_watching.watch(bench.deps)
        bench.clock.advance(60)
    bench.put(inputs(DAY, without=[("lines", 0)]))
    source_watching.watch(bench.deps)
    source_watching.watch(bench.deps)
    assert sorted(a.state for a in list_alerts(bench.deps)) == ["open", "resolved", "resolved"]


def test_the_watch_has_the_default_limit_of_the_check() -> None:
    bench = BackfillBench()
    assert source_watching.expected(bench.deps).shrunk_pct == limits()["slate_drop_pct"]


# The command


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    rows = together(inputs(DAY, players=10, without=[("lines", 0)], played=True, come=True), *before())

    def found(_: Reader, name: str, first: date, last: date) -> list[dict[str, Any]]:
        assert name == "sources"
        return [{**asdict(one), "row_count": one.rows} for one in source_days(rows, first, last)]

    monkeypatch.setattr(Reader, "rows", found)
    env = {
        "REGEN_LOCAL_HOME": str(tmp_path),
        "REGEN_CONFIG": str(tmp_path / "c"),
        "PROJECT_ID": "",
        "REGEN_PROFILE": "",
    }

    def act(*words: str) -> Result:
        return run_command(["sources", *words], {**env, "BIGQUERY_EMULATOR_HOST": "http://127.0.0.1:9"})

    return act


def names(states: Collection[dict[str, Any]]) -> dict[str, str]:
    return {state["source"]: state["standing"] for state in states}


def test_sources_shows_each_input_of_each_date(run: Any) -> None:
    told = json.loads(run("2026-01-18", "2026-01-19", "--json").stdout)
    assert len(told) == 2 * len(Source)
    assert set(names(told[:5]).values()) == {"ok"}
    assert names(told[5:]) == {
        "slate": "shrunk", "lines": "late", "features": "shrunk", "box_scores": "shrunk", "play_by_play": "ok",
    }  # fmt: skip
    (lines,) = (state for state in told[5:] if state["source"] == "lines")
    assert (lines["rows"], lines["missing_games"]) == (10, ["0022501190"])
    assert lines["newest"] == (start_of(DAY) - timedelta(hours=5)).isoformat()
    assert lines["expected_by"] == (start_of(DAY) - timedelta(hours=2)).isoformat()


def test_sources_late_shows_what_is_wrong_and_exits_1(run: Any) -> None:
    result = run("2026-01-19", "--late")
    assert result.exit_code == 1
    assert "play_by_play" not in result.stdout
    assert "0022501190" in result.stdout
    assert run("2026-01-18", "--late").exit_code == 0
