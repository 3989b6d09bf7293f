"""`models gate`: a model beside the one in use, on games that neither has seen, before it is published."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regen import clock
from regen.cli import completing
from regen.cli.arguments import game_date
from regen.cli.models import DATA_HELP, WAREHOUSE_HELP, learnt_from
from regen.cli.session import Session
from regen.cli.variables import setting
from regen.client.errors import FellShort, Misused, NothingFound
from regen.domain.dates import eastern_today
from regen.domain.models import is_hash
from regen.settings import field_of

if TYPE_CHECKING:
    from regen.systems.artefact import Artefact
    from regen.training.gate import Limits

RELEASE = "release"
_LIMITS = ("REGEN_GATE_ERROR_POINTS", "REGEN_GATE_LOG_LOSS", "REGEN_GATE_INTERVAL_PCT", "REGEN_GATE_MIN_ROWS")


def gate(
    session: Session,
    new: Annotated[str, typer.Argument(metavar="NEW", help="An artefact: its file, or the hash of a published one.")],
    against: Annotated[
        str | None,
        typer.Option(
            "--against", metavar="HASH|FILE|release", help="Compare with this one instead of the model in use."
        ),
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help=DATA_HELP)] = None,
    from_warehouse: Annotated[bool, typer.Option("--from-warehouse", help=WAREHOUSE_HELP)] = False,
    first: Annotated[
        str | None,
        typer.Option(
            "--from", help="First game date. Default: the day after the later fit.", autocompletion=completing.dates
        ),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option("--to", help="Last game date. Default: the last of the data.", autocompletion=completing.dates),
    ] = None,
) -> None:
    """Compare a model with the one in use on games that neither has seen: exit 0 if it passes the limits, 1 if not."""
    from regen.data.csvs import folder_of  # noqa: PLC0415
    from regen.training.gate import gate as judged  # noqa: PLC0415
    from regen.training.gate_table import gate_table  # noqa: PLC0415

    limits = limits_of_gate()
    one = artefact_named(session, new)
    other = compared_with(session, against, one.feature_version)
    begin = None if first is None else game_date(first, "--from")
    end = None if last is None else game_date(last, "--to")
    until = end or eastern_today(clock.now()) - timedelta(days=1)
    folder = folder_of(learnt_from(session, data, until, from_warehouse=from_warehouse))
    found = judged(folder, one, other, limits, begin, end)
    if session.out.json:
        session.out.dump(found.as_dict())
    else:
        session.out.block(gate_table(found).rstrip("\n"))
    if found.problems:
        raise FellShort(next_="regen models show " + one.hash)


def compared_with(session: Session, named: str | None, version: str) -> Artefact:
    """The model to compare with: the named one, by default the one in use for features of that version.

    Raises:
        NothingFound: none is in use.
    """
    from regen.systems.artefact import load_artefact  # noqa: PLC0415

    if named == RELEASE:
        return load_artefact(feature_version=version)
    if named is not None:
        return artefact_named(session, named)
    used = session.coordinator.models().value.in_use.get(version)
    if not used:
        raise NothingFound(f"no model is in use for features {version}", "regen models list")
    return artefact_named(session, used)


def artefact_named(session: Session, named: str) -> Artefact:
    """The artefact of a file, of the release, or of the store.

    Raises:
        Misused: it is neither a file nor a hash, or what is there is no artefact.
        NothingFound: no model of that hash is published.
    """
    from regen.client.published import artefact_of  # noqa: PLC0415
    from regen.systems.artefact import ArtefactRefused, load_artefact  # noqa: PLC0415

    try:
        if Path(named).is_file():
            return load_artefact(named)
        if is_hash(named):
            return artefact_of(lambda: session.models, named)[0]
    except (ArtefactRefused, UnicodeDecodeError) as error:
        raise Misused(f"{named}: {error}") from error
    raise Misused(f"{named}: neither a file nor the hash of an artefact (16 hex digits)")


def limits_of_gate() -> Limits:
    """The limits, by the environment or the defaults of settings.json."""
    from regen.training.gate import Limits  # noqa: PLC0415

    return Limits(**{field_of(name): setting(name) for name in _LIMITS})
