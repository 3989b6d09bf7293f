"""Play-by-play that comes after the predictions: an import records its arrival, and the scan asks for a regeneration."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from googlesql.warehouse import EvaluatorHarness
from regen.data.csvs import read_paths
from regen.data.importer import TABLES, ImportOptions, import_data, zones_arrive
from regen.domain.bdb import BdbStatus
from regen.domain.values import replace
from regen.services.state.deps import TRIGGER_TOPIC
from regen.services.tables import bdb_scanning
from support.bench import Bench
from support.import_tables import Tables
from support.vendor_files import WRITERS
from support.vendor_league import TONIGHT, league
from support.warehouse_rows import old

PLAYED = TONIGHT - timedelta(days=2)
COME = datetime.combine(PLAYED + timedelta(days=2), time(21, 10), UTC)


@pytest.fixture(scope="module")
def harness() -> EvaluatorHarness:
    return EvaluatorHarness()


@pytest.mark.parametrize("name", ["bigdataball", "nba_shots"])
def test_late_shots_in_a_vendors_file_are_found_by_the_scan(
    name: str, harness: EvaluatorHarness, tmp_path: Path
) -> None:
    made = league()
    for file, text in {**WRITERS["nba_api_logs"](made), **WRITERS["schedule"](made), **WRITERS[name](made)}.items():
        (tmp_path / file).write_text(text, encoding="utf-8", newline="")
    data = read_paths([tmp_path])
    tables = Tables()
    import_data(replace(data, zones=()), tables, ImportOptions(dates=frozenset({PLAYED})))
    assert {row["status"] for row in tables.rows("pending_bdb_games", PLAYED)} == {BdbStatus.PENDING}
    before = tables.rows("ml_feature_store_v2", PLAYED)
    assert {row["data_source_tier"] for row in before} == {"SILVER"}
    predicted = [
        old(
            row["player_lookup"],
            "moving_average",
            None,
            day=PLAYED,
            game_id=row["game_id"],
            feature_version_hash=row["data_hash"],
        )
        for row in before
    ]
    harness.engine.load(harness.names.table("player_prop_predictions"), predicted, truncate=True)
    bench = Bench([])
    bench.clock.advance((COME - bench.clock.now()).total_seconds())
    bench.deps = replace(bench.deps, ledger=harness.ledger)
    put(harness, tables)
    assert bdb_scanning.scan(bench.deps).counts == {"wait": 2}

    report = zones_arrive(data, tables, [PLAYED])
    put(harness, tables)

    assert report.tiers == {"GOLD": len(before)}
    pending = tables.rows("pending_bdb_games", PLAYED)
    assert {(row["status"], row["bdb_available_at"]) for row in pending} == {(BdbStatus.AVAILABLE, COME.isoformat())}
    assert sum(row["bdb_shots_found"] for row in pending) == sum(z.fga for z in made.zones if z.game_date == PLAYED)
    found = bdb_scanning.scan(bench.deps)
    assert (found.triggered, found.counts) == ([PLAYED], {"regenerate": 2})
    (trigger,) = bench.queue.of(TRIGGER_TOPIC)
    assert (trigger["game_date"], trigger["reason"]) == (PLAYED.isoformat(), "bdb_upgrade")
    assert bdb_scanning.scan(bench.deps).triggered == []


def put(harness: EvaluatorHarness, tables: Tables) -> None:
    for name in TABLES:
        harness.engine.load(harness.names.table(name), tables.rows(name), truncate=True)
