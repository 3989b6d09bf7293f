"""Everything that sends a statement, called once each: what they send, and in which types, is what the analyser judges."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, cast

from google.cloud import bigquery
from msgspec.structs import force_setattr

from googlesql.analyser import STAGING
from googlesql.fake_client import FakeClient, Parameters, Recorder
from regen.adapters.bigquery.ledger import BigQueryLedger
from regen.adapters.bigquery.loading import TableLoader
from regen.adapters.bigquery.tables import create_tables
from regen.adapters.bigquery.warehouse import BigQueryWarehouse
from regen.cli import bdb, comparing, explain_row, moves, predictions, quality, records
from regen.cli.session import Session
from regen.client import accuracy, training_tables
from regen.client.errors import OperatorError
from regen.client.reader import Reader
from regen.console.sources import WarehouseTables
from regen.data.importer import TABLES, Part
from regen.demo import facts
from regen.domain.audit import AuditEvent
from regen.domain.bdb import BdbChange, BdbStatus
from regen.domain.errors import RegenError
from regen.domain.quality import GameSums, Limits, measured
from regen.sql import Names
from support.official import read_through
from support.warehouse_rows import challenger, entry, fence, promotion, rollback
from support.warehouses import at

PROJECT, PREFIX = "a-project", "p_"
DAY = date(2026, 1, 20)
MOMENT = datetime(2026, 1, 20, 12, tzinfo=UTC)
COUNTS = {"superseded": 1, "withdrawn": 0, "inserted": 1}
GAME = {
    "game_date": DAY, "game_id": "g", "status": "pending", "home_team": "NYK", "away_team": "BOS",
    "game_start_time": MOMENT, "bdb_check_count": 1, "last_bdb_check_at": MOMENT, "bdb_available_at": MOMENT,
    "attempts": 0, "updated_at": MOMENT,
}  # fmt: skip
STANDING = {"game_date": DAY, "newest": MOMENT, "prediction_rows": 1, "coverage_pct": 90.0}
LIMITS = Limits(1, 1, 1, 1, 1, 1, 1)
BATCH = "regen_2026-01-20_test_1"

Row = Mapping[str, Any]


def sent() -> list[tuple[str, Parameters]]:
    """Each statement that is sent, with its parameters as they stand in the request."""
    recorder = Recorder()
    fake: Any = FakeClient(recorder)
    client = cast("bigquery.Client", fake)
    for rows, act in (*_adapters(client), *_clients(client)):
        recorder.rows = list(rows)
        with contextlib.suppress(RegenError, OperatorError):  # what was sent is what counts, not what came of it
            act()
    return recorder.sent


def _adapters(client: bigquery.Client) -> Iterator[tuple[list[Row], Callable[[], object]]]:
    warehouse = BigQueryWarehouse(client, PROJECT, dataset_prefix=PREFIX)
    ledger = BigQueryLedger(warehouse.jobs, Names(PROJECT, PREFIX))
    act = promotion("b1", 1, 1)
    force_setattr(act, "staging", STAGING)
    requested = [entry("b1", AuditEvent.REQUESTED, at(0))]
    yield [], lambda: create_tables(client, PROJECT, PREFIX)
    yield [], lambda: warehouse.read_slate(DAY)
    yield [], lambda: warehouse.box_scores(DAY, DAY, "")
    yield [], lambda: warehouse.current_predictions(DAY)
    yield [], lambda: warehouse.raise_fence(fence("b1", 1))
    yield [], warehouse.mend_fences
    yield [COUNTS], lambda: warehouse.promote(act)
    yield [COUNTS], lambda: warehouse.rollback(rollback("b1", 1, minute=1))
    yield [], lambda: warehouse.promotion_of(DAY, "b1", 1)
    yield [], lambda: warehouse.record(requested, STAGING)
    yield [], lambda: warehouse.record(requested)
    yield [], lambda: warehouse.keep_challengers("b1", 1, [challenger("b1", "p", 24.5)])
    yield [], lambda: ledger.survey(DAY, DAY)
    yield [], lambda: ledger.moves(DAY, BATCH)
    yield [GAME], lambda: ledger.bdb_games(DAY)
    yield [], lambda: ledger.change_bdb([BdbChange(DAY, "g", "pending", 0, BdbStatus.COMPLETED, 1, 1, MOMENT, "note")])
    yield [], lambda: ledger.zone_drifts(DAY, DAY)
    yield [], lambda: ledger.standings(DAY, DAY, MOMENT)
    yield [], lambda: ledger.verify(DAY, DAY, MOMENT, 90.0)
    yield [], lambda: ledger.acts(DAY, DAY)
    yield [], lambda: ledger.changed_dates(MOMENT)
    yield [], lambda: ledger.sources(DAY, DAY)
    yield [], lambda: ledger.grade(DAY, DAY, MOMENT)
    yield [], lambda: ledger.grade_challengers(DAY, DAY, MOMENT)
    yield [], lambda: ledger.quality(DAY, DAY)
    yield [], lambda: ledger.keep_quality(DAY, measured([GameSums(DAY, "g", "s", *[1] * 12)], DAY, LIMITS), MOMENT)
    loader = TableLoader(client, PROJECT, PREFIX, STAGING)
    yield [], lambda: loader.load("player_game_summary", (), replace_dates={DAY})
    yield [], lambda: loader.replace([Part(table, (), (DAY,)) for table in TABLES])
    yield [{"number": 1}], lambda: loader.held("player_game_summary", {DAY})
    yield [], lambda: loader.rows("player_prop_lines", ("game_date", "line"), {DAY})


def _clients(client: bigquery.Client) -> Iterator[tuple[list[Row], Callable[[], object]]]:
    reader = read_through(Reader(PROJECT, "http://emulator", PREFIX), client)
    session = Session()
    vars(session)["reader"] = reader
    known = facts.Before(MOMENT, 1)

    def quietly(function: Callable[..., object], *arguments: Any) -> Callable[[], None]:
        def act() -> None:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                function(session, *arguments)

        return act

    yield [], quietly(predictions.show, "2026-01-20")
    yield [], quietly(predictions.coverage, "2026-01-20")
    yield [{"prediction_id": "abcd", "game_date": DAY, "system_id": "s"}], quietly(explain_row.explain_row, "abcd")
    yield [], quietly(moves.diff, BATCH)
    yield [], quietly(records.audit, "2026-01-20")
    yield [], quietly(records.audit, BATCH)
    yield [], quietly(bdb.list_)
    yield [], quietly(quality.quality, "2026-01-20")
    yield [], quietly(comparing.compare, "in-use", "0123456789abcdef", "2026-01-20", "2026-01-21")
    tables = WarehouseTables(reader)
    yield [], lambda: tables.dates(DAY, DAY)
    yield [], lambda: tables.current(DAY)
    yield [], lambda: tables.accuracy(DAY, DAY)
    yield [], lambda: tables.player("somebody", DAY, DAY)
    yield [], lambda: accuracy.errors(reader, [BATCH], DAY, DAY)
    yield [], lambda: training_tables.rows_to_learn_from(reader, DAY, DAY)
    yield [STANDING], lambda: facts.before(reader, DAY, DAY)
    yield [STANDING], lambda: facts.read_facts(reader, [DAY], known)
