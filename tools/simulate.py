"""Run the fault simulator for many seeds: `simulate.py --seeds 10000 --jobs 2`, or `--seed 17` to trace one run."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from simulation.run import Result, simulate  # noqa: E402 - the path first

MOST_TRACES = 3


def one(seed: int, *, sql: bool = False, traced: bool = False) -> Result:
    """Run one seed over memory, or over the shipped statements in the evaluator."""
    if not sql:
        return simulate(seed, traced=traced)
    from simulation.sql import MOST, SqlWarehouse  # noqa: PLC0415 - it needs the evaluator

    return simulate(seed, traced=traced, warehouse=SqlWarehouse, most=MOST)


def run(seed: int, *, sql: bool = False) -> Result:
    """Run one seed; an error of the run counts as a violation."""
    try:
        return one(seed, sql=sql)
    except Exception as error:  # noqa: BLE001
        text = f"the run ended with {type(error).__name__}: {error}"
        return Result(seed, [text], [text], {}, 0, [])


def main() -> int:
    """Run the seeds; return 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="run one seed and print its trace")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--sql", action="store_true", help="run the shipped SQL in GoogleSQL's evaluator (10 s a seed)")
    options = parser.parse_args()
    if options.seed is not None:
        result = one(options.seed, sql=options.sql, traced=True)
        print(result.describe())
        return 1 if result.violations else 0
    return many(range(options.first, options.first + options.seeds), options.jobs, sql=options.sql)


def many(seeds: range, jobs: int, *, sql: bool = False) -> int:
    """Run many seeds; print the injected faults, the ends and the violations."""
    begun = time.monotonic()
    faults: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    bad: list[Result] = []
    runs = calls = 0
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for result in pool.imap_unordered(partial(run, sql=sql), seeds, chunksize=1 if sql else 25):
            runs += 1
            calls += result.calls
            faults.update({str(kind): number for kind, number in result.counted.items()})
            ends.update(end.split()[1] for end in result.batches)
            if result.violations:
                bad.append(result)
                print(f"seed {result.seed}: {'; '.join(result.violations)}", file=sys.stderr)
            if runs % 1000 == 0:
                print(f"{runs} runs, {len(bad)} with violations, {time.monotonic() - begun:.0f} s", file=sys.stderr)
    for result in sorted(bad, key=lambda r: r.seed)[:MOST_TRACES]:
        print(one(result.seed, sql=sql, traced=True).describe())
    for kind, number in faults.most_common():
        print(f"{number:9,}  {kind}")
    print(f"{calls:9,}  calls to ports")
    print("batches: " + ", ".join(f"{number:,} {status}" for status, number in ends.most_common()))
    seconds = time.monotonic() - begun
    violations = sum(len(r.violations) for r in bad)
    print(
        f"{runs} runs, {faults.total()} faults, {violations} violations, {seconds:.1f} seconds "
        f"({runs / seconds:.0f} runs a second)"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
