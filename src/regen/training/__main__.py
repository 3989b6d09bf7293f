"""`python -m regen.training train|evaluate`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from regen.domain.errors import RegenError
from regen.features.names import FEATURE_VERSION
from regen.features.versions import ACCEPTED
from regen.training.commands import ALL_ZONES, run_evaluate, run_train
from regen.training.zones import Zones


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, and return its exit code: 0 for success, 2 for invalid arguments or data."""
    asked = _parser().parse_args(arguments)
    try:
        if asked.command == "train":
            _, text = run_train(asked.data, asked.until, asked.out, asked.zones, asked.features)
        else:
            _, text = run_evaluate(
                asked.data,
                asked.first,
                asked.last,
                refit=asked.refit,
                json_file=asked.json,
                artefact_file=asked.artefact,
                zones=Zones.SILVER.value if asked.without_zones else asked.zones,
                rows_file=asked.rows,
                with_reports=not asked.without_reports,
            )
    except RegenError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(text)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="regen.training")
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="fit everything that is fitted")
    train.add_argument("--data", type=Path, required=True)
    train.add_argument("--until", type=date.fromisoformat, required=True)
    train.add_argument("--out", type=Path)
    train.add_argument("--zones", choices=tuple(Zones), default=Zones.ARRIVED.value)
    train.add_argument("--features", choices=ACCEPTED, default=FEATURE_VERSION)
    evaluate = commands.add_parser("evaluate", help="measure on dates that the fit has not seen")
    evaluate.add_argument("--data", type=Path, required=True)
    evaluate.add_argument("--from", dest="first", type=date.fromisoformat, required=True)
    evaluate.add_argument("--to", dest="last", type=date.fromisoformat, required=True)
    evaluate.add_argument("--refit", choices=("none", "weekly"), default="none")
    evaluate.add_argument("--zones", choices=(*Zones, ALL_ZONES), default=Zones.ARRIVED.value)
    evaluate.add_argument("--without-zones", action="store_true")
    evaluate.add_argument("--without-reports", action="store_true")
    evaluate.add_argument("--json", type=Path)
    evaluate.add_argument("--rows", type=Path)
    evaluate.add_argument("--artefact", type=Path)
    return parser


if __name__ == "__main__":
    sys.exit(main())
