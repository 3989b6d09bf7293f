"""`models refit`: fit, judge, publish what passes; at a desk, and as the weekly job in the cloud."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from regen import clock
from regen.cli import completing
from regen.cli.arguments import DryRun, Yes, game_date
from regen.cli.gating import compared_with, limits_of_gate
from regen.cli.model_orders import ordered
from regen.cli.models import DATA_HELP, WAREHOUSE_HELP, learnt_from
from regen.cli.session import Session
from regen.cli.variables import setting
from regen.client.errors import FellShort
from regen.domain.dates import eastern_today

if TYPE_CHECKING:
    from regen.training.gate import Gate


def refit(
    session: Session,
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help=DATA_HELP)] = None,
    from_warehouse: Annotated[bool, typer.Option("--from-warehouse", help=WAREHOUSE_HELP)] = False,
    until: Annotated[
        str | None,
        typer.Option(
            "--until",
            help="Last game date of the weeks to judge on. Default: yesterday.",
            autocompletion=completing.dates,
        ),
    ] = None,
    weeks: Annotated[
        int | None,
        typer.Option(
            "--weeks", min=1, max=12, help="The weeks left out of the fit and judged on. Default: REGEN_REFIT_WEEKS."
        ),
    ] = None,
    features: Annotated[
        Literal["regen_v1", "regen_v2"], typer.Option("--features", help="The version of the features to fit for.")
    ] = "regen_v1",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where the artefact goes, too.")] = None,
    use: Annotated[bool, typer.Option("--use", help="Use it from the next batch on, if it passes.")] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Fit on all games but the last weeks', gate on these, and publish what passes.

    Exit 1 if it does not pass. Weeks that the model in use has seen, or with too few games, are no failure: nothing is published, and it says why.
    """
    from regen.client.published import publish  # noqa: PLC0415
    from regen.data.csvs import folder_of  # noqa: PLC0415
    from regen.training.gate import Unjudged  # noqa: PLC0415
    from regen.training.refit import refit as fit_and_gate  # noqa: PLC0415

    limits = limits_of_gate()
    left_out = int(setting("REGEN_REFIT_WEEKS")) if weeks is None else weeks
    last = game_date(until, "--until") if until else eastern_today(clock.now()) - timedelta(days=1)
    in_use = compared_with(session, None, features)
    folder = folder_of(learnt_from(session, data, last, from_warehouse=from_warehouse))
    remarks: Counter[str] = Counter()
    try:
        found = fit_and_gate(folder, in_use, limits, last, left_out, remarks)
    except Unjudged as reason:
        _say(session, "skipped", f"nothing is published: {reason}", {"reason": str(reason), "in_use": in_use.hash})
        return
    for what, number in sorted(remarks.items()):
        session.out.say(f"note: {number} {what}")
    if out is not None:
        out.write_text(found.new.to_json(), encoding="utf-8")
    if not session.out.json:
        _show(session, found)
    if found.problems:
        _say(session, "failed", f"not published: {found.new.hash} does not pass", found.as_dict())
        raise FellShort(next_="regen models list")
    if dry_run:
        _say(session, "would_publish", f"would publish {found.new.hash}", found.as_dict())
        return
    publish(session.models, found.new.to_json())
    if not use:
        _say(session, "published", f"published {found.new.hash}", found.as_dict())
        return
    why = f"refit on games to {found.new.last_date}, passed the gate on {found.first} to {found.last}"
    order = {"hash": found.new.hash, "expected": in_use.hash, "reason": why}
    answer, text = ordered(session, "use", order, dry_run=False, yes=yes)
    _say(session, "used", f"published {found.new.hash}; {text}", {**found.as_dict(), "models": answer})


def _show(session: Session, found: Gate) -> None:
    from regen.training.gate_table import gate_table  # noqa: PLC0415

    session.out.block(gate_table(found).rstrip("\n"))


def _say(session: Session, outcome: str, words: str, body: Mapping[str, object]) -> None:
    if session.out.json:
        session.out.dump({"outcome": outcome, **body})
    else:
        session.out.line(words)
