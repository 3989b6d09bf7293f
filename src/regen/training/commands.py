"""The commands `regen train` and `regen evaluate`, as functions that return the result and its text."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

from regen.data.csvs import DataFolder, read_folder
from regen.domain.texts import visible
from regen.domain.values import replace
from regen.features.names import FEATURE_VERSION
from regen.features.versions import SERVED_VERSION
from regen.systems.artefact import Artefact, load_artefact
from regen.training.evaluate import Evaluation, evaluate, to_json
from regen.training.rows_file import rows_text
from regen.training.served import train_served
from regen.training.table import accuracy_table, side_by_side
from regen.training.train import train
from regen.training.zones import Zones

ALL_ZONES = "all"


def run_train(
    data: DataFolder | Path,
    until: date,
    out: Path | None = None,
    zones: str = Zones.ARRIVED.value,
    features: str = FEATURE_VERSION,
) -> tuple[Artefact, str]:
    """Fit on the games up to and including `until`; write the artefact to `out`, if given.

    Args:
        zones: `arrived`, `silver` or `gold`.
        features: `regen_v1`, or `regen_v2` for what upstream's tables give.
    """
    remarks: Counter[str] = Counter()
    files: tuple[str, ...] = ()
    if not isinstance(data, DataFolder):
        data = read_folder(data)
        files = data.report.sentences
    if features == SERVED_VERSION:
        artefact = train_served(data, until, load_artefact(), remarks, zones=Zones(zones))
    else:
        artefact = train(data, until, remarks, zones=Zones(zones))
    if out is not None:
        out.write_text(artefact.to_json(), encoding="utf-8")
    lines = [f"artefact {artefact.hash}: {artefact.games} player-games, {artefact.first_date} to {artefact.last_date}"]
    lines += [
        f"  {name:<24} {len(model.terms):>3} terms {' '.join(f'{k} {v:g}' for k, v in model.settings.items())}".rstrip()
        for name, model in sorted(artefact.models.items())
    ]
    lines += [f"note: {number} {what}" for what, number in sorted(remarks.items())]
    lines += [f"note: {said}" for said in files]
    return artefact, "\n".join(map(visible, lines)) + "\n"


def run_evaluate(
    data: Path,
    first: date,
    last: date,
    *,
    refit: str = "none",
    json_file: Path | None = None,
    artefact_file: Path | None = None,
    zones: str = Zones.ARRIVED.value,
    rows_file: Path | None = None,
    with_reports: bool = True,
) -> tuple[Evaluation, str]:
    """Measure on the window; write the JSON form to `json_file`, if given.

    Args:
        rows_file: where every scored row goes, as CSV.
        with_reports: whether availability reports are known.
        artefact_file: evaluate this artefact instead of a fit on the dates before the window.
        zones: `arrived`, `silver`, `gold`, or `all` to compare the three.
    """
    given = load_artefact(artefact_file) if artefact_file is not None else None
    folder = read_folder(data)
    if not with_reports:
        folder = replace(folder, injuries=())
    asked = tuple(Zones) if zones == ALL_ZONES else (Zones(zones),)
    said = folder.report.sentences
    found = [evaluate(folder, first, last, refit=refit, artefact=given, zones=each) for each in asked]
    found = [replace(each, remarks=(*each.remarks, *said)) for each in found]
    if json_file is not None:
        json_file.write_text(to_json(found), encoding="utf-8")
    if rows_file is not None:
        rows_file.write_text(rows_text(found), encoding="utf-8")
    return found[0], accuracy_table(found[0]) if len(found) == 1 else side_by_side(found)
