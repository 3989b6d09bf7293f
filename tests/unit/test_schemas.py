"""Rows are brought into their tables' types, or refused by name, before anything is written."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regen.domain.errors import InvalidInput
from regen.domain.promotion import StagedRow
from regen.schemas import RUN_PREFIX, Field, normalise, normalise_value, staging_fields, table, tables
from regen.schemas.staging import FILLED, prediction_columns, staged
from regen.schemas.tables import parse

NAMES = {t.name for t in tables()}
AUDIT = table("prediction_regeneration_audit")
ROW = {"regeneration_timestamp": datetime(2026, 2, 1, tzinfo=UTC), "reason": "x"}


def field(kind: str, mode: str = "NULLABLE") -> Field:
    return Field("c", kind, mode, "")


def test_every_table_has_a_file() -> None:
    assert {
        "player_prop_predictions",
        "prediction_regeneration_audit",
        "prediction_worker_runs",
        "prediction_accuracy",
        "promotion_fence",
        "statement_locks",
        "upcoming_player_game_context",
        "player_game_summary",
        "ml_feature_store_v2",
        "pending_bdb_games",
    } <= NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_schema_file_describes_each_column(name: str) -> None:
    found = table(name)
    assert found.description
    assert found.owner in {"regen", "upstream"}
    assert all(f.description for f in found.fields)
    assert len(found.cluster) <= 4


def test_the_predecessors_supersede_columns_are_there() -> None:
    wanted = {
        "superseded",
        "superseded_at",
        "superseded_reason",
        "superseded_metadata",
        "feature_version_hash",
        "data_source_tier",
        "shot_zones_source",
    }
    assert wanted <= set(table("player_prop_predictions").columns)


@pytest.mark.parametrize(
    ("kind", "given_", "expected"),
    [
        ("STRING", "d'Angelo", "d'Angelo"),
        ("INTEGER", 7, 7),
        ("INTEGER", np.int64(7), 7),
        ("FLOAT", 7, 7.0),
        ("FLOAT", np.float32(0.5), 0.5),
        ("NUMERIC", Decimal("24.5"), 24.5),
        ("NUMERIC", 0.1 + 0.2, 0.3),
        ("BOOLEAN", False, False),
        ("DATE", date(2026, 1, 20), "2026-01-20"),
        ("DATE", "2026-01-20", "2026-01-20"),
        ("TIMESTAMP", datetime(2026, 1, 20, tzinfo=timezone(timedelta(hours=-5))), "2026-01-20T05:00:00+00:00"),
        ("TIMESTAMP", "2026-01-20T00:00:00Z", "2026-01-20T00:00:00+00:00"),
        ("JSON", {"a": [1, None, {"b": 0.5}]}, {"a": [1, None, {"b": 0.5}]}),
        ("JSON", ("a", "b"), ["a", "b"]),
    ],
)
def test_a_value_takes_the_type_of_its_column(kind: str, given_: Any, expected: Any) -> None:
    found = normalise_value("t", field(kind), given_)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("STRING", 5),
        ("STRING", "\ud800"),
        ("STRING", "a\x00b"),
        ("INTEGER", 1.0),
        ("INTEGER", True),
        ("INTEGER", 2**63),
        ("FLOAT", math.nan),
        ("FLOAT", math.inf),
        ("FLOAT", "1.5"),
        ("FLOAT", True),
        ("NUMERIC", -math.inf),
        ("NUMERIC", 1e30),
        ("NUMERIC", Decimal("NaN")),
        ("BOOLEAN", 1),
        ("DATE", "20260120"),
        ("DATE", "2026-02-30"),
        ("DATE", datetime(2026, 1, 20, tzinfo=UTC)),
        ("TIMESTAMP", datetime(2026, 1, 20)),  # noqa: DTZ001
        ("TIMESTAMP", "yesterday"),
        ("JSON", {"a": math.nan}),
        ("JSON", {1: 2}),
        ("JSON", b"bytes"),
    ],
)
def test_another_type_is_refused_by_name(kind: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        normalise_value("t", field(kind), value)
    assert caught.value.field.startswith("t.c")


def test_lists_hold_no_nulls() -> None:
    """I-30: a null inside a repeated column held up a whole buffer, four fixes long."""
    repeated = field("FLOAT", "REPEATED")
    assert normalise_value("t", repeated, None) == []
    assert normalise_value("t", repeated, (1, 2.5)) == [1.0, 2.5]
    for bad, where in (([24.5, None], "t.c[1]"), ([math.nan], "t.c[0]"), ("text", "t.c"), ({"a": 1}, "t.c")):
        with pytest.raises(InvalidInput) as caught:
            normalise_value("t", repeated, bad)
        assert caught.value.field == where


def test_required_column_must_be_present() -> None:
    assert normalise(AUDIT, ROW)["reason"] == "x"
    with pytest.raises(InvalidInput, match=r"prediction_regeneration_audit\.reason"):
        normalise(AUDIT, {**ROW, "reason": None})
    with pytest.raises(InvalidInput, match=r"prediction_regeneration_audit\.colour"):
        normalise(AUDIT, {**ROW, "colour": "red"})


def test_nulls_are_left_out_so_that_a_load_takes_defaults() -> None:
    assert set(normalise(AUDIT, {**ROW, "error": None})) == {"regeneration_timestamp", "reason"}


WORDS = st.text("aZ0-:T\x00 é", max_size=12)


@given(st.dictionaries(st.sampled_from(AUDIT.columns), st.one_of(st.none(), st.integers(), st.floats(), WORDS)))
def test_any_row_is_normalised_or_refused(row: dict[str, Any]) -> None:
    try:
        found = normalise(AUDIT, {**ROW, **row})
    except InvalidInput as error:
        assert error.field.startswith("prediction_regeneration_audit.")  # noqa: PT017
    else:
        json.dumps(found, allow_nan=False)


def test_staging_is_derived_from_what_it_feeds() -> None:
    names = [f.name for f in staging_fields()]
    assert len(names) == len(set(names))
    assert set(prediction_columns()) <= set(names)
    assert {RUN_PREFIX + name for name in table("prediction_worker_runs").columns} <= set(names)
    assert set(table("player_prop_predictions").columns) == {*prediction_columns(), *FILLED}


def test_a_staged_run_has_its_prefix() -> None:
    row = {
        "request_id": "r",
        "run_date": ROW["regeneration_timestamp"],
        "player_lookup": "p",
        "game_date": "2026-01-20",
    }
    found = staged(StagedRow("run", "p", run={**row, "success": True}))
    assert found["run_request_id"] == "r"
    assert found["player_lookup"] == found["run_player_lookup"] == "p"
    with pytest.raises(InvalidInput, match="q, as the staged row says"):
        staged(StagedRow("run", "q", run={**row, "success": True}))


@pytest.mark.parametrize(
    "change",
    [
        {"cluster": ["nothing"]},
        {"partition": {"field": "nothing", "type": "DAY"}},
        {"fields": [{"name": "a", "type": "GEOGRAPHY", "mode": "NULLABLE", "description": "x"}]},
        {"fields": [{"name": "a", "type": "STRING", "mode": "OPTIONAL", "description": "x"}]},
        {"fields": [{"name": "a", "type": "STRING", "mode": "NULLABLE", "description": "x"}] * 2},
    ],
)
def test_a_file_that_contradicts_itself_is_refused(change: dict[str, Any]) -> None:
    good = json.loads((Path(parse.__code__.co_filename).parent / "promotion_fence.json").read_text())
    with pytest.raises(ValueError, match=r"\w"):
        parse(json.dumps({**good, **change}))


def test_unknown_table_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        table("nothing")
    with pytest.raises(KeyError):
        AUDIT.field("nothing")
