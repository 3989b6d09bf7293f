"""Whether the warehouse has what the statements name: tables as their schema files say, views, the function, staging."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from msgspec import Struct

from regen.cli.output import some
from regen.cli.session import Session
from regen.client.vitals import Answer, State
from regen.schemas import STAGING_DATASET, Table, tables
from regen.sql.views import View, views

_SAME_TYPE = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "BIGNUMERIC": "NUMERIC"}
FUNCTION = "predictions_at"
SECONDS = 4.0
"""How long one question to BigQuery is repeated."""


def looked_at(session: Session) -> Answer:
    """What is not as it should be; the layout of a table costs bytes and breaks nothing."""
    with ThreadPoolExecutor(8) as pool:
        found = dict(pool.map(lambda table: (table, _differences(session, table)), tables()))
        others = [line for line in pool.map(lambda ask: ask(), _others(session)) if line]
    ours = [f"{t.name}: {some(d.lacks)}" for t, d in found.items() if d.lacks and t.owner == "regen"] + others
    theirs = [f"{t.name}: {some(d.lacks)}" for t, d in found.items() if d.lacks and t.owner != "regen"]
    costly = [f"{t.name}: {some(d.layout)}" for t, d in found.items() if d.layout and t.owner == "regen"]
    where = session.reader.emulator or session.reader.project
    if ours:
        return (
            State.FAILED,
            "; ".join([*ours, *theirs, *costly]),
            "apply again; for an adopted table, docs/taking-over.md adds columns",
        )
    if theirs:
        return (
            State.MISSING,
            "; ".join([*theirs, *costly]),
            "upstream's tables may lack columns; what rests on these is not there",
        )
    if costly:
        return State.MISSING, "; ".join(costly), "an adopted table may keep its layout: its statements read more bytes"
    return State.OK, f"{len(found)} tables and {len(views())} views at {where} fit their schema files", ""


class _Found(Struct, frozen=True):
    """What a table lacks, and how its layout differs."""

    lacks: list[str]
    layout: list[str]


def _got(name: str, ask: Callable[..., Any]) -> Any:  # noqa: ANN401 - the client's own kinds
    """What BigQuery has under that name; None if it is not there.

    The client repeats a call that nothing answers for ten minutes, and Python waits for a pool's threads before it ends.
    """
    from google.cloud.bigquery.retry import DEFAULT_RETRY  # noqa: PLC0415

    from regen.adapters.bigquery.errors import translated  # noqa: PLC0415
    from regen.client.reader import WarehouseFailed  # noqa: PLC0415
    from regen.domain.errors import RegenError, StagingMissing, TableMissing  # noqa: PLC0415

    try:
        with translated():
            return ask(name, timeout=SECONDS, retry=DEFAULT_RETRY.with_timeout(SECONDS))
    except (TableMissing, StagingMissing):
        return None
    except RegenError as error:
        raise WarehouseFailed(f"{name}: {error}") from error


def _differences(session: Session, table: Table) -> _Found:
    """What a table lacks: itself, columns, their types or modes; and another partition or cluster."""
    name = session.reader.names.table(table.name)
    there = _got(name, session.reader.client.get_table)
    if there is None:
        return _Found(["is not there"], [])
    lacks = list(_columns(table, there.schema))
    # Upstream's are as upstream has them, or views of them; the emulator has no layout.
    if table.owner != "regen" or session.reader.emulator:
        return _Found(lacks, [])
    if there.table_type != "TABLE":
        return _Found([f"is a {there.table_type}", *lacks], [])
    return _Found(lacks, list(_layout(table, there)))


def _columns(table: Table, there: Any) -> Iterator[str]:  # noqa: ANN401 - the client's schema
    known = {f.name.lower(): f for f in there}
    yield from (f"no column {f.name}" for f in table.fields if f.name.lower() not in known)
    for wanted in table.fields:
        if (other := known.get(wanted.name.lower())) is None:
            continue
        kind = _SAME_TYPE.get(other.field_type, other.field_type)
        if kind != wanted.type:
            yield f"{wanted.name} is {kind}, not {wanted.type}"
        mode = other.mode or "NULLABLE"
        # A column that may be empty takes whatever regen writes; one that must be filled does not.
        is_refused = table.owner == "regen" and mode == "REQUIRED" and wanted.mode == "NULLABLE"
        if is_refused or (mode == "REPEATED") != (wanted.mode == "REPEATED"):
            yield f"{wanted.name} is {mode}, not {wanted.mode}"


def _layout(table: Table, there: Any) -> Iterator[str]:  # noqa: ANN401 - the client's table
    partition = there.time_partitioning
    by = (partition.field or "_PARTITIONTIME", partition.type_) if partition else None
    wanted = (table.partition.field, table.partition.type) if table.partition else None
    if by != wanted:
        yield f"is partitioned by {' '.join(by or ('nothing',))}, not {' '.join(wanted or ('nothing',))}"
    cluster = tuple(there.clustering_fields or ())
    if cluster != table.cluster:
        yield f"is clustered by {', '.join(cluster) or 'nothing'}, not {', '.join(table.cluster) or 'nothing'}"


def _others(session: Session) -> Iterator[Callable[[], str]]:
    for view in views():
        yield partial(_view, session, view)
    # The emulator makes a staging dataset with the first table in it, and has no list of functions.
    if not session.reader.emulator:
        yield partial(_function, session)
        yield partial(_staging, session)


def _view(session: Session, view: View) -> str:
    name = f"{session.reader.names.dataset('nba_predictions')}.{view.name}"
    there = _got(name, session.reader.client.get_table)
    if there is None:
        return f"view {view.name}: is not there"
    known = {f.name.lower() for f in there.schema}
    lacks = [f"no column {f.name}" for f in view.fields if f.name.lower() not in known]
    return f"view {view.name}: {some(lacks)}" if known and lacks else ""


def _function(session: Session) -> str:
    name = f"{session.reader.names.dataset('nba_predictions')}.{FUNCTION}"
    there = _got(name, session.reader.client.get_routine)
    return "" if there is not None else f"function {FUNCTION}: is not there"


def _staging(session: Session) -> str:
    name = session.reader.names.dataset(STAGING_DATASET)
    there = _got(name, session.reader.client.get_dataset)
    return "" if there is not None else f"dataset {STAGING_DATASET}: is not there"
