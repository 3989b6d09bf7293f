"""Live quality: what is beyond a limit for sure, and what only looks so; who is told of it, how often, and until when."""

from __future__ import annotations

import json
import logging
import statistics
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from regen import clock
from regen.adapters.memory.ledger import MemoryLedger
from regen.adapters.memory.quality import game_sums
from regen.client.reader import Reader
from regen.client.wording import plain
from regen.domain.alerts import AlertKind
from regen.domain.errors import Unavailable
from regen.domain.grading import Graded
from regen.domain.intervals import Figure, mean
from regen.domain.quality import LEAST_ROWS, Limits, Measure, Quality, is_beyond, measured
from regen.domain.values import replace
from regen.services.state.messages import GRADE
from regen.services.tables import quality_watching
from regen.services.views.alerts_view import list_alerts
from regen.settings import number
from support.backfill_bench import BackfillBench
from support.commands import run_command
from support.graded import AS_OF, grade, sound
from support.web_bench import Web, envelope

LIMITS = Limits(mae=6, bias=1, hit_pct=45, calibration_pct=8, skew_pct=85, lined_pct=40, rise_pct=15)
Rows = list[dict[str, Any]]
SOUND = tuple(sound())
PLAYED = Graded(AS_OF, 500, 500, 0, 0, 4.0)


def of(rows: Iterable[dict[str, Any]], days: int = 28) -> Quality:
    (found,) = (one for one in measured(game_sums(rows), AS_OF, LIMITS) if one.window_days == days)
    return found


# The rules


def test_sound_predictions_are_within_every_limit() -> None:
    found = of(SOUND)
    assert (found.graded, found.games, found.game_dates, found.outside) == (840, 84, 28, ())
    assert found.figures[Measure.OVER_SHARE].value == 50
    assert found.row()["beyond"] is None


@pytest.mark.parametrize(("rows", "beyond"), [(LEAST_ROWS - 1, False), (LEAST_ROWS, True)])
def test_a_figure_counts_from_two_hundred_rows_on(rows: int, *, beyond: bool) -> None:
    assert is_beyond(Figure(1.5, 1.2, 1.8, rows), (-1.0, 1.0)) is beyond


@pytest.mark.parametrize(
    ("low", "high", "beyond"), [(1.001, 2.0, True), (1.0, 2.0, False), (-2.0, -1.0, False), (-2.0, -1.001, True)]
)
def test_the_interval_must_exclude_the_limit(low: float, high: float, *, beyond: bool) -> None:
    assert is_beyond(Figure((low + high) / 2, low, high, 999), (-1.0, 1.0)) is beyond


def test_the_interval_of_single_rows_is_students() -> None:
    """Eleven values: mean, deviation, and 2.228 standard errors."""
    values = [3.0, 5.0, 4.5, 7.0, 1.0, 2.5, 6.0, 4.0, 8.0, 3.5, 5.5]
    found = mean([(value, 1) for value in values])
    half = 2.228 * statistics.stdev(values) / len(values) ** 0.5
    assert found.value == pytest.approx(statistics.mean(values))
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half), rel=1e-3)


def test_rows_of_one_game_do_not_count_as_independent() -> None:
    """Ten players whose errors are alike say no more than one: the interval is as wide as that of one a game."""
    once = mean([(float(n % 5), 1) for n in range(20)])
    tenfold = mean([(10.0 * (n % 5), 10) for n in range(20)])
    assert (tenfold.low, tenfold.high) == pytest.approx((once.low, once.high))
    assert tenfold.rows == 200


def test_rows_of_one_game_alone_are_never_sure() -> None:
    found = of(grade(n, points=10) for n in range(300))
    assert (found.figures[Measure.BIAS].value, found.figures[Measure.BIAS].low, found.beyond) == (10.0, None, ())
    assert Measure.BIAS in found.outside


def test_what_is_voided_superseded_or_not_ours_is_not_measured() -> None:
    rows = [*sound(2), *(grade(50 + n, points=0) for n in range(3))]
    rows[-1]["is_voided"] = rows[-2]["is_superseded_prediction"] = True
    rows[-3]["prediction_id"] = None
    assert of(rows).graded == 60
    assert of(rows).figures[Measure.BIAS].value == of(sound(2)).figures[Measure.BIAS].value


def biased() -> Rows:
    return list(sound(points=18))


def one_sided(side: str = "OVER") -> Rows:
    return [{**row, "recommendation": side if n % 100 else "PASS"} for n, row in enumerate(SOUND)]


def lineless() -> Rows:
    return [{**row, "line_value": None, "prediction_correct": None} for row in SOUND]


def drifting() -> Rows:
    """The last seven days are off by 5.5 instead of 4: within the limit for the error itself, and a third more."""
    worse = {"predicted_points": 20.0, "absolute_error": 5.5}
    since = AS_OF - timedelta(days=6)
    return [{**row, **(worse if row["game_date"] >= since else {})} for row in SOUND]


def losing() -> Rows:
    return [{**row, "prediction_correct": n % 5 == 0} for n, row in enumerate(SOUND)]


def overconfident() -> Rows:
    return [{**row, "over_probability": 0.75} for row in SOUND]


def erring() -> Rows:
    return [{**row, "absolute_error": 7.5 + n % 2} for n, row in enumerate(SOUND)]


@pytest.mark.parametrize(
    ("rows", "days", "beyond"),
    [
        (biased(), 28, {Measure.BIAS}),
        (one_sided(), 7, {Measure.OVER_SHARE}),
        (one_sided("UNDER"), 28, {Measure.OVER_SHARE}),
        (lineless(), 28, {Measure.LINED}),
        (drifting(), 7, {Measure.RISE}),
        (drifting(), 28, set()),
        (losing(), 28, {Measure.HIT_RATE}),
        (overconfident(), 28, {Measure.CALIBRATION}),
        (erring(), 28, {Measure.MAE}),
    ],
)
def test_each_figure_has_its_own_limit(rows: Rows, days: int, beyond: set[Measure]) -> None:
    calm = {Measure.CALIBRATION} if rows[0]["absolute_error"] == 2.0 else set()
    assert set(of(rows, days).beyond) - calm == beyond


# The watch


class Watched(BackfillBench):
    """A bench on 2026-01-20, with grades in its ledger."""

    def __init__(self, rows: Iterable[dict[str, Any]] = (), **numbers: Any) -> None:
        super().__init__(days=[], **numbers)
        self.put(rows)

    def put(self, rows: Iterable[dict[str, Any]]) -> None:
        self.ledger.grades = {row["prediction_id"]: row for row in rows}

    def watch(self, graded: Graded = PLAYED) -> list[Quality]:
        return quality_watching.watch(self.deps, [graded])

    def told(self) -> list[tuple[str, str]]:
        return [(record.type, record.state) for record in list_alerts(self.deps)]


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (one_sided(), AlertKind.QUALITY_SKEW),
        (lineless(), AlertKind.QUALITY_LINES),
        (drifting(), AlertKind.QUALITY_DRIFT),
        ([{**row, "signed_error": 1.5} for row in SOUND], AlertKind.QUALITY_BIAS),
    ],
)
def test_bias_skew_lost_lines_and_drift_alert(rows: Rows, kind: AlertKind) -> None:
    bench = Watched(rows)
    bench.watch()
    (found,) = list_alerts(bench.deps, only_open=True)
    assert (found.type, found.severity, found.state) == (kind.value, "WARNING", "open")
    about = "all" if kind is AlertKind.QUALITY_LINES else "ensemble_v1"
    assert found.key == f"regen/{kind}/{about}"
    assert found.look == ("regen sources 2026-01-19" if about == "all" else "regen quality --system ensemble_v1")
    assert "ensemble_v1: " in found.why
    assert "rows; limit " in found.why


def test_an_alert_lasts_until_the_figure_is_within_its_limit(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    bench = Watched(one_sided())
    for _ in range(3):
        bench.watch()
        bench.clock.advance(86400)
    bench.clock.advance(-86400)
    assert bench.told() == [("quality_skew", "open")]
    lines = [record for record in caplog.records if vars(record).get("action") == "quality"]
    assert [vars(line)["outcome"] for line in lines] == ["quality_skew"]
    bench.put(SOUND)
    bench.watch()
    assert bench.told() == [("quality_skew", "resolved")]


def test_a_cause_that_is_back_on_the_same_day_alerts_again() -> None:
    bench = Watched(one_sided())
    skew = str(AlertKind.QUALITY_SKEW)
    for _ in range(2):
        bench.put(one_sided())
        bench.watch()
        bench.watch()
        bench.clock.advance(60)
        bench.put(SOUND)
        bench.watch()
        bench.clock.advance(60)
    bench.put(one_sided())
    bench.watch()
    assert sorted(bench.told()) == [(skew, "open"), (skew, "resolved"), (skew, "resolved")]


def test_a_figure_that_is_still_outside_ends_no_alert() -> None:
    """Too few rows to be sure again are no reason to call it over."""
    bench = Watched(one_sided())
    bench.watch()
    bench.put(one_sided()[:60])
    bench.watch()
    assert bench.told() == [("quality_skew", "open")]


def test_a_retired_system_is_measured_and_alerts_nobody() -> None:
    bench = Watched(one_sided(), retired_systems=("ensemble_v1",))
    assert bench.watch()[0].beyond
    assert bench.told() == []


@pytest.mark.parametrize(
    ("numbers", "graded"),
    [
        ({"quality_watch": "off"}, PLAYED),
        ({}, replace(PLAYED, graded=0)),
        ({}, replace(PLAYED, game_date=AS_OF - timedelta(days=28))),
        ({}, replace(PLAYED, game_date=AS_OF + timedelta(days=1))),
    ],
    ids=["turned off", "nothing graded", "before the windows", "after them"],
)
def test_a_grading_that_changes_no_figure_measures_none(numbers: dict[str, Any], graded: Graded) -> None:
    bench = Watched(one_sided(), **numbers)
    assert bench.watch(graded) == []
    assert bench.ledger.figures == {}


def test_an_older_measurement_replaces_no_newer_one() -> None:
    bench = Watched(SOUND)
    newer = bench.clock.now()
    found = bench.watch()
    bench.ledger.keep_quality(AS_OF, found[:1], newer - timedelta(seconds=1))
    assert [row["measured_at"] for row in bench.ledger.figures[AS_OF]] == [newer, newer]


def test_redelivered_grading_keeps_each_figure_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the first delivery died between the figures and its end."""
    web = Web()
    ledger = web.bench.deps.books
    assert isinstance(ledger, MemoryLedger)
    ledger.grades = {row["prediction_id"]: row for row in one_sided()[:210]}
    monkeypatch.setattr(ledger, "grade", lambda *_: [PLAYED])
    message = envelope({"mode": GRADE, "game_date": AS_OF.isoformat()})

    def away(*_: object, **__: object) -> None:
        raise Unavailable("Firestore")

    with monkeypatch.context() as patched:
        patched.setattr(quality_watching, "open_alerts", away)
        assert web.push("coordinator", "/regenerate-pubsub", message) == 503
    for _ in range(3):
        assert web.push("coordinator", "/regenerate-pubsub", message) == 204
    assert [(row["system_id"], row["window_days"]) for row in ledger.figures[AS_OF]] == [
        ("ensemble_v1", 7), ("ensemble_v1", 28),
    ]  # fmt: skip
    assert [record.type for record in list_alerts(web.bench.deps)] == ["quality_skew"]


def test_the_watch_has_the_limits_of_its_settings() -> None:
    config = replace(BackfillBench(days=[]).deps.config, quality_bias_points=2.5)
    assert quality_watching.limits(config).bias == 2.5
    assert replace(quality_watching.limits(config), bias=number("REGEN_QUALITY_BIAS_POINTS")) == LIMITS


# The command


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    bench = Watched(one_sided())
    bench.watch()
    kept = [dict(plain(row)) for row in bench.ledger.figures[AS_OF]]
    kept += [{**row, "as_of_date": "2026-01-18", "beyond": None} for row in kept]

    def answer(_: Reader, name: str, *__: object, first: Any, last: Any) -> Rows:
        assert name == "quality_kept"
        return [row for row in kept if first.isoformat() <= row["as_of_date"] <= last.isoformat()]

    monkeypatch.setattr(Reader, "run", answer)
    env = {
        "REGEN_LOCAL_HOME": str(tmp_path),
        "REGEN_CONFIG": str(tmp_path / "c"),
        "PROJECT_ID": "",
        "REGEN_PROFILE": "",
    }
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 1, 20, 17, tzinfo=UTC))

    def act(*words: str) -> Result:
        return run_command(["quality", *words], {**env, "BIGQUERY_EMULATOR_HOST": "http://127.0.0.1:9"})

    return act


def test_quality_shows_the_newest_figures(run: Any) -> None:
    found = run("--json")
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    assert [(row["as_of_date"], row["window_days"]) for row in told] == [("2026-01-19", 7), ("2026-01-19", 28)]
    assert told[0]["over_share_pct_low"] == 100
    table = run("2026-01-18", "2026-01-19", "--days", "7", "--sort-by", "as_of_date").stdout.splitlines()
    assert [line.split()[0] for line in table[1:]] == ["2026-01-18", "2026-01-19"]
    assert run("--format", "csv").stdout.startswith("as_of_date,system_id,window_days,graded,mae,bias,hit_rate_pct,")


def test_quality_beyond_exits_1_where_anything_is(run: Any) -> None:
    assert run("--beyond").exit_code == 1
    assert "over_share_pct" in run("--beyond").stdout
    calm = run("2026-01-18", "--beyond")
    assert (calm.exit_code, "nothing is beyond" in calm.stderr) == (0, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["2026-01-10"], "the newest are of 2026-01-19"),
        (["--system", "ensemble"], "the nearest: ensemble_v1"),
    ],
)
def test_quality_of_nothing_exits_4_with_the_nearest(run: Any, words: list[str], says: str) -> None:
    found = run(*words)
    assert found.exit_code == 4
    assert says in found.stderr
