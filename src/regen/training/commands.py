"""What `regen train` and `regen evaluate` do: plain functions that return the result and its text."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from regen.data.csvs import DataFolder
from regen.systems.artefact import Artefact, load_artefact
from regen.training.evaluate import Evaluation, evaluate
from regen.training.table import accuracy_table
from regen.training.train import train


def run_train(data: DataFolder | Path, until: date, out: Path | None = None) -> tuple[Artefact, str]:
    """Fit on the games up to and including `until`; write the artefact to `out`, if given."""
    artefact = train(data, until)
    if out is not None:
        out.write_text(artefact.to_json(), encoding="utf-8")
    lines = [f"artefact {artefact.hash}: {artefact.games} player-games, {artefact.first_date} to {artefact.last_date}"]
    lines += [
        f"  {name:<24} {len(model.terms):>3} terms {' '.join(f'{k} {v:g}' for k, v in model.settings.items())}".rstrip()
        for name, model in sorted(artefact.models.items())
    ]
    return artefact, "\n".join(lines) + "\n"


def run_evaluate(
    data: Path,
    first: date,
    last: date,
    *,
    refit: str = "none",
    json_file: Path | None = None,
    artefact_file: Path | None = None,
) -> tuple[Evaluation, str]:
    """Measure on the window; write the JSON form to `json_file`, if given.

    Args:
        artefact_file: evaluate this artefact instead of a fit on what lies before the window.
    """
    given = load_artefact(artefact_file) if artefact_file is not None else None
    evaluation = evaluate(data, first, last, refit=refit, artefact=given)
    if json_file is not None:
        json_file.write_text(evaluation.to_json(), encoding="utf-8")
    return evaluation, accuracy_table(evaluation)
