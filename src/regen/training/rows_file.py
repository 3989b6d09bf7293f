"""Every scored row of an evaluation as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from regen.training.evaluate import Evaluation
from regen.training.scoring import COLUMNS

_DIGITS = 6


def rows_text(evaluations: Sequence[Evaluation]) -> str:
    """The rows with their head; `zones` says which shot zones were known."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("zones", *COLUMNS))
    for evaluation in evaluations:
        for row in evaluation.scored:
            writer.writerow((evaluation.zones.value, *(_cell(getattr(row, name)) for name in COLUMNS)))
    return out.getvalue()


def _cell(value: object) -> object:
    return round(value, _DIGITS) if isinstance(value, float) else value
