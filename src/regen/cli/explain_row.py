"""`explain-row`: one prediction computed again, from what was kept. Reads BigQuery and the archive."""

from __future__ import annotations

from datetime import date as date_
from typing import TYPE_CHECKING, Annotated

import typer

from regen.cli import completing
from regen.cli.arguments import game_date
from regen.cli.external import admitted, prepared
from regen.cli.output import columns
from regen.cli.session import Session, command
from regen.client.errors import FellShort, Misused, NothingFound
from regen.domain.nearest import nearest, the_nearest

if TYPE_CHECKING:
    from regen.client.reader import Record
    from regen.client.recomputing import Recomputed
    from regen.ports import Archive

PANEL = "Predictions"
ROW = "value then::t now::t same"
HEAD, TAIL = 8, 12
"""Characters of an id by which its neighbours are looked for: its first and its last group."""
EVER = (date_(1900, 1, 1), date_(2999, 12, 31))
SHORTEST = 4
EXAMPLE = "explain-row 1f0c5a52-7d1c-4f5e-9a52-0c9d1e2f3a4b"


def add(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "explain-row", example=EXAMPLE, panel=PANEL)(explain_row)


def explain_row(
    session: Session,
    prediction: Annotated[
        str, typer.Argument(metavar="ID", help="The row's prediction_id, or its beginning (four characters or more).")
    ],
    date: Annotated[
        str | None,
        typer.Option("--date", "-d", help="Its game date: reads less.", autocompletion=completing.dates),
    ] = None,
    whole: Annotated[bool, typer.Option("--all", help="Every value, those that are the same, too.")] = False,
) -> None:
    """Compute a prediction again, from its kept inputs, and say whether it is the same.

    With the artefact that the row names, by the worker's own code. Ends with 0 if every value is the same, and with 1 if
    one is not: then the code, the artefact or the inputs are others, and it says which.
    """
    from regen.client.recomputing import SAME, as_record, recompute  # noqa: PLC0415
    from regen.local.own_version import own_version  # noqa: PLC0415

    row = _row(session, prediction.strip().casefold(), date)
    admitted()
    prepared(session, (str(row["system_id"]),))
    found = recompute(row, session.archive, own_version, _models(session))
    if session.out.json:
        session.out.dump(as_record(found))
    else:
        _show(session, found, whole=whole)
    if found.verdict != SAME:
        raise FellShort(_sentence(found), f"regen status {found.row['batch_id']}")


def _models(session: Session) -> Archive | None:
    """The store of models: the one that is set, or the deployment's, unless the inputs are somewhere else, too."""
    named = session.settings
    return session.models if named.models_store or not (named.inputs_store or named.emulator) else None


def _row(session: Session, text: str, day: str | None) -> Record:
    """The one row that is meant.

    Raises:
        NothingFound: there is none; the nearest are named.
        Misused: several begin like this, or too little was typed.
    """
    if len(text) < SHORTEST:
        raise Misused(f"{text}: expected at least {SHORTEST} characters of a prediction_id")
    first, last = (game_date(day),) * 2 if day else EVER
    known = session.reader.run("rows_like", first=first, last=last, head=text[:HEAD], tail=text[-TAIL:])
    meant = [row for row in known if str(row["prediction_id"]).startswith(text)]
    if len(meant) > 1:
        raise Misused(f"{len(meant)} predictions begin with {text}: type more of it")
    if not meant:
        near = nearest(text, [str(row["prediction_id"]) for row in known])
        where = f" on {first}" if day else ""
        raise NothingFound(
            f"no prediction {text}{where}{the_nearest(near)}",
            f"regen explain-row {near[0]}" if near else "regen show DATE --player NAME --json",
        )
    row = meant[0]
    day_of = date_.fromisoformat(str(row["game_date"]))
    (found,) = session.reader.run("explain_row", game_date=day_of, prediction_id=str(row["prediction_id"]))
    return found


def _show(session: Session, found: Recomputed, *, whole: bool) -> None:
    row, out = found.row, session.out
    line = "no line" if row["current_points_line"] is None else f"line {row['current_points_line']:g}"
    out.line(f"{row['prediction_id']}: {row['player_lookup']}, {row['system_id']}, {line}, {row['game_date']}")
    out.line(f"batch {row['batch_id']}, inputs from {found.kept_in}")
    shown = {"code_version": found.code, "artefact": found.artefact, "inputs_hash": found.inputs}
    shown |= {n: p for n, p in found.values.items() if whole or not p.same or n == "predicted_points"}
    rows = [{"value": n, "then": p.then, "now": p.now, "same": "yes" if p.same else "NO"} for n, p in shown.items()]
    out.line("")
    out.table(columns(ROW), rows)
    if not found.why:
        out.line("")
        by = "by the same code" if found.code.same else f"by other code: {found.code.now}"
        out.line(f"same: all {len(found.values)} values come out as they stand, {by}")


def _sentence(found: Recomputed) -> str:
    if found.problem:
        what = f"this code predicts no such row ({found.problem})"
    else:
        others = [name for name, pair in found.values.items() if not pair.same]
        what = f"{len(others)} of {len(found.values)} values differ"
    return f"{what}: {'; '.join(found.why)}"
