"""Each format, as its vendor writes it and without a mapping, leads to the predictions that regen's own files lead to.

What is imported is read back by the statement that a batch reads with, in Google's reference evaluator; then the services open,
process, verify and promote the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from googlesql.warehouse import EvaluatorHarness
from regen.adapters.memory.clock import ManualClock
from regen.data.csvs import DataFolder, read_paths
from regen.data.formats import FORMATS, by_name
from regen.data.formats.shape import KINDS, SCHEDULE, SHOT_ZONES
from regen.data.importer import ImportOptions, import_data
from regen.domain.batch import Status
from regen.domain.dates import eastern_today
from regen.domain.inputs import SourceTier
from regen.domain.slate_reading import SlateReading
from regen.systems import systems, with_members
from support.bench import Bench
from support.import_tables import Tables
from support.vendor_files import WRITERS, Files
from support.vendor_league import OUT, TONIGHT, league
from support.web_bench import Web

Promoted = dict[tuple[str, str, float | None], float]
SYSTEMS = with_members(("moving_average", "zone_matchup_v1", "line_blend_v1"))
READ = ("upcoming_player_game_context", "player_game_summary", "player_prop_lines", "ml_feature_store_v2")


@pytest.fixture(scope="module")
def warehouse() -> EvaluatorHarness:
    return EvaluatorHarness()


@pytest.fixture(scope="module")
def data() -> DataFolder:
    return league()


@pytest.fixture(scope="module")
def read_back(warehouse: EvaluatorHarness) -> Callable[[Path], SlateReading]:
    """Imports a folder and reads the slate of tonight; the same rows are read once."""
    known: dict[str, SlateReading] = {}

    def act(folder: Path) -> SlateReading:
        tables = Tables()
        options = ImportOptions(dates=frozenset({TONIGHT}), zones=True)
        import_data(read_paths([folder]), tables, options)
        if (rows := repr(tables.kept)) not in known:
            for name in READ:
                warehouse.engine.load(warehouse.names.table(name), tables.rows(name), truncate=True)
            known[rows] = warehouse.warehouse.read_slate(TONIGHT)
        return known[rows]

    return act


@pytest.fixture(scope="module")
def expected(
    data: DataFolder, read_back: Callable[[Path], SlateReading], tmp_path_factory: pytest.TempPathFactory
) -> Promoted:
    """What regen's own five files lead to."""
    return promoted(read_back(written(tmp_path_factory.mktemp("own"), own_files(data))))


def own_files(data: DataFolder, *without: str) -> Files:
    """regen's own files, but for these kinds."""
    return {name: text for kind in KINDS if kind not in without for name, text in WRITERS[kind](data).items()}


def written(root: Path, files: Files) -> Path:
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8", newline="")
    return root


def bench(slate: SlateReading) -> Bench:
    made = Bench([], systems=SYSTEMS, run_for=lambda wanted, _version: systems(with_members(tuple(wanted))))
    made.warehouse.seed_slate(slate)
    return made


def promoted(slate: SlateReading) -> Promoted:
    """The current predictions after a first batch of tonight."""
    made = bench(slate)
    batch = made.run(day=TONIGHT)
    assert batch.status is Status.PROMOTED
    rows = made.warehouse.current_predictions(TONIGHT)
    return {(row.player_lookup, row.system_id, row.line): round(row.points, 4) for row in rows}


def test_the_league_is_there_in_every_format() -> None:
    assert set(WRITERS) == {form.name for form in FORMATS}


@pytest.mark.parametrize("name", [form.name for form in FORMATS if form.name not in KINDS])
def test_a_vendors_file_leads_to_the_same_promoted_date(
    name: str, data: DataFolder, read_back: Callable[[Path], SlateReading], expected: Promoted, tmp_path: Path
) -> None:
    form = by_name(name)
    replaced = [SCHEDULE, "player_game_logs"] if name == "nba_api_games" else [form.makes]
    folder = written(tmp_path, {**own_files(data, *replaced), **WRITERS[name](data)})
    assert name in {report.format for report in read_paths([folder]).report.files}
    slate = read_back(folder)
    if form.makes == SHOT_ZONES:
        assert {e.inputs.data_source_tier for e in slate.entries if e.inputs} == {SourceTier.GOLD}
    assert promoted(slate) == expected


def test_a_file_that_is_missing_would_be_seen(
    data: DataFolder, read_back: Callable[[Path], SlateReading], expected: Promoted, tmp_path: Path
) -> None:
    """The comparison can fail: without lines, reports or zones the date is another."""
    assert not {player for player, _, _ in expected} & set(OUT)
    assert {line is None for _, _, line in expected} == {True, False}
    for kind in ("prop_lines", "injury_reports", SHOT_ZONES):
        folder = tmp_path / kind
        folder.mkdir()
        assert promoted(read_back(written(folder, own_files(data, kind)))) != expected


def test_start_today_has_a_slate_from_schedule_and_rosters(
    data: DataFolder, read_back: Callable[[Path], SlateReading], tmp_path: Path
) -> None:
    """No box score, no line and no report of the date is known: its games are, and who played for the teams before."""
    assert eastern_today(ManualClock().now()) == TONIGHT
    before = DataFolder(data.logs, (), (), (), data.report, data.games)
    files = {**WRITERS["nba_api_logs"](before), **WRITERS["league_schedule"](before)}
    slate = read_back(written(tmp_path, files))
    assert {entry.game_start for entry in slate.entries} == {datetime.fromisoformat("2026-01-21T00:10:00+00:00")}
    web = Web([], systems=SYSTEMS, run_for=lambda wanted, _version: systems(with_members(tuple(wanted))))
    web.bench.warehouse.seed_slate(slate)
    answer = web.post("/start", {"game_date": "TODAY"})
    told = answer.get_json()
    assert (answer.status_code, told["game_date"]) == (202, TONIGHT.isoformat())
    web.bench.drain()
    assert web.bench.batch(told["batch_id"]).status is Status.PROMOTED
    players = {player for player, _, _ in web.bench.current(TONIGHT)}
    assert players == {entry.player_lookup for entry in slate.entries}
    assert len(players) == 24
