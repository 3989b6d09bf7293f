"""Two files of `regen evaluate --rows`, compared on the player-games that both have: errors, paired, with intervals.

tools/compare_accuracy.py TODAY.csv NEW.csv [--system learned_v1]    --system: the one of TODAY beside which NEW's ensemble is put, too

Prints a table by system and population as Markdown. Differences are NEW's less TODAY's; their interval of 95 % draws dates.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np

from regen.systems.ensemble import Ensemble
from regen.training.scores import bootstrap_interval

Row = dict[str, str]
Rows = dict[tuple[str, str, str], Row]
POPULATIONS: dict[str, Callable[[Row], bool]] = {
    "all": lambda _: True,
    "lined": lambda row: bool(row["line"]),
    "unlined": lambda row: not row["line"],
}


def read(path: Path) -> dict[str, Rows]:
    """The rows of a file by system."""
    found: dict[str, Rows] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            key = (row["game_date"], row["game_id"], row["player_lookup"])
            found.setdefault(row["system_id"], {})[key] = row
    return found


def compared(today: Rows, new: Rows, population: str) -> str:
    """The cells of one comparison."""
    belongs = POPULATIONS[population]
    pairs = [(row, new[key]) for key, row in today.items() if key in new and belongs(row)]
    days = np.array([float(date.fromisoformat(one["game_date"]).toordinal()) for one, _ in pairs])
    old, own = (np.array([_error(pair[n]) for pair in pairs]) for n in (0, 1))
    inside = [100 * float(np.mean([float(pair[n]["inside80"]) for pair in pairs])) for n in (0, 1)]
    low, high = bootstrap_interval(days, own - old)
    return (
        f"{population} | {len(pairs)} | {old.mean():.3f} | {own.mean():.3f} | {(own - old).mean():+.3f} "
        f"({low:+.3f} to {high:+.3f}) | {inside[0]:.1f} | {inside[1]:.1f}"
    )


def _error(row: Row) -> float:
    return abs(float(row["predicted_points"]) - float(row["actual_points"]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("today", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--system", default="learned_v1")
    given = parser.parse_args()
    today, new = read(given.today), read(given.new)
    sys.stdout.write(
        "| system | population | n | MAE today | new | difference | 80 % int. today | new |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    )
    pairs = [(name, today[name], new[name]) for name in today if name in new]
    ensemble = Ensemble.system_id
    pairs.append((f"{ensemble}, beside today's {given.system}", today[given.system], new[ensemble]))
    for name, old, own in pairs:
        for population, belongs in POPULATIONS.items():
            if any(map(belongs, old.values())):
                sys.stdout.write(f"| {name} | {compared(old, own, population)} |\n")


if __name__ == "__main__":
    main()
