"""How long each command takes on the local stack, as whole processes; exit 1 if one that only reads is slow.

    make times                  five runs of each, the median and the slowest
    make times ARGS="--runs 9"

The stack holds the sample league: five dates of the demo, predicted, regenerated when their late data came, one rolled
back, and a backfill of them all. The machine should have nothing else to do; its load is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[1]
REGEN = str(Path(sys.executable).with_name("regen"))
HOME = CHECKOUT / "build" / "times"
LIMIT, HELP_LIMIT = 1.5, 0.3
"""Seconds that a command may take which only reads; that `--help` may take."""
UNBOUND = "doctor"
"""It asks everything, and waits for what does not answer."""
ASKED = re.compile(r"^BigQuery, .* in (\d+) ms$", re.MULTILINE)
"""What `-v` says of each statement."""
MACHINE = {
    "Python itself": "pass",
    "Python with the official BigQuery client": "import google.cloud.bigquery",
    "ten million additions": "for n in range(10_000_000): n + n",
}
UP_SECONDS = 300.0
GRADED_SECONDS = 40.0
"""Half a minute after its promotion each date is graded again; that is not to be measured."""
FIRST, LAST = "2026-01-20", "2026-01-24"
DAYS = [f"2026-01-{day}" for day in range(20, 25)]


@dataclass
class Times:
    """What was measured: for each command, its seconds.

    Attributes:
        warehouse: the seconds of each reading command that the local warehouse took, of its last run.
        wrote: commands that change something, once each.
    """

    runs: int
    env: dict[str, str]
    read: dict[str, list[float]] = field(default_factory=dict)
    warehouse: dict[str, float] = field(default_factory=dict)
    wrote: dict[str, float] = field(default_factory=dict)

    def regen(self, *arguments: str) -> tuple[float, str]:
        """Run a command; return its seconds and its output."""
        took, done = self._run([REGEN, *arguments])
        return took, done.stdout

    def _run(self, command: Sequence[str]) -> tuple[float, subprocess.CompletedProcess[str]]:
        began = time.perf_counter()
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
        took = time.perf_counter() - began
        if done.returncode:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}")
        return took, done

    def writes(self, *arguments: str) -> Any:  # noqa: ANN401
        """Time a command that changes something; return its JSON output."""
        took, said = self.regen(*arguments, "--json")
        self.wrote[self._name(arguments)] = took
        return json.loads(said)

    def reads(self, *arguments: str) -> None:
        """Time a command that only reads, several times."""
        name = self._name(arguments)
        runs = [self._run([REGEN, *arguments, "-v"]) for _ in range(self.runs)]
        self.read[name] = [took for took, _ in runs]
        self.warehouse[name] = sum(int(found) for found in ASKED.findall(runs[-1][1].stderr)) / 1000

    def machine(self) -> list[str]:
        """How quick this machine is: what each command spends before any code of this project runs."""
        lines = []
        for what, code in MACHINE.items():
            took = statistics.median(self._run([sys.executable, "-c", code])[0] for _ in range(self.runs))
            lines.append(f"{what:<64} {took:>6.2f}")
        return lines

    def _name(self, arguments: Sequence[str]) -> str:
        """The command as typed, with placeholders for ids and folders."""
        kinds = {"regen_": "BATCH", "batch_": "BATCH", "backfill_": "BACKFILL", str(HOME): "FILE"}
        return " ".join(next((w for p, w in kinds.items() if a.startswith(p)), a) for a in arguments)

    def table(self) -> str:
        """The slowest first."""
        lines = [f"{'only reads, ' + str(self.runs) + ' runs':<64} median  slowest  warehouse"]
        medians = sorted(((statistics.median(s), max(s), name) for name, s in self.read.items()), reverse=True)
        lines += [
            f"regen {name:<58} {median:>6.2f}  {most:>7.2f}  {self.warehouse[name]:>9.2f}"
            for median, most, name in medians
        ]
        lines += ["", "this machine", *self.machine()]
        lines += ["", "writes, once"]
        lines += [f"regen {name:<58} {took:>6.2f}" for name, took in self.wrote.items()]
        return "\n".join(lines)

    def slow(self) -> list[str]:
        """The commands over their limit."""
        limits = {"--help": HELP_LIMIT, UNBOUND: float("inf")}
        return [n for n, seconds in self.read.items() if statistics.median(seconds) > limits.get(n, LIMIT)]


@contextmanager
def stack(env: dict[str, str]) -> Iterator[None]:
    """Run `regen local up` with the sample league, in a separate process group."""
    with (HOME / "up.out").open("w") as out:
        process = subprocess.Popen([REGEN, "local", "up"], env=env, stdout=out, stderr=out, start_new_session=True)
    try:
        deadline = time.monotonic() + UP_SECONDS
        while not (HOME / "local" / "env").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit((HOME / "up.out").read_text())
            time.sleep(0.1)
        yield
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=30)


def write(times: Times) -> tuple[str, str]:
    """Time the commands that change something; return the regeneration and backfill for the reading commands."""
    folder = str(HOME / "league")
    times.regen("league", "generate", folder)
    times.writes("import", folder, "--from", FIRST, "--to", LAST)
    for day in DAYS[1:]:
        times.regen("start", day)
    times.writes("start", DAYS[0], "--wait")
    for day in DAYS[1:]:
        times.regen("wait", "--date", day)
    times.writes("import", folder, "--from", FIRST, "--to", LAST, "--zones-arrive")
    made = times.writes("regenerate", DAYS[0], "--wait")
    times.writes("rollback", made["batch_id"], "--yes", "--wait")
    times.writes("bdb", "scan")
    for day in DAYS[1:]:
        times.regen("wait", "--date", day)
    backfill = times.writes("backfill", FIRST, LAST, "--reason", "measured", "--yes")
    times.writes("grade", FIRST, LAST)
    time.sleep(GRADED_SECONDS)
    return backfill["dates"][0]["batch_id"], backfill["backfill_id"]


def read(times: Times, batch: str, backfill: str) -> None:
    """Time the commands that only read."""
    day = DAYS[0]
    row = json.loads(times.regen("show", day, "--json")[1])[0]["prediction_id"]
    commands = f"""
        --version | --help | verify --help | doctor
        status | status --date {day} | status {batch} | wait {batch} | wait --date {day}
        slate {day} | slate {day} --all | show {day} | show {day} --system all | explain-row {row} | coverage {day} | coverage {FIRST} {LAST}
        coverage 2025-12-01 2025-12-31 | verify {day} | verify {FIRST} {LAST} | verify 2026-01-01 2026-01-31 --threshold 0%
        diff {day} | diff {batch} | audit {day} | audit {batch} | bdb list | bdb list --all | bdb list --date {day}
        bdb scan --dry-run | report {batch} -o {HOME}/batch.html | report {backfill} -o {HOME}/backfill.html
        backfill status | backfill status {backfill} | backfill {FIRST} {LAST} --dry-run
        backfill 2025-12-01 2025-12-31 --dry-run | regenerate {day} --dry-run | rollback {batch} --dry-run
    """
    for line in commands.strip().splitlines():
        for command in line.split("|"):
            times.reads(*command.split())


def main() -> None:
    """Measure and print all commands; return 1 if one is too slow."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=5, help="of each command that only reads")
    runs = parser.parse_args().runs
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    env = {**os.environ, "REGEN_LOCAL_HOME": str(HOME / "local"), "REGEN_CONFIG": str(HOME / "no-profiles")}
    times = Times(runs, env)
    with stack(env):
        read(times, *write(times))
    sys.stdout.write(f"{times.table()}\n\nload {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    if slow := times.slow():
        sys.exit(f"over {LIMIT:g} s ({HELP_LIMIT:g} s for --help), though they only read: {', '.join(slow)}")


if __name__ == "__main__":
    main()
