"""The report: its charts, what it says, and that nothing from outside gets into it or out of it."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from regen.api.batches import WholeBatch
from regen.client.accuracy import SystemErrors, by_system
from regen.client.moves import moves, of_rows
from regen.client.reader import Reader
from regen.domain.values import replace
from regen.report.facts import Facts, facts_of, named_changes
from regen.report.page import page
from regen.report.svg import NARROW, STEPS, Series, Span, bars, differences, histogram, ticks, timeline
from regen.report.tables import table_html
from support.console_bench import figures
from support.fake_coordinator import whole

NOW = datetime(2026, 1, 25, 12, tzinfo=UTC)
HEADS = [
    "Verdict",
    "Coverage by date",
    "Outcomes",
    "Old against new",
    "Distribution of moves",
    "Biggest moves",
    "Accuracy before and after",
    "Live quality",
    "Timeline",
    "History",
]
CHROMIUM = next(
    filter(
        None, map(shutil.which, ("chromium", "chromium-headless-shell", "google-chrome", "chrome", "chromium-browser"))
    ),
    None,
)


def view(day: str, failed: int = 0, superseded: int = 500) -> WholeBatch:
    steps = ["created", "dispatching", "running", "complete", "verifying", "promoting", "promoted"]
    history = [
        {"from": a, "to": b, "at": (NOW + timedelta(seconds=n + 1)).isoformat(), "why": "x"}
        for n, (a, b) in enumerate(itertools.pairwise(steps))
    ]
    counts = {"requested": 80, "produced": 80 - failed, "skipped": 0, "failed": failed}
    return whole(
        batch_id=f"regen_{day}_x_1",
        game_date=day,
        reason="x",
        created_at=NOW.isoformat(),
        coverage_pct=100.0 - failed,
        counts={**counts, "superseded": superseded, "inserted": 510},
        outcomes=[
            {"player_lookup": f"p{n}<b>", "outcome": "failed", "reason": "no_features", "error": None}
            for n in range(failed)
        ],
        verdict=None,
        history=history,
    )


def rows(number: int = 60) -> list[dict[str, Any]]:
    return [
        {
            "player_lookup": f"player{n}",
            "system_id": "ensemble_v1",
            "old_points": 10.0 + n / 4,
            "new_points": 10.0 + n / 4 + ((n * 7) % 11 - 5) / 4,
            "old_recommendation": "OVER",
            "new_recommendation": "UNDER" if n % 9 == 0 else "OVER",
        }
        for n in range(number)
    ]


def backfill_facts() -> Facts:
    """A backfill with a date that fell short, one without a slate, and texts that want to be markup."""
    found = rows()
    return Facts(
        subject="backfill_2026-01-20_2026-01-22_<script>",
        status="done",
        reason="x",
        made_at=NOW,
        batches=[view("2026-01-20"), view("2026-01-21", failed=6)],
        moves=moves(of_rows(found)),
        pairs=[(f"{r['player_lookup']}, 2026-01-20", "ensemble_v1", r["old_points"], r["new_points"]) for r in found],
        lacking=[("2026-01-22", "no slate"), ("2026-01-23", "up\x1b[2K\u202eside")],
        accuracy={
            "2026-01-20": {"players": 70, "pairs": 60, "mae_before": 5.1, "mae_after": 4.9, "mae": 4.95},
            "2026-01-21": {"players": 70, "pairs": 0, "mae_before": None, "mae_after": None, "mae": 5.0},
        },
        systems=[SystemErrors("zone_matchup_v1", 60, 5.125, 4.875)],
        quality=[dict(figures()), dict(figures(system="bold", beyond="over_share_pct"))],
    )


@pytest.fixture
def facts() -> Facts:
    return backfill_facts()


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_every_section_is_there_and_the_charts_are_sound(facts: Facts) -> None:
    html = page(facts)
    assert re.findall(r"<h2>([^<]+)</h2>", html) == HEADS
    charts = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(charts) == 12, "six charts, each for a desk and for a phone"
    for chart in charts:
        ET.fromstring(chart)  # noqa: S314 - our own text
        assert "nan" not in chart.lower().replace("player", "")
    assert "no_features" in html
    assert "<th scope=row>zone_matchup_v1</th><td class=number>60</td>" in html
    assert "<td class=number>-0.250</td>" in html
    assert "2026-01-22: no slate" in html


def test_report_fetches_nothing_and_escapes_outside_text(facts: Facts) -> None:
    html = page(facts)
    tags = Tags()
    tags.feed(html)
    assert not {tag for tag, _ in tags.found} & {"script", "img", "link", "iframe", "object"}
    assert not [a for _, attributes in tags.found for a in attributes if a in {"src", "href", "srcset"}]
    assert not re.search(r"https?://|url\(|@import", html)
    assert "default-src 'none'" in html
    assert "&lt;script&gt;" in html
    assert "p0&lt;b&gt;" in html
    assert "up\\x1b[2K\\u202eside" in html
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", html)


def test_a_first_prediction_has_nothing_to_compare() -> None:
    first = view("2026-01-20", superseded=0)
    html = page(Facts("batch_2026-01-20_1", "promoted", "daily", NOW, [first], moves([])))
    assert "Nothing was replaced: these are first predictions." in html
    assert "no box score of these players is in the tables" in html


def test_live_quality_names_what_is_beyond_its_limit(facts: Facts) -> None:
    html = page(facts)
    assert "of the days up to 2026-01-20" in html
    assert "<th scope=row>bold</th><td class=number>7</td><td class=number>1234</td><td class=number>5.25</td>" in html
    assert "<td>over_share_pct</td>" in html
    assert "Live quality" not in page(replace(facts, quality=[]))


def test_a_report_reads_the_newest_live_quality(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(_: Reader, name: str, *__: object, **values: Any) -> list[dict[str, Any]]:
        asked.append(name)
        return [dict(figures()), dict(figures(as_of=date(2026, 1, 13)))] if name == "quality_kept" else []

    monkeypatch.setattr(Reader, "run", answer)
    found = facts_of(Reader("p", "http://127.0.0.1:9"), "regen_2026-01-20_x_1", "promoted", "x", [view("2026-01-20")])
    assert sorted(asked) == ["diff", "diff_accuracy", "quality_kept"]
    assert [row["as_of_date"] for row in found.quality] == ["2026-01-20"]


def test_report_works_for_a_backfill_without_batches() -> None:
    html = page(Facts("backfill_1", "done", "x", NOW, [], moves([]), lacking=[("2026-07-01", "no slate")]))
    assert "No batch was opened" in html


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 116), (-3.2, 4.1), (0, 0), (0, 1e-6), (5, 5.01), (0, 123456)])
def test_ticks_are_few_round_and_hold_the_values(low: float, high: float) -> None:
    found = ticks(low, high)
    assert found[0] <= low + 1e-9
    assert found[-1] >= high - 1e-9
    assert 2 <= len(found) <= 8
    assert found == sorted(set(found))


STYLE = (Path(page.__code__.co_filename).parent / "style.css").read_text()
#: What a deuteranope sees, in linear light (Viénot, Brettel and Mollon, 1999).
DEUTERANOPE = ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0))


def _linear(colour: str) -> tuple[float, ...]:
    parts = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)


def _contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    low, high = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_produced_and_failed_differ_for_every_eye(scheme: int) -> None:
    """They differed by 1.15:1, and by 1.05:1 for a deuteranope."""
    named = dict(re.findall(r"--(\w[\w-]*): (#[0-9a-f]{6});", STYLE.split(":root")[1 + scheme]))
    good, bad = _linear(named["good"]), _linear(named["bad"])
    assert _contrast(good, bad) >= 2.5
    seen = [tuple(sum(m * c for m, c in zip(row, eye, strict=True)) for row in DEUTERANOPE) for eye in (good, bad)]
    assert _contrast(*seen) >= 2.5
    panel = _linear(named["panel"])
    assert _contrast(_linear(named["soft-ink"]), panel) >= 4.5
    assert all(_contrast(_linear(named[name]), panel) >= 2.0 for name in ("good", "bad", "one", "soft"))


def test_values_stand_in_tables_with_heads_and_captions(facts: Facts) -> None:
    """They hid in the titles that a mouse shows."""
    html = page(facts)
    assert "<caption>Players by outcome</caption>" in html
    assert "<th scope=row>2026-01-21</th><td class=number>74</td><td class=number>0</td><td class=number>6</td>" in html
    assert html.count("<table") == html.count("<caption")
    assert not re.search(r"<th(?! scope)[ >]", html)


def test_charts_stay_readable_on_a_phone_and_on_paper(facts: Facts) -> None:
    """Their text was 4.7 px high on a phone, and print cut them; in a browser: tests/browser/test_report_page.py."""
    size = int(re.findall(r"svg text { font-size: (\d+)px", STYLE)[0])
    phone, paper = 390 - 2 * 10 - 2 * 12 - 2, 718
    widths = {float(width) for width in re.findall(r'<svg viewBox="0 0 (\d+) ', page(facts))}
    assert {min(widths), max(widths)} == widths
    assert size * phone / min(widths) >= 11
    assert size * paper / max(widths) >= 11
    assert "@media print" in STYLE
    assert "break-inside: avoid" in STYLE


def test_no_two_parts_of_a_timeline_look_alike() -> None:
    """`running` and `rejected` had one colour."""
    named = re.findall(r"\.(step\d) { --at: (#[0-9a-f]{6}); }", STYLE)
    assert [name for name, _ in sorted(named)] == [f"step{n}" for n in range(STEPS)]
    assert len({colour for _, colour in named}) == STEPS
    for part in STYLE.split(":root")[1:3]:
        panel = _linear(re.findall(r"--panel: (#[0-9a-f]{6});", part)[0])
        assert all(_contrast(_linear(colour), panel) >= 2.0 for _, colour in named)


def test_values_stand_on_the_bars_where_they_fit() -> None:
    drawn = bars(["a", "b"], [Series("s", "one", [12.0, None])], name="n")
    assert re.findall(r'class="value"[^>]*>([^<]+)<', drawn) == ["12"]
    many = [str(n) for n in range(200)]
    assert 'class="value"' not in bars(many, [Series("s", "one", [100.0] * 200)], name="n", width=NARROW)


def test_the_moves_of_each_system_stand_under_their_chart(facts: Facts) -> None:
    html = page(facts)
    assert "<th scope=row>ensemble_v1</th><td class=number>60</td><td class=number>55</td>" in html
    assert html.count("<caption>Predictions by their move</caption>") == 1


def test_a_column_of_words_with_gaps_stands_to_the_left() -> None:
    assert table_html(("a", "b"), [("x", None), ("y", "z")]).count("class=number") == 0
    assert table_html(("a", "b"), [("x", None), ("y", 2)]).count("class=number") == 3


def test_what_did_not_move_has_no_bar(facts: Facts) -> None:
    html = page(facts)
    still = sum(old == new for _, _, old, new in facts.pairs)
    assert still
    assert f"{60 - still} of 60 predictions moved; {still} did not." in html
    drawn = html[html.index("<h2>Distribution of moves") : html.index("<h2>Biggest moves")].partition('class="narrow"')[
        0
    ]
    assert sum(int(n) for n in re.findall(r"<title>[^<]*: (\d+)</title>", drawn)) == 60 - still


def test_bars_show_each_value_once_and_omit_missing_ones() -> None:
    drawn = bars(["a", "b"], [Series("s", "one", [1.0, None]), Series("t", "soft", [2.0, 3.0])], name="n")
    tips = re.findall(r"<title>([^<]+)</title>", drawn)
    assert tips[:3] == ["a, s: 1", "a, t: 2", "b, t: 3"]


def test_a_histogram_counts_every_value() -> None:
    values = [-2.0, -0.1, 0.0, 0.1, 0.1, 3.9, 4.0]
    drawn = histogram(values, name="n", x_name="x")
    assert sum(int(n) for n in re.findall(r"<title>[^<]*: (\d+)</title>", drawn)) == len(values)
    assert "nothing to show" in histogram([], name="n", x_name="x")


def test_differences_and_timeline_draw_extreme_values() -> None:
    ET.fromstring(differences([], name="n", x_name="x", y_name="y"))  # noqa: S314
    ET.fromstring(differences([(0.0, 0.0, "a & b")], name="n", x_name="x", y_name="y"))  # noqa: S314
    ET.fromstring(timeline([("d", [Span(0, 0, "x")])], name="n"))  # noqa: S314
    ET.fromstring(timeline([], name="n"))  # noqa: S314


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return tmp_path / "profile"


@pytest.mark.skipif(CHROMIUM is None, reason="SKIPPED, Chromium is not installed: the page is not opened in a browser")
def test_a_browser_shows_it_without_errors_or_requests(facts: Facts, tmp_path: Path, profile: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page(facts), encoding="utf-8")
    log = tmp_path / "net.json"
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
        f"--user-data-dir={profile}", f"--log-net-log={log}", "--enable-logging=stderr", "--v=0",
        f"--screenshot={tmp_path / 'shot.png'}", "--window-size=1040,2600", "--dump-dom", file.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("<svg") == 12
    assert "CONSOLE" not in done.stderr
    events = log.read_text(encoding="utf-8")
    asked = [url for url in re.findall(r'"url":"([^"]+)"', events) if url.startswith("http")]
    assert not [url for url in asked if json.dumps(url) in page(facts)]
    assert not re.findall(r"https?://", page(facts))


def test_the_errors_of_a_system_weigh_each_date_by_its_players() -> None:
    rows = [
        {"game_date": "2026-01-20", "system_id": "a", "pairs": 30, "mae_before": 5.0, "mae_after": 4.0},
        {"game_date": "2026-01-21", "system_id": "a", "pairs": 10, "mae_before": 7.0, "mae_after": 8.0},
        {"game_date": "2026-01-22", "system_id": "a", "pairs": 0, "mae_before": None, "mae_after": None},
        {"game_date": "2026-01-22", "system_id": "new", "pairs": 0, "mae_before": None, "mae_after": None},
    ]
    assert by_system(rows) == [SystemErrors("a", 40, 5.5, 5.0)]


def test_the_interval_of_a_change_is_made_of_games() -> None:
    """Of two dates with games of (pairs, sum of changes): (4, -2), (6, -9) and (5, 1)."""
    sums = {"pairs_pairs": (52, 25), "pairs_changes": (-62, 5), "changes_changes": (85, 1), "paired_games": (2, 1)}
    rows = [
        {
            "game_date": f"2026-01-2{n}",
            "system_id": "a",
            "pairs": pairs,
            "mae_before": 5.0,
            "mae_after": 5.0 + change,
            **{name: both[n] for name, both in sums.items()},
        }
        for n, (pairs, change) in enumerate([(10, -1.1), (5, 0.2)])
    ]
    mean = -10 / 15
    spread = sum((change - pairs * mean) ** 2 for pairs, change in ((4, -2), (6, -9), (5, 1)))
    (found,) = by_system(rows)
    assert found.margin is not None
    assert found.margin == pytest.approx(1.96 * (spread * 3 / 2) ** 0.5 / 15, abs=0.001)
    assert found.change == pytest.approx(mean, abs=0.001)
    assert found.interval == f"{found.change - found.margin:+.3f} to {found.change + found.margin:+.3f}"
    (one_game,) = by_system([{**rows[1], "paired_games": 1}])
    assert (one_game.margin, one_game.interval) == (None, "-")


def test_the_biggest_moves_name_the_inputs_that_changed(facts: Facts) -> None:
    fresh = {**rows(1)[0], "new_points": 12.0}
    kept = [
        replace(row, changed_inputs=names)
        for row, names in zip(of_rows([fresh, {**fresh, "system_id": "other"}]), (["injury_risk"], ["x"]), strict=True)
    ]
    html = page(replace(facts, moves=moves(kept), changes=named_changes(kept)))
    assert 'data-head="inputs that changed">injury_risk</td>' in html
    assert 'data-head="inputs that changed">-</td>' in page(replace(facts, moves=moves(kept)))
