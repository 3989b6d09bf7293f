"""`make bench-age`: regenerate one date many times; compare the last times with the first, and show the causes.

The BigQuery emulator prunes no blocks and keeps every version, so it slows down. Two figures show by how much: a query of
another date that never changes, and the emulator's CPU. tests/googlesql/test_reading.py counts the rows that a statement
reads.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bench import five_dates
from bench.counting import FUNCTIONS
from regen import league
from regen.adapters.bigquery.clients import emulator_client
from regen.adapters.bigquery.loading import TableLoader
from regen.adapters.bigquery.warehouse import BigQueryWarehouse
from regen.client.coordinator import Coordinator
from regen.data.importer import ImportOptions, import_data, zones_arrive
from regen.local import bigquery_env
from regen.local.emulators import find_emulators
from regen.local.plan import Options
from regen.local.stack import Stack
from regen.sql import Names

ROOT = Path(__file__).parents[2]
OLD, BESIDE = five_dates.DATES[:2]
TEN = 10
LOOKS = 5


@dataclass(frozen=True, slots=True)
class Time:
    """One regeneration of the date.

    Attributes:
        seconds: from accepted to promoted.
        functions: CPU seconds of the three functions.
        emulator: CPU seconds of the BigQuery emulator.
        beside: seconds of a query of the date that never changes.
        rows: all prediction rows afterwards.
        current: current rows of the date.
    """

    seconds: float
    functions: float
    emulator: float
    beside: float
    rows: int
    current: int


def main() -> None:
    """Regenerate, and compare the first with the last."""
    parser = argparse.ArgumentParser(prog="make bench-age")
    parser.add_argument("--times", type=int, default=79, help="regenerations of the date (79)")
    times = parser.parse_args().times
    if times < 2:
        parser.error("--times: at least 2")
    build = ROOT / "build" / "bench"
    build.mkdir(parents=True, exist_ok=True)
    bigquery_env.ensure(ROOT / "build")
    missing = find_emulators()
    found = run(Options(home=build / "age", build=ROOT / "build", emulators=not isinstance(missing, str)), times)
    _print(found)


def run(options: Options, times: int) -> list[Time]:
    """Make first predictions of two dates, then regenerate one of them `times` times."""
    found: list[Time] = []
    with Stack(options) as stack:
        data = league.as_data(league.generate())
        client = emulator_client(stack.urls["bigquery"], options.project)
        loader = TableLoader(client, options.project)
        import_data(data, loader, ImportOptions(dates=frozenset({OLD, BESIDE})))
        coordinator = Coordinator(stack.urls["coordinator"], stack.env["API_KEY"])
        five_dates.run_dates(stack, coordinator, "/start", {}, (OLD, BESIDE))
        zones_arrive(data, loader, (OLD,))
        warehouse = BigQueryWarehouse(client, options.project, identity="bench")
        predictions = Names(options.project).table("player_prop_predictions")
        for number in range(1, times + 1):
            row = five_dates.regenerate(stack, coordinator, (OLD,))
            cpu = row["cpu"]
            found.append(
                Time(
                    row["seconds"],
                    sum(cpu.get(name, 0.0) for name in (*FUNCTIONS, "host")),
                    cpu["bigquery"],
                    _beside(warehouse, BESIDE),
                    int(client.get_table(predictions).num_rows or 0),
                    len(warehouse.current_predictions(OLD)),
                )
            )
            if number in {1, times} or number % TEN == 0:
                print(f"  {number:3}: {row['seconds']:.2f} s, {found[-1].rows:,} rows", flush=True)
        stack.check()
    return found


def _beside(warehouse: BigQueryWarehouse, day: date) -> float:
    taken = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        warehouse.current_predictions(day)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _print(found: Sequence[Time]) -> None:
    few = min(TEN, len(found) // 2)
    first, last = found[:few], found[-few:]

    def line(name: str, of: Callable[[Time], float]) -> float:
        young, old = (statistics.median(map(of, part)) for part in (first, last))
        print(f"{name:<46} {young:8.3f} {old:8.3f} {old - young:+8.3f}")
        return old - young

    print(f"\n{OLD} regenerated {len(found)} times; medians of {few:<9} {'first':>8} {'last':>8}")
    grown = line("seconds from accepted to promoted", lambda t: t.seconds)
    line("CPU seconds of the functions", lambda t: t.functions)
    emulator = line("CPU seconds of the BigQuery emulator", lambda t: t.emulator)
    line("seconds of a query of a date that never changes", lambda t: t.beside)
    line("current rows of the date", lambda t: t.current)
    line("rows of predictions in the table", lambda t: t.rows)
    share = min(1.0, max(0.0, emulator / grown)) if grown > 0 else 0.0
    print(
        f"{grown:+.2f} s, of which the emulator's CPU is {100 * share:.0f} %. Its jobs report no bytes; a promotion's assertions "
        f"read the {last[-1].current:,} current rows and as many that it has replaced, of {last[-1].rows:,}."
    )


if __name__ == "__main__":
    main()
