"""The page of the late data says which dates rest on older shot zones than the store has; points stand below each other."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from regen.console.rendering import fixed
from regen.domain.values import replace
from support.console_bench import ConsoleBench
from support.league import DAY, players
from support.strict_html import problems


def _zones(bench: ConsoleBench, hashed: str, hours: float) -> None:
    written = bench.bench.clock.now() - timedelta(hours=hours)
    fresh = [
        replace(e, inputs=replace(e.inputs, shot_zones_hash=hashed, features_built_at=written))
        for e in players(3)
        if e.inputs
    ]
    bench.bench.slate(fresh)


def _section(bench: ConsoleBench, path: str = "/late-data") -> str:
    page = bench.browser_again().get(path)
    assert problems(page.text) == []
    return page.text[page.text.index('id="zones"') :]


def test_late_data_names_dates_that_rest_on_old_zones() -> None:
    bench = ConsoleBench()
    _zones(bench, "old", 5)
    bench.bench.run("first")
    assert "rests on those that the feature store has" in _section(bench)
    _zones(bench, "new", 2)
    bench.bench.clock.advance(301)
    shown = _section(bench)
    assert f'<a href="/dates/{DAY}">{DAY}</a>' in shown
    assert re.findall(r'href="/players/(\w+)\?', shown) == ["playera", "playerb", "playerc"]
    assert "2.1 h" in shown
    assert "rests on those" not in shown


def test_a_page_of_another_date_has_no_zones_of_this_one() -> None:
    bench = ConsoleBench()
    _zones(bench, "old", 5)
    bench.bench.run("first")
    _zones(bench, "new", 2)
    assert "rests on those" in _section(bench, f"/late-data?date={DAY - timedelta(days=1)}")
    assert "playera" in _section(bench, f"/late-data?date={DAY}")


def test_zones_that_cannot_be_read_leave_the_games(monkeypatch: pytest.MonkeyPatch) -> None:
    from regen.client.errors import Unreachable  # noqa: PLC0415

    def away(*_: object) -> None:
        raise Unreachable("no answer from BigQuery")

    bench = ConsoleBench()
    monkeypatch.setattr(bench.tables, "zones", away)
    text = bench.browser().get("/late-data").text
    assert "Shot zones cannot be shown" in text
    assert "No game awaits late data" in text


@pytest.mark.parametrize(
    ("value", "says"), [(15, "15.00"), (16.5, "16.50"), (Decimal("7.25"), "7.25"), (None, "-"), (1234.5, "1,234.50")]
)
def test_numbers_of_a_column_have_the_same_decimals(value: object, says: str) -> None:
    assert fixed(value) == says
