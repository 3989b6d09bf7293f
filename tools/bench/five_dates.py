"""The main job, timed: five dates of 81, 52, 88, 116 and 116 players, from the first accepted to the fifth promoted."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.counting import FUNCTIONS, used
from regen import league
from regen.adapters.bigquery.loading import TableLoader
from regen.client.http import Coordinator
from regen.data.importer import ImportOptions, import_data, zones_arrive
from regen.local.plan import Options
from regen.local.stack import Stack
from regen.local.tables import bigquery_client

DATES = tuple(date(2026, 1, 20) + timedelta(days=n) for n in range(5))
ENDED = frozenset({"promoted", "rejected", "failed", "cancelled"})
WAIT_SECONDS = 180.0


def run(build: Path, runs: int, *, emulators: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """First predictions, the late data, then the dates regenerated at once, several times.

    Returns:
        Median and all runs: seconds, CPU by process, operations, jobs a batch.
    """
    options = Options(home=build / "run", build=build, emulators=emulators)
    rows: list[dict[str, Any]] = []
    with Stack(options) as stack:
        data = league.as_data(league.generate())
        client = bigquery_client(stack.urls["bigquery"], options.project)
        loader = TableLoader(client, options.project)
        import_data(data, loader, ImportOptions(dates=frozenset(DATES)))
        coordinator = Coordinator(stack.urls["coordinator"], stack.env["API_KEY"])
        _all(coordinator, "/start", {})
        zones_arrive(data, loader, DATES)
        for _ in range(runs):
            before = used(stack)
            views = _all(coordinator, "/regenerate-with-supersede", {"reason": "bench"})
            spent = used(stack).since(before)
            rows.append(_row(views, spent))
            say(f"  five dates in {rows[-1]['seconds']:.2f} s, functions' CPU {rows[-1]['functions_cpu']:.2f} s")
        stack.check()
    rows.sort(key=lambda row: row["seconds"])
    return {**rows[len(rows) // 2], "all_seconds": [row["seconds"] for row in rows]}


def _all(coordinator: Coordinator, path: str, body: dict[str, str]) -> list[dict[str, Any]]:
    def one(day: date) -> str:
        answer: str = coordinator.post(path, {**body, "game_date": day.isoformat()})["batch_id"]
        return answer

    with ThreadPoolExecutor(len(DATES)) as pool:
        batches = list(pool.map(one, DATES))
    views = []
    end = time.monotonic() + WAIT_SECONDS
    for batch in batches:
        while (view := coordinator.batch(batch))["status"] not in ENDED:
            if time.monotonic() > end:
                raise SystemExit(f"{batch} is {view['status']} after {WAIT_SECONDS:g} s")
            time.sleep(0.25)
        if view["status"] != "promoted":
            raise SystemExit(f"{batch} is {view['status']}: {view['error']}")
        views.append(view)
    return views


def _row(views: list[dict[str, Any]], spent: Any) -> dict[str, Any]:  # noqa: ANN401 - Used
    first = min(datetime.fromisoformat(v["created_at"]) for v in views)
    last = max(datetime.fromisoformat(v["ended_at"]) for v in views)
    cpu = {name: spent.cpu[name] for name in spent.cpu}
    return {
        "seconds": round((last - first).total_seconds(), 3),
        "players": sum(v["counts"]["produced"] for v in views),
        "functions_cpu": round(sum(cpu.get(name, 0.0) for name in (*FUNCTIONS, "host")), 3),
        "cpu": cpu,
        "operations": spent.operations,
        "requests": spent.requests,
        "handler_seconds": spent.seconds,
        "bigquery_jobs_per_batch": round(spent.operations["jobs"] / len(views), 2),
        "dates": [{"game_date": v["game_date"], "seconds": v["timings"].get("promoted")} for v in views],
    }
