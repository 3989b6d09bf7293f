"""Whose predictions rest on other shot zones than the store has: the statement and memory say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contract.test_tip_off import CONTEXT, FEATURES, GAME, context, features, hours, of
from googlesql.warehouse import EvaluatorHarness
from regen.adapters.bigquery.columns import Columns
from regen.adapters.memory.ledger import MemoryLedger
from regen.domain.inputs import PlayerInputs, SourceTier
from regen.domain.slate_reading import SlateEntry, SlateReading
from regen.domain.values import replace
from regen.domain.zones import ZoneDrift
from regen.schemas import table
from support.warehouse_rows import old
from support.warehouses import DAY, MemoryHarness

#: What a player's predictions rest on, one row each, and what the store has had of him, the newest last.
CASES: Mapping[str, tuple[list[dict[str, Any]], list[str | None]]] = {
    "anton": ([{"zones": "a1"}, {"zones": "a1"}], ["a1", "a2"]),
    "bela": ([{"zones": "b1"}], ["b0", "b1"]),
    "carl": ([{"zones": None}], ["c1"]),
    "dora": ([{"zones": "d1"}], [None]),
    "emil": ([{"zones": "e1", "superseded": True}, {"zones": "e2"}], ["e2"]),
    "fred": ([{"zones": "f1", "restored_from_prediction_id": "x"}], ["f2"]),
    "gina": ([{"zones": "g1"}], []),
    "hans": ([{"zones": "h0"}, {"zones": "h1"}], ["h1"]),
}


def predictions() -> list[dict[str, Any]]:
    made = []
    for player, (rows, _) in CASES.items():
        for n, row in enumerate(rows):
            found = old(player, f"system_{n}", 20.5)
            told = {name: value for name, value in row.items() if name != "zones"}
            made.append({**found, "game_id": GAME, "source_shot_zones_hash": row["zones"], **told})
    return made


def stored() -> list[dict[str, Any]]:
    return [
        features(player, n, source_shot_zones_hash=zones)
        for player, (_, known) in CASES.items()
        for n, zones in enumerate(known)
    ]


EXPECTED = [
    ZoneDrift(DAY, GAME, "anton", "a1", "a2", hours(1)),
    ZoneDrift(DAY, GAME, "hans", "h0", "h1", hours(1)),
]


def test_players_on_other_zones_are_found() -> None:
    harness = EvaluatorHarness()
    harness.seed(predictions())
    harness.load(FEATURES, stored())
    assert harness.ledger.zone_drifts(DAY, DAY) == EXPECTED


def test_memory_finds_the_same() -> None:
    harness = MemoryHarness()
    harness.seed(predictions())
    entries = []
    for player, (_, known) in CASES.items():
        if known:
            inputs = PlayerInputs(
                player, DAY, GAME, "NYK", "BOS", True, {}, "v3", "h", 90.0, SourceTier.SILVER,
                features_built_at=hours(len(known) - 1), shot_zones_hash=known[-1],
            )  # fmt: skip
            entries.append(SlateEntry(player, player, GAME, "NYK", "BOS", True, None, "available", 31.0, False, inputs))
    harness.warehouse.seed_slate(SlateReading(DAY, entries, "s", None))
    assert MemoryLedger(harness.warehouse).zone_drifts(DAY, DAY) == EXPECTED


def test_the_slate_carries_upstreams_hash() -> None:
    harness = EvaluatorHarness()
    harness.load(CONTEXT, [context("anton")])
    harness.load(FEATURES, [features("anton", source_shot_zones_hash="a1")])
    found = of(harness.warehouse.read_slate(DAY), "anton")
    assert found.shot_zones_hash == "a1"
    assert replace(found, shot_zones_hash="a2").inputs_hash() == found.inputs_hash()


def test_a_store_without_the_column_finds_nobody() -> None:
    """A table that lacks it is read with null in its place."""
    harness = EvaluatorHarness()
    harness.seed(predictions())
    lacks = table("ml_feature_store_v2")
    name = harness.names.table(lacks.name)
    harness.engine.drop(name)
    harness.engine.create(name, [f for f in lacks.fields if f.name != "source_shot_zones_hash"])
    harness.load(FEATURES, [{k: v for k, v in row.items() if k != "source_shot_zones_hash"} for row in stored()])
    columns: Any = harness.ledger._columns
    assert isinstance(columns, Columns)
    vars(columns)["_missing"] = lambda table_name, _: (
        frozenset({"source_shot_zones_hash"}) if table_name == lacks.name else frozenset()
    )
    assert harness.ledger.zone_drifts(DAY, DAY) == []
