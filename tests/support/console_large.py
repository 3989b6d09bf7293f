"""The console with much to show: 400 dates and 5,000 players; and how long its pages take.

python -m support.console_large     the milliseconds of each page; exit 1 if one takes longer than it may
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from regen.console.ports import Row
from support.console_bench import ConsoleBench, game, grade
from support.league import DAY, entry, players

DATES, PLAYERS = 400, 5000
MOST_BYTES = 150_000
MOST_MILLISECONDS = 300.0
PLANS = "/acts/"
"""Pages of a dry run: their time is that of the coordinator, which reads the slates again; it has no limit here."""
RUNS = 5
FIRST = DAY - timedelta(days=DATES - 1)


@dataclass(frozen=True)
class Large:
    """A console with much to show.

    Attributes:
        reads: how often each page may ask at most.
    """

    bench: ConsoleBench
    reads: Mapping[str, int]


def of_records() -> Large:
    """A date with all the players, a batch that has failed for each of them, and a backfill of all the dates."""
    made = ConsoleBench(players_per_request=500)
    made.bench.slate([entry(f"player{n:05}x", broken=True) for n in range(PLAYERS)])
    made.bench.regenerate()
    made.bench.drain()
    for n in range(1, DATES):
        made.bench.slate(players(1), DAY - timedelta(days=n))
    name = made.web.get("/batches").json["batches"][0]["batch_id"]  # type: ignore[index]
    body = {"from": FIRST.isoformat(), "to": DAY.isoformat()}
    backfill = made.web.post("/backfills", body).json["backfill_id"]  # type: ignore[index]
    reads = {
        "/": 3,
        f"/dates?month={DAY}": 2,
        f"/dates/{DAY}": 6,
        f"/dates/{DAY}/slate": 1,
        f"/batches/{name}": 2,
        f"/batches/{name}/moves": 2,
        "/backfills": 1,
        f"/backfills/{backfill}": 1,
        f"/acts/backfill?from={FIRST}&to={DAY}": 0,
        f"/acts/regenerate?date={DAY}": 0,
    }
    return Large(made, reads)


def of_tables() -> Large:
    """Late data, grades, other shot zones and one player's generations on all the dates."""
    made = ConsoleBench()
    days = [DAY - timedelta(days=n) for n in range(DATES)]
    made.tables.awaited_rows = [game(day, number=n) for day in days for n in range(1, 13)]
    made.tables.grades = [grade(day, f"system_{n}") for day in days for n in range(8)]
    generations: list[Row] = [
        {
            "game_date": day.isoformat(), "system_id": f"system_{n}", "points": 20.5, "line": 19.5, "recommendation": "OVER",
            "tier": "GOLD", "retrospective": False, "batch_id": f"regen_{day}_feature_upgrade_0000000{n}",
            "created_at": f"{day}T12:00:00+00:00", "superseded_at": None, "superseded_reason": None,
            "is_current": not n, "actual_points": 21,
        }
        for day in days for n in range(8)
    ]  # fmt: skip
    names = [f"player{n:05}x" for n in range(PLAYERS)]
    behind: list[Row] = [
        {"game_date": day.isoformat(), "players": names, "written_at": f"{day}T12:00:00+00:00"} for day in days[:46]
    ]
    made.tables.player = lambda *_: generations  # type: ignore[method-assign]
    made.tables.zones = lambda *_: behind  # type: ignore[method-assign]
    reads = {
        "/late-data": 2,
        "/late-data?all=1": 2,
        f"/accuracy?until={DAY}": 2,
        f"/players/a?date={DAY}": 1,
        "/alerts": 3,
        f"/checks?from={FIRST}&to={DAY}": 1,
    }
    return Large(made, reads)


def main() -> int:
    """Print how long each page takes; return 1 if one takes longer than it may."""
    slow = []
    title = f"pages of {DATES} dates and {PLAYERS} players, {RUNS} runs, milliseconds"
    sys.stdout.write(f"{title:<64} median  slowest\n")
    for large in (of_records(), of_tables()):
        browser = large.bench.browser()
        for path in large.reads:
            took = []
            for _ in range(RUNS):
                began = time.perf_counter()
                assert browser.get(path).status == 200
                took.append(1000 * (time.perf_counter() - began))
            sys.stdout.write(f"{path:<64} {statistics.median(took):>6.0f}  {max(took):>7.0f}\n")
            if statistics.median(took) > MOST_MILLISECONDS and not path.startswith(PLANS):
                slow.append(path)
    if slow:
        sys.stderr.write(f"over {MOST_MILLISECONDS:g} ms: {', '.join(slow)}\n")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
