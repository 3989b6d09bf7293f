"""Make each mistake of the catalogue in a copy of the checkout and name those that no test turns red.

make mutants                        all of them
make mutants ARGS="-k fence"        those whose name has this in it
make mutants ARGS="--named"         run the tests named for each, and no others
make mutants ARGS="--list"          name them
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from mutants.catalogue import ROOT, Mutation, mutations
from mutants.running import NAMED_SECONDS, Copy, Verdict, each_once

HOME = ROOT / "build" / "mutants"


def main() -> int:
    """Run the mutations; return 1 if a mistake went unseen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-k", default="", metavar="TEXT", help="only mutations whose name has this in it")
    parser.add_argument("--jobs", type=int, default=2, help="copies that are tested at once")
    parser.add_argument("--named", action="store_true", help="a mistake that outlives the tests named for it survives")
    parser.add_argument("--list", action="store_true", help="name the mutations and run nothing")
    options = parser.parse_args()
    chosen = [m for m in mutations() if options.k in m.name]
    if options.list or not chosen:
        for mutation in chosen:
            print(f"{mutation.promise:6} {mutation.name}  ({mutation.file})")
        print(f"{len(chosen)} mutations")
        return 0
    if problems := [problem for m in chosen for problem in m.problems()]:
        print("\n".join(problems), file=sys.stderr)
        return 2
    return run(chosen, options.jobs, suite=not options.named)


def run(chosen: Sequence[Mutation], jobs: int, *, suite: bool) -> int:
    """Judge the mutations, the sound code first: a test that fails without a mistake would say nothing of one."""
    begun = time.monotonic()
    copies: SimpleQueue[Copy] = SimpleQueue()
    for number in range(jobs):
        copies.put(Copy(HOME / str(number)))
    with ThreadPoolExecutor(jobs) as pool:
        runs = each_once(m.tests for m in chosen)
        for arguments, failure in pool.map(lambda tests: (tests, _sound(copies, tests)), runs):
            if failure:
                print(f"{' '.join(arguments)} fails without any mistake: {failure}", file=sys.stderr)
                return 2
        verdicts = []
        for verdict in pool.map(lambda m: _judged(copies, m, suite=suite), chosen):
            print(_sentence(verdict), flush=True)
            verdicts.append(verdict)
    caught = [v for v in verdicts if v.by]
    named = sum(v.named for v in caught)
    excused = sum(1 for v in verdicts if not v.by and v.mutation.survives)
    survivors = len(verdicts) - len(caught) - excused
    print(
        f"{len(verdicts)} mutations: {len(caught)} caught ({named} by the tests named), "
        f"{excused} survive with a reason, {survivors} survive, {time.monotonic() - begun:.0f} seconds"
    )
    return 1 if survivors else 0


def _sound(copies: SimpleQueue[Copy], tests: Sequence[str]) -> str | None:
    copy = copies.get()
    try:
        return copy.first_failure(tests, NAMED_SECONDS)
    finally:
        copies.put(copy)


def _judged(copies: SimpleQueue[Copy], mutation: Mutation, *, suite: bool) -> Verdict:
    copy = copies.get()
    try:
        return copy.judge(mutation, suite=suite)
    finally:
        copies.put(copy)


def _sentence(verdict: Verdict) -> str:
    mutation = verdict.mutation
    if verdict.by:
        return f"caught    {mutation.name}: {verdict.by}" + ("" if verdict.named else "  (not one of the tests named)")
    if mutation.survives:
        return f"survives  {mutation.name}: {mutation.survives}"
    return f"SURVIVED  {mutation.name}: no test turns red ({mutation.file})"


if __name__ == "__main__":
    sys.exit(main())
