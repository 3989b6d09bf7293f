"""A number that a trigger carries ends no promotion: BigQuery's PARSE_JSON by itself refuses some that JSON has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from googlesql.engine import ScriptFailed
from googlesql.warehouse import EvaluatorHarness
from regen.adapters.bigquery.params import audit_row
from regen.domain.audit import AuditEvent
from regen.domain.errors import InvalidInput
from regen.domain.values import replace
from regen.ports import Warehouse
from regen.schemas import normalise_value, table
from regen.web.body_reading import json_object
from support.warehouse_rows import entry, fence, new, old, promotion, rollback, run, slate, staging
from support.warehouses import DAY, BigQueryHarness, at

FLOATS = sorted({float(f"{d}e{k}") for d in (1, 2, 3, 5, 7, 9, 12.5, 99, 123456789.123) for k in range(-323, 300, 7)})
EDGES = [1e22, 1e23, 9.5e-7, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1, 1 / 3, 2.5]
WHOLE = [2**53 - 1, 2**53, 2**53 + 1, 10**18, 2**63 - 1, -(2**63)]
NUMBERS: list[Any] = [*FLOATS, *EDGES, *WHOLE, *(-n for n in (*FLOATS, *EDGES)), *(-n for n in WHOLE[:-1])]


def carried() -> dict[str, Any]:
    """The metadata of a trigger, as the door lets it through: alone, in lists, nested."""
    metadata = {"n": 1e23, "list": NUMBERS, "deep": {"er": [{"n": n} for n in NUMBERS[::9]], "n": -1e23}}
    return json_object(json.dumps({"game_date": "2026-01-20", "metadata": metadata}).encode(), "body")["metadata"]  # type: ignore[no-any-return]


def acted(warehouse: Warehouse, metadata: dict[str, Any]) -> None:
    """Recorded, promoted, rolled back, rejected, each with these numbers wherever JSON is written."""
    warehouse.record([replace(entry("b1", AuditEvent.REQUESTED, at(-1)), metadata=metadata)])
    factors = {"n": 1e23, "m": -2.5e22, "small": 5e-324}
    rows = [*slate("anton"), new("b1", "anton", "ensemble_v1", 24.5, key_factors=factors), run("b1", "anton")]
    warehouse.stage(staging("b1", 1), rows)
    warehouse.raise_fence(fence("b1", 1))
    act = promotion("b1", 1, 1)
    warehouse.promote(replace(act, metadata=metadata, audit=replace(act.audit, metadata=metadata, verdict=metadata)))
    warehouse.raise_fence(fence("b1", 2))
    back = rollback("b1", 2, minute=5)
    warehouse.rollback(replace(back, metadata=metadata, audit=replace(back.audit, metadata=metadata)))
    warehouse.stage(staging("b2", 3), [run("b2", "anton")])
    rejected = replace(entry("b2", AuditEvent.REJECTED, at(9)), metadata=metadata, verdict=metadata)
    warehouse.record([rejected], staging("b2", 3))


def as_json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def test_no_number_of_a_trigger_ends_a_promotion() -> None:
    harness, metadata = EvaluatorHarness(), carried()
    harness.seed([old("anton", "ensemble_v1", 24.5)])
    acted(harness.warehouse, metadata)
    audit = {row["event_id"]: row for row in harness.table("prediction_regeneration_audit")}
    assert set(audit) == {"b1/1/requested", "b1/1/promoted", "b1/1/rolled_back", "b2/1/rejected"}
    assert all(as_json(row["metadata"]) == metadata for row in audit.values())
    assert as_json(audit["b1/1/promoted"]["verdict"]) == as_json(audit["b2/1/rejected"]["verdict"]) == metadata
    (made,) = (row for row in harness.predictions(DAY) if row["batch_id"] == "b1")
    assert as_json(made["key_factors"]) == {"n": 1e23, "m": -2.5e22, "small": 5e-324}
    gone = [row for row in harness.predictions(DAY) if row["superseded"]]
    assert len(gone) == 2
    assert all(as_json(row["superseded_metadata"]) == metadata for row in gone)


def test_googlesql_by_itself_refuses_some() -> None:
    with pytest.raises(ScriptFailed, match="round-trip"):
        EvaluatorHarness().engine.script("SELECT PARSE_JSON('1e+23') AS x", [])


def test_the_emulator_takes_the_same_numbers(bigquery_harness: BigQueryHarness) -> None:
    bigquery_harness.clear()
    bigquery_harness.seed([old("anton", "ensemble_v1", 24.5)])
    acted(bigquery_harness.warehouse, {"n": 1e23, "list": [*EDGES, *WHOLE], "deep": {"n": -1e23}})
    audit = {row["event_id"]: as_json(row["metadata"]) for row in bigquery_harness.audit()}
    assert len(audit) == 4
    assert all(found["n"] == 1e23 and found["list"] == [*EDGES, *WHOLE] for found in audit.values())


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**64, 10**400])
def test_a_whole_number_beyond_64_bits_ends_no_entry(number: int) -> None:
    with pytest.raises(InvalidInput, match="64"):
        json_object(b'{"metadata": {"n": [%d]}}' % number, "body")
    field = table("player_prop_predictions").field("key_factors")
    with pytest.raises(InvalidInput, match="64-bit"):
        normalise_value("player_prop_predictions", field, {"n": [number]})
    told = replace(entry("b1", AuditEvent.MALFORMED, at(0)), metadata={"n": [number]})
    assert audit_row(told)["metadata"] == {"n": [hex(number)]}
