"""Fan-out to completion: N players with a task of about 1 ms each, from the submission to the completion callback."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from bench.counting import read_usage
from regen.local.plan import Options
from regen.local.stack import Stack

HERE = Path(__file__).parent
FIRST = date(2026, 1, 1)
CPU_REPEATS = 300


def run(build: Path, sizes: Mapping[int, int], *, emulators: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Run each size the given number of times.

    Returns:
        By size: players a second (median of the runs), CPU outside the task in ms a player, operations.
    """
    sys.path.insert(0, str(HERE / "functions" / "worker"))
    from workload import expected_sum  # type: ignore[import-not-found]  # noqa: PLC0415

    task_ms = _task_ms()
    options = Options(home=build / "run", build=build, functions=HERE / "functions", emulators=emulators)
    results: dict[str, Any] = {"task_cpu_ms": round(task_ms, 3)}
    with Stack(options) as stack:
        completions = build / "completions.jsonl"
        submitted = 0
        _one(stack, completions, 50, FIRST, expected_sum)  # warm: connections, first pushes
        for size, times in sizes.items():
            rows = []
            for _ in range(times):
                submitted += 1
                before = read_usage(stack)
                row = _one(stack, completions, size, FIRST + timedelta(days=submitted), expected_sum)
                spent = read_usage(stack).since(before)
                outside = 1000 * sum(spent.cpu.values()) / size - task_ms
                rows.append(
                    {**row, "cpu_outside_ms": round(outside, 3), "cpu": spent.cpu, "operations": spent.operations}
                )
                say(f"  N={size}: {row['per_second']:.0f} players/s, {outside:.2f} ms CPU a player outside the task")
            results[str(size)] = {
                "per_second": round(median(r["per_second"] for r in rows), 1),
                "cpu_outside_ms": round(median(r["cpu_outside_ms"] for r in rows), 3),
                "runs": rows,
            }
        stack.check()
    return results


def _one(
    stack: Stack, completions: Path, players: int, game_date: date, expected_sum: Callable[[int], int]
) -> dict[str, Any]:
    began = time.time()
    body = json.dumps({"players": players, "game_date": game_date.isoformat()}).encode()
    request = urllib.request.Request(stack.urls["coordinator"] + "/submit", body, method="POST")  # noqa: S310
    with urllib.request.urlopen(request, timeout=120) as response:  # noqa: S310
        answer = json.loads(response.read())
    accepted = time.time() - began
    line = _completion(completions, answer["batch_id"], 120)
    if (line["players"], line["predictions"], line["sum"]) != (players, players, expected_sum(players)):
        raise SystemExit(f"wrong result for N={players}: {line}")
    seconds = line["gathered_at"] - began
    return {
        "seconds": round(seconds, 4),
        "accepted_seconds": round(accepted, 4),
        "complete_seconds": round(line["complete_at"] - began, 4),
        "per_second": round(players / seconds, 1),
        "requests": answer["requests"],
    }


def _completion(path: Path, batch_id: str, seconds: float) -> dict[str, Any]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if path.exists():
            found = [row for line in path.read_text().splitlines() if (row := json.loads(line))["batch_id"] == batch_id]
            if found:
                return found[0]  # type: ignore[no-any-return]
        time.sleep(0.01)
    raise SystemExit(f"{batch_id} did not complete within {seconds:g} s")


def _task_ms() -> float:
    from workload import predict  # noqa: PLC0415

    for number in range(50):
        predict(number)
    began = time.process_time()
    for number in range(CPU_REPEATS):
        predict(number)
    return 1000 * (time.process_time() - began) / CPU_REPEATS
