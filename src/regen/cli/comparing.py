"""`models compare`: what two sides predicted of the same players in the same batches, against what came."""

from __future__ import annotations

from typing import Annotated

import typer

from regen.cli import completing
from regen.cli.arguments import span
from regen.cli.session import Session
from regen.client.errors import Misused, NothingFound
from regen.domain.models import IN_USE, is_challenger_name

SIDE_HELP = "The hash of an artefact, the id of a system, or in-use: every current row."


def compare(
    session: Session,
    one: Annotated[str, typer.Argument(metavar="A", help=SIDE_HELP)],
    other: Annotated[str, typer.Argument(metavar="B", help=SIDE_HELP)],
    first: Annotated[str, typer.Option("--from", help="First game date.", autocompletion=completing.dates)],
    last: Annotated[str, typer.Option("--to", help="Last game date.", autocompletion=completing.dates)],
) -> None:
    """Compare what two sides predicted, on the graded players and dates that both have."""
    from regen.training.compare_rows import compared_rows  # noqa: PLC0415
    from regen.training.gate_table import compare_table  # noqa: PLC0415

    begin, end = span(first, last)
    for side in (one, other):
        if side != IN_USE and not is_challenger_name(side):
            raise Misused(f"{side}: expected the hash of an artefact, the id of a system, or {IN_USE}")
    if one == other:
        raise Misused("two different sides")
    rows = session.reader.run("compare_rows", first=begin, last=end, one=one, other=other)
    found = compared_rows(rows, one, other)
    if not found.compared:
        raise NothingFound(
            f"no graded player from {begin} to {end} whom {one} and {other} both predicted in one batch",
            "regen models list",
        )
    if session.out.json:
        session.out.dump({"window": {"from": begin.isoformat(), "to": end.isoformat()}, **found.as_dict()})
    else:
        session.out.block(compare_table(found, begin, end).rstrip("\n"))
