"""Lists of columns, made from the schemas, so that statements cannot drift from the tables (I-35)."""

from __future__ import annotations

from functools import cache

from regen.schemas import RUN_PREFIX, table
from regen.schemas.staging import PREDICTIONS, RUNS, SUPERSESSION, prediction_columns

AUDIT = "prediction_regeneration_audit"
QUALITY = "prediction_quality"
#: Audit columns that the statement fills, not the entry.
AUDIT_FILLED = frozenset({"fence_token", "created_at"})
_COUNTED = {"superseded_count": "superseded", "withdrawn": "withdrawn", "regenerated_count": "inserted"}
#: Columns that a rollback sets anew in a restored prediction; it copies all others.
_RENEWED = SUPERSESSION | frozenset(
    {
        "prediction_id",
        "is_active",
        "supersedes_prediction_id",
        "restored_from_prediction_id",
        "created_at",
        "updated_at",
    }
)


@cache
def audit_columns() -> tuple[str, ...]:
    """The columns of an audit entry."""
    return tuple(name for name in table(AUDIT).columns if name not in AUDIT_FILLED)


@cache
def quality_columns() -> tuple[str, ...]:
    """The columns of a measurement of live quality, but for its moment."""
    return tuple(name for name in table(QUALITY).columns if name != "measured_at")


@cache
def copied_columns() -> tuple[str, ...]:
    """The columns that a rollback copies."""
    return tuple(name for name in table(PREDICTIONS).columns if name not in _RENEWED)


def _audit_value(name: str, *, counted: bool) -> str:
    value = f"entry.{name}"
    if table(AUDIT).field(name).type == "JSON":
        return f"PARSE_JSON({value}, wide_number_mode => 'round')"
    if counted and name in _COUNTED:
        return f"IF(entry.event_id = @event_id, measured.{_COUNTED[name]}, {value})"
    return value


@cache
def lists(*, counted: bool) -> tuple[tuple[str, str], ...]:
    """The placeholders of the writing statements, with their texts.

    Args:
        counted: whether the statement counts its rows and puts the counts into the audit entry of its own act.
    """
    columns = {
        "prediction_columns": prediction_columns(),
        "staged_columns": tuple(f"fresh.{name}" for name in prediction_columns()),
        "copied_columns": copied_columns(),
        "copied_values": tuple(f"gone.{name}" for name in copied_columns()),
        "run_columns": table(RUNS).columns,
        "staged_run_columns": tuple(RUN_PREFIX + name for name in table(RUNS).columns),
        "audit_columns": audit_columns(),
        "quality_columns": quality_columns(),
        "quality_values": tuple(f"figure.{name}" for name in quality_columns()),
        "audit_values": tuple(_audit_value(name, counted=counted) for name in audit_columns()),
    }
    return tuple((place, ", ".join(names)) for place, names in columns.items())
