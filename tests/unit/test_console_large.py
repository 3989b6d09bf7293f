"""The pages over tables alone stay small with much to show: late data, accuracy, a player, the signs of life, the invariants."""

from __future__ import annotations

from datetime import timedelta

import pytest

from support.console_bench import ConsoleBench, game, grade
from support.league import DAY
from support.strict_html import problems

DATES, PLAYERS = 400, 5000
MOST_BYTES = 150_000


@pytest.fixture(scope="module")
def large() -> ConsoleBench:
    bench = ConsoleBench()
    days = [DAY - timedelta(days=n) for n in range(DATES)]
    bench.tables.awaited_rows = [game(day, number=n) for day in days for n in range(1, 13)]
    bench.tables.grades = [grade(day, f"system_{n}") for day in days for n in range(8)]
    generations = [
        {
            "game_date": day.isoformat(), "system_id": f"system_{n}", "points": 20.5, "line": 19.5, "recommendation": "OVER",
            "tier": "GOLD", "retrospective": False, "batch_id": f"regen_{day}_feature_upgrade_0000000{n}",
            "created_at": f"{day}T12:00:00+00:00", "superseded_at": None, "superseded_reason": None,
            "is_current": not n, "actual_points": 21,
        }
        for day in days for n in range(8)
    ]  # fmt: skip
    names = [f"player{n:05}x" for n in range(PLAYERS)]
    behind = [
        {"game_date": day.isoformat(), "players": names, "written_at": f"{day}T12:00:00+00:00"} for day in days[:46]
    ]
    bench.tables.player = lambda *_: generations  # type: ignore[method-assign, assignment]
    bench.tables.zones = lambda *_: behind  # type: ignore[method-assign, assignment]
    return bench


@pytest.mark.parametrize(
    ("path", "reads"),
    [
        ("/late-data", 2),
        ("/late-data?all=1", 2),
        (f"/accuracy?until={DAY}", 2),
        (f"/players/a?date={DAY}", 1),
        ("/alerts", 3),
        (f"/checks?from={DAY - timedelta(days=DATES - 1)}&to={DAY}", 1),
    ],
)
def test_a_page_of_much_is_small_and_asks_little(path: str, reads: int, large: ConsoleBench) -> None:
    before = large.memory.reads
    page = large.browser_again().get(path)
    assert page.status == 200
    assert len(page.text.encode()) <= MOST_BYTES
    assert large.memory.reads - before <= reads
    assert problems(page.text) == []
