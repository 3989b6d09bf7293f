"""The columns that every statement bounds by constants; tests/googlesql proves it on the analyser's tree."""

from __future__ import annotations

from regen.schemas import table

#: Upstream partitions its worker runs by another column, and requires the filter: a table that is adopted keeps that.
_ALSO = {"prediction_worker_runs": ("run_date",)}


def bounded_columns(name: str) -> tuple[str, ...]:
    """Those of a table of the schema files."""
    partition = table(name).partition
    return (partition.field, *_ALSO.get(name, ())) if partition else ()
