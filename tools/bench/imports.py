"""`make bench-import`: read and import two seasons of files, 82,000 box scores and 138,000 lines; time and memory of the process.

The files are those of the sample league, copied to earlier years until there are enough rows. A process of its own reads them and
makes the rows of all input tables, whose JSON it counts and drops: loading is BigQuery's part.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from regen import league
from regen.data.csvs import read_paths
from regen.data.importer import ImportOptions, Part, import_data
from regen.domain.values import replace
from regen.league.season import League

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "bench-import"
BOX_SCORES, LINES = 82_000, 138_000
SECONDS, MEGABYTES = 30, 500
YEAR = timedelta(days=365)
JSON = msgspec.json.Encoder()
Row = TypeVar("Row", bound=Any)


class Discarding:
    """Counts what would be loaded."""

    def __init__(self) -> None:
        self.rows = self.bytes = 0

    def replace(self, parts: Sequence[Part]) -> None:
        """Make the JSON of the rows, as a load does, and drop it."""
        for part in parts:
            self.rows += len(part.rows)
            self.bytes += len(JSON.encode_lines(part.rows))


def write(folder: Path) -> None:
    """Write the files, unless they are there."""
    if (folder / "injury_reports.csv").exists():
        return
    made = league.generate()
    years = -(-BOX_SCORES // len(made.logs))
    more = League(
        logs=tuple(_copies(made.logs, years)[-BOX_SCORES:]),
        lines=tuple(_copies(made.lines, years)[-LINES:]),
        zones=tuple(_copies(made.zones, years)),
        injuries=tuple(_copies(made.injuries, years)),
    )
    league.write(more, folder)


def _copies(rows: Sequence[Row], years: int) -> list[Row]:
    """The rows, and those of the years before, oldest first; each year's games have ids of their own."""
    found: list[Row] = []
    for year in reversed(range(years)):
        for row in rows:
            moved: dict[str, Any] = {"game_date": row.game_date - year * YEAR}
            if hasattr(row, "game_id"):
                moved["game_id"] = f"{year}-{row.game_id}"
            if getattr(row, "season", None):
                moved["season"] = None
            for name in ("captured_at", "game_start", "reported"):
                if getattr(row, name, None) is not None:
                    moved[name] = getattr(row, name) - year * YEAR
            found.append(replace(row, **moved))
    return found


def measure(folder: Path) -> dict[str, float]:
    """Read and import the folder in this process."""
    begun, cpu = time.perf_counter(), time.process_time()
    data = read_paths([folder])
    read = time.perf_counter()
    loader = Discarding()
    import_data(data, loader, ImportOptions(zones=True))
    return {
        "box_scores": len(data.logs),
        "lines": len(data.lines),
        "rows_made": loader.rows,
        "reading_seconds": round(read - begun, 2),
        "seconds": round(time.perf_counter() - begun, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def main() -> None:
    """Write the files, then measure in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--runs", type=int, default=1, help="how often; the quickest counts")
    given = parser.parse_args()
    if given.measure:
        sys.stdout.write(json.dumps(measure(given.measure)) + "\n")
        return
    write(FOLDER)
    command = [sys.executable, "-m", "bench.imports", "--measure", str(FOLDER)]
    runs = [json.loads(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(given.runs)]
    best = min(runs, key=lambda run: run["seconds"])
    for name, value in best.items():
        sys.stdout.write(f"{name}: {value:,}\n")
    sys.stdout.write(f"limits: {SECONDS} seconds, {MEGABYTES} megabytes\n")


if __name__ == "__main__":
    main()
