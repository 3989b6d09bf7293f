"""Every page and state of the console: what makes it, and its address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from regen.domain.batch import Batch
from regen.domain.slate_reading import SlateEntry
from regen.domain.values import replace
from regen.services.batch import orders
from regen.services.state import heartbeats
from support.console_bench import ConsoleBench, figures, game, grade
from support.league import DAY, entry, moved_players, players

Scene = Callable[[ConsoleBench], str]
NEXT_DAY = DAY + timedelta(days=1)


def batch(bench: ConsoleBench, name: str = "t1") -> Batch:
    return bench.bench.run(name)


def live(bench: ConsoleBench) -> str:
    return bench.bench.regenerate().batch_id


def rejected(bench: ConsoleBench) -> str:
    bench.bench.slate([*players(3), *(entry(f"broken{n}", broken=True) for n in "abcdef")])
    found = batch(bench)
    assert found.status == "rejected"
    return found.batch_id


def moved(bench: ConsoleBench) -> str:
    batch(bench, "first")
    bench.bench.slate(moved_players())
    return batch(bench, "second").batch_id


def would_move(bench: ConsoleBench) -> str:
    batch(bench, "first")
    broken = [entry(f"broken{n}", broken=True) for n in "abcdef"]
    bench.bench.slate([*moved_players(), *broken])
    found = batch(bench, "second")
    assert found.status == "rejected"
    return found.batch_id


def held(bench: ConsoleBench) -> str:
    batch(bench, "first")
    bench.bench.slate(moved_players())
    found = bench.bench.run("second", hold=True)
    assert found.status == "held"
    return found.batch_id


def cancelled(bench: ConsoleBench) -> str:
    name = live(bench)
    orders.cancel(bench.bench.deps, orders.Order(name, "api_key:one", "a mistake"))
    return name


def rolled_back(bench: ConsoleBench) -> str:
    found = batch(bench)
    orders.rollback(bench.bench.deps, bench.bench.order(found))
    bench.bench.drain()
    return found.batch_id


def backfill(bench: ConsoleBench) -> str:
    body = {"from": DAY.isoformat(), "to": NEXT_DAY.isoformat()}
    made = bench.web.post("/backfills", body).json
    assert made is not None
    return str(made["backfill_id"])


def full(bench: ConsoleBench) -> None:
    moved(bench)
    bench.tables.awaited_rows = [game(), game(number=2, status="bdb_available")]
    bench.tables.grades = [grade(), grade(system="bold"), grade(DAY - timedelta(days=9))]
    bench.tables.figures = [
        figures(),
        figures(system="bold", beyond="bias, over_share_pct"),
        figures(DAY - timedelta(days=1)),
    ]
    bench.tables.scored = {"a": 21}
    bench.bench.slate(players(4), NEXT_DAY)


def without_start(found: SlateEntry) -> SlateEntry:
    """A player of another date, whose game begins at a time that is not known."""
    inputs = None if found.inputs is None else replace(found.inputs, game_start=None)
    return replace(found, inputs=inputs)


def season(bench: ConsoleBench) -> str:
    """Six weeks as they come: promoted, partial and rejected dates, days off, one live batch."""
    for n in range(1, 44):
        day = DAY - timedelta(days=n)
        if n % 6 == 3:
            continue
        good, broken = {0: (3, 6), 1: (10, 1)}.get(n % 11, (10, 0))
        faulty = [entry(f"broken{x}", day=day, broken=True) for x in "abcdef"[:broken]]
        bench.bench.slate([without_start(e) for e in (*players(good, day=day), *faulty)], day)
        bench.bench.run(f"n{n}", day=day)
    bench.tables.awaited_rows = [game(), game(DAY - timedelta(days=4))]
    moved(bench)
    bench.bench.slate([without_start(e) for e in players(10, day=NEXT_DAY)], NEXT_DAY)
    bench.bench.regenerate("tonight", day=NEXT_DAY)
    heartbeats.beat(bench.bench.deps, heartbeats.SWEEP, live=1, trouble=0)
    return "/"


def at(path: str) -> Scene:
    def scene(bench: ConsoleBench) -> str:
        full(bench)
        return path

    return scene


def of(make: Callable[[ConsoleBench], str], path: str) -> Scene:
    return lambda bench: path.format(make(bench))


SCENES: Mapping[str, Scene] = {
    "board, empty": lambda bench: "/",
    "board, full": at("/"),
    "board, live": of(live, "/"),
    "board, rejected": of(rejected, "/"),
    "board, earlier": at("/?until=2025-11-30"),
    "board, season": season,
    "months": at("/dates?month=2026-01-20"),
    "months, season": lambda bench: season(bench) + f"dates?month={DAY}",
    "date, empty": lambda bench: "/dates/2025-07-01",
    "date, full": at(f"/dates/{DAY}"),
    "date, live": of(live, f"/dates/{DAY}"),
    "slate": at(f"/dates/{DAY}/slate"),
    "slate, empty": lambda bench: "/dates/2025-07-01/slate",
    "batch, live": of(live, "/batches/{}"),
    "batch, promoted": of(moved, "/batches/{}"),
    "batch, rejected": of(rejected, "/batches/{}"),
    "batch, held": of(held, "/batches/{}"),
    "batch, filtered": of(rejected, "/batches/{}?outcome=failed&q=broken"),
    "batch, filtered away": of(rejected, "/batches/{}?q=nobody"),
    "batch, cancelled": of(cancelled, "/batches/{}"),
    "batch, rolled back": of(rolled_back, "/batches/{}"),
    "batch, unknown": lambda bench: "/batches/regen_2026-01-20_x_1",
    "moves": of(moved, "/batches/{}/moves"),
    "moves, none": of(rejected, "/batches/{}/moves"),
    "moves, before": of(would_move, "/batches/{}/moves"),
    "backfills, empty": lambda bench: "/backfills",
    "backfills": of(backfill, "/backfills"),
    "backfill": of(backfill, "/backfills/{}"),
    "player": at(f"/players/a?date={DAY}"),
    "player, none": lambda bench: "/players/nobody",
    "late data": at("/late-data"),
    "late data, empty": lambda bench: "/late-data",
    "checks": lambda bench: "/checks",
    "checks, asked": at(f"/checks?from={DAY}&to={DAY}"),
    "signs of life": lambda bench: "/alerts",
    "accuracy": at(f"/accuracy?until={DAY}"),
    "accuracy, empty": lambda bench: "/accuracy",
    "no page": lambda bench: "/nowhere",
    "no date": lambda bench: "/dates/2026-13-40",
    "act, options": lambda bench: "/acts/regenerate",
    "act, start": at(f"/acts/start?date={NEXT_DAY}"),
    "act, regenerate": at(f"/acts/regenerate?date={DAY}"),
    "act, coalescing": of(live, f"/acts/regenerate?date={DAY}"),
    "act, cancel": of(live, "/acts/cancel?batch={}"),
    "act, redrive": of(rejected, "/acts/redrive?batch={}"),
    "act, promote": of(rejected, "/acts/promote?batch={}"),
    "act, promote held": of(held, "/acts/promote?batch={}"),
    "act, rollback": of(moved, "/acts/rollback?batch={}"),
    "act, refused": of(live, "/acts/rollback?batch={}"),
    "act, backfill": at(f"/acts/backfill?from={DAY}&to={NEXT_DAY}"),
    "act, pause": of(backfill, "/acts/pause-backfill?backfill={}"),
    "act, resume": of(backfill, "/acts/resume-backfill?backfill={}"),
    "act, cancel backfill": of(backfill, "/acts/cancel-backfill?backfill={}"),
    "act, scan": at("/acts/scan"),
    "act, grade": at(f"/acts/grade?from={DAY}&to={DAY}"),
    "act, incomplete": lambda bench: "/acts/grade?from=2026-01-20",
    "act, unknown": lambda bench: "/acts/destroy",
}
