"""The main job, timed: five dates of 81, 52, 88, 116 and 116 players, from the first accepted to the fifth promoted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.counting import FUNCTIONS, read_usage
from regen import league
from regen.adapters.bigquery.clients import emulator_client
from regen.adapters.bigquery.loading import TableLoader
from regen.api.batches import WholeBatch
from regen.client.coordinator import Coordinator
from regen.data.importer import ImportOptions, import_data, zones_arrive
from regen.local.plan import Options
from regen.local.stack import Stack

DATES = tuple(date(2026, 1, 20) + timedelta(days=n) for n in range(5))
WAIT_SECONDS = 180.0


def run(build: Path, runs: int, *, emulators: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Make first predictions, load the late data, then regenerate the dates at once, several times.

    Returns:
        Median and all runs: seconds, CPU by process, operations, jobs a batch.
    """
    options = Options(home=build / "run", build=build, emulators=emulators)
    rows: list[dict[str, Any]] = []
    with Stack(options) as stack:
        data = league.as_data(league.generate())
        client = emulator_client(stack.urls["bigquery"], options.project)
        loader = TableLoader(client, options.project)
        import_data(data, loader, ImportOptions(dates=frozenset(DATES)))
        coordinator = Coordinator(stack.urls["coordinator"], stack.env["API_KEY"])
        run_dates(stack, coordinator, "/start", {}, DATES)
        zones_arrive(data, loader, DATES)
        for _ in range(runs):
            rows.append(regenerate(stack, coordinator, DATES))
            say(f"  five dates in {rows[-1]['seconds']:.2f} s, functions' CPU {rows[-1]['functions_cpu']:.2f} s")
        alone = [regenerate(stack, coordinator, DATES[-1:]) for _ in range(runs)]
        stack.check()
    for found in (rows, alone):
        found.sort(key=lambda row: row["seconds"])
    say(f"  one date alone in {alone[len(alone) // 2]['seconds']:.2f} s")
    middle = {**rows[len(rows) // 2], "all_seconds": [row["seconds"] for row in rows]}
    return {**middle, "one_date": alone[len(alone) // 2]}


def regenerate(stack: Stack, coordinator: Coordinator, dates: Sequence[date]) -> dict[str, Any]:
    """Regenerate the dates at once; return seconds from the first acceptance to the last promotion, and usage."""
    before = read_usage(stack)
    views = run_dates(stack, coordinator, "/regenerate-with-supersede", {"reason": "bench"}, dates)
    return _row(views, read_usage(stack).since(before))


def run_dates(
    stack: Stack, coordinator: Coordinator, path: str, body: dict[str, str], dates: Sequence[date]
) -> list[WholeBatch]:
    """Request the dates and wait until they are promoted; return their batches."""

    def one(day: date) -> str:
        return str(coordinator.post(path, {**body, "game_date": day.isoformat()})["batch_id"])

    with ThreadPoolExecutor(len(dates)) as pool:
        batches = list(pool.map(one, dates))
    views = []
    end = time.monotonic() + WAIT_SECONDS
    log = stack.options.home / "logs" / ("host.log" if stack.why_in_process else "verifier.log")
    for batch in batches:
        # Read the log instead of polling the coordinator, so that polling is not counted.
        while not any(batch in line and "action=end" in line for line in log.read_text().splitlines()):
            if time.monotonic() > end:
                raise SystemExit(f"{batch} has not ended after {WAIT_SECONDS:g} s")
            time.sleep(0.1)
        view = coordinator.batch(batch).value
        if view.status != "promoted":
            raise SystemExit(f"{batch} is {view.status}: {view.error}")
        views.append(view)
    return views


def _row(views: list[WholeBatch], spent: Any) -> dict[str, Any]:  # noqa: ANN401 - Usage
    first = min(v.created_at for v in views)
    last = max(v.ended_at or v.updated_at for v in views)
    cpu = {name: spent.cpu[name] for name in spent.cpu}
    return {
        "seconds": round((last - first).total_seconds(), 3),
        "players": sum(v.counts.produced or 0 for v in views),
        "functions_cpu": round(sum(cpu.get(name, 0.0) for name in (*FUNCTIONS, "host")), 3),
        "cpu": cpu,
        "operations": spent.operations,
        "requests": spent.requests,
        "handler_seconds": spent.seconds,
        "bigquery_jobs_per_batch": round(spent.operations["jobs"] / len(views), 2),
        "dates": [{"game_date": v.game_date.isoformat(), "seconds": v.timings.get("promoted")} for v in views],
    }
