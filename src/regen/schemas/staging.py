"""The staging table: derived from the tables that it feeds, one flat row for each `StagedRow`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from regen.domain.errors import InvalidInput
from regen.domain.promotion import StagedRow
from regen.schemas.normalising import normalise
from regen.schemas.tables import Field, table

STAGING_DATASET = "nba_predictions_staging"
PREDICTIONS = "player_prop_predictions"
RUNS = "prediction_worker_runs"
CHALLENGERS = "prediction_challengers"
RUN_PREFIX = "run_"

#: Columns of `player_prop_predictions` that describe the supersession of a row: when, why and by which batch.
SUPERSESSION = frozenset(
    {
        "superseded",
        "superseded_at",
        "superseded_reason",
        "superseded_metadata",
        "superseded_by_batch_id",
        "superseded_by_prediction_id",
    }
)
#: Columns that the transaction fills.
FILLED = SUPERSESSION | frozenset(
    {
        "round",
        "supersedes_prediction_id",
        "restored_from_prediction_id",
        "created_at",
        "updated_at",
    }
)
#: Columns of `prediction_challengers` that grading fills.
GRADED = frozenset(
    {
        "actual_points",
        "minutes_played",
        "absolute_error",
        "signed_error",
        "prediction_correct",
        "within_interval80",
        "is_voided",
        "graded_at",
    }
)
ChallengerRow = Mapping[str, Any]
"""A row of `prediction_challengers`, checked, as JSON values."""
KINDS = frozenset({"prediction", "run", "withdrawal", "slate"})


@cache
def prediction_columns() -> tuple[str, ...]:
    """The columns of a prediction that are staged, in the table's order."""
    return tuple(name for name in table(PREDICTIONS).columns if name not in FILLED)


@cache
def staging_fields() -> tuple[Field, ...]:
    """The staging table's columns: the kind of row, a prediction's columns, and a worker run's with a prefix."""
    own = [
        Field("kind", "STRING", "REQUIRED", "prediction, run, withdrawal or slate"),
        Field("player_lookup", "STRING", "REQUIRED", "Name: accents stripped, lower case, letters only, suffix kept"),
        Field("reason", "STRING", "NULLABLE", "Why the player is withdrawn"),
    ]
    predictions = [
        Field(f.name, f.type, "NULLABLE", f.description)
        for f in table(PREDICTIONS).fields
        if f.name not in FILLED and f.name != "player_lookup"
    ]
    runs = [
        Field(RUN_PREFIX + f.name, f.type, f.mode if f.mode == "REPEATED" else "NULLABLE", f.description)
        for f in table(RUNS).fields
    ]
    return (*own, *predictions, *runs)


def checked(row: StagedRow) -> StagedRow:
    """The row with its payload in the types of its table.

    Raises:
        InvalidInput: names the column that is wrong.
    """
    if row.kind not in KINDS:
        raise InvalidInput("staging.kind", "prediction, run, withdrawal or slate")
    if not row.player_lookup:
        raise InvalidInput("staging.player_lookup", "a name")
    if row.kind == "withdrawal" and not row.reason:
        raise InvalidInput("staging.reason", "why the player is withdrawn")
    if row.kind == "prediction":
        prediction = _payload(PREDICTIONS, row, row.prediction, FILLED)
        if not prediction["is_active"]:
            raise InvalidInput(f"{PREDICTIONS}.is_active", "true: what is promoted is current")
        return StagedRow(row.kind, row.player_lookup, prediction=prediction)
    if row.kind == "run":
        return StagedRow(row.kind, row.player_lookup, run=_payload(RUNS, row, row.run, frozenset()))
    return StagedRow(row.kind, row.player_lookup, row.reason)


def staged(row: StagedRow) -> dict[str, Any]:
    """The row in the form of the load job: flat, the columns of a run with their prefix.

    Raises:
        InvalidInput: names the column that is wrong.
    """
    good = checked(row)
    result: dict[str, Any] = {"kind": good.kind, "player_lookup": good.player_lookup}
    if good.reason is not None:
        result["reason"] = good.reason
    result |= good.prediction or {}
    return result | {RUN_PREFIX + name: value for name, value in (good.run or {}).items()}


def challenger_row(row: Mapping[str, Any]) -> ChallengerRow:
    """A row of `prediction_challengers` in the types of its table, not yet graded.

    Raises:
        InvalidInput: names the column that is wrong.
    """
    return normalise(table(CHALLENGERS), row, without=GRADED)


def _payload(name: str, row: StagedRow, payload: Mapping[str, Any] | None, without: frozenset[str]) -> dict[str, Any]:
    if payload is None:
        raise InvalidInput(f"staging.{row.kind}", "the row itself")
    result = normalise(table(name), payload, without=without)
    if result["player_lookup"] != row.player_lookup:
        raise InvalidInput(f"{name}.player_lookup", f"{row.player_lookup}, as the staged row says")
    return result
