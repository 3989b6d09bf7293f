"""`systems`: the prediction systems, regen's own and those of other packages, and whether they keep the contract."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from regen.cli import completing
from regen.cli.external import admitted, kept_in, prepared
from regen.cli.output import columns
from regen.cli.session import Session, command
from regen.client.errors import FellShort, Misused
from regen.domain.nearest import nearest, the_nearest

PANEL = "Data and models"
LIST = "system_id:system version from used"
CHECK = "system rule verdict detail::t"


def add(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Prediction systems, and the contract that each keeps.", no_args_is_help=True)
    command(group, "list", example="systems list", lists=True)(list_)
    command(group, "check", example="systems check my_system")(check)
    app.add_typer(group, name="systems", rich_help_panel=PANEL)


def list_(session: Session) -> None:
    """List the systems of this release, models as ONNX, the systems of other packages, and those of them that could be named."""
    admitted()
    from regen.systems import External, systems  # noqa: PLC0415
    from regen.systems.external import installed  # noqa: PLC0415

    rows = [
        {
            "system_id": system.system_id,
            "version": system.version,
            "from": system.package if isinstance(system, External) else "regen",
            "used": True,
            "requires": list(system.requires),
        }
        for system in systems()
    ]
    known = {row["system_id"] for row in rows}
    rows += [
        {"system_id": name, "version": None, "from": package, "used": False, "requires": None}
        for name, package in installed().items()
        if name not in known
    ]
    session.out.show(rows, columns(LIST))


def check(
    session: Session,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...", help="Systems; without one, all in use.", autocompletion=completing.systems
        ),
    ] = None,
) -> None:
    """Check the contract: missing inputs, purity, determinism, bounds, time. Exit code 1 if a system breaks it.

    A system of another package is checked as soon as it is installed, whether REGEN_EXTERNAL_SYSTEMS names it or not; a
    model as ONNX, of the store of models, if REGEN_ONNX_SYSTEMS names it.
    """
    from regen.systems.external import installed  # noqa: PLC0415

    here = installed()
    external = admitted(tuple(name for name in names or () if name in here))
    from regen.conformance.contract import check as checked  # noqa: PLC0415
    from regen.systems import member_ids, system_ids  # noqa: PLC0415

    known = (*system_ids(), *member_ids())
    for name in names or ():
        if name not in known:
            raise Misused(f"no system {name}{the_nearest(nearest(name, known))}")
    asked = tuple(dict.fromkeys(names or known))
    prepared(session, asked)
    with TemporaryDirectory() as folder:
        findings = checked(asked, external, kept_in(session, Path(folder), asked), folder)
    if session.out.json:
        session.out.dump([{name: getattr(f, name) for name in f.__struct_fields__} for f in findings])
    else:
        rows = [
            {"system": f.system, "rule": f.rule, "verdict": "kept" if f.passed else "BROKEN", "detail": f.detail}
            for f in findings
        ]
        session.out.table(columns(CHECK), rows)
    broken = sorted({f.system for f in findings if not f.passed})
    if broken:
        raise FellShort(f"the contract is broken by {', '.join(broken)}")
