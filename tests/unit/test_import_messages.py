"""What an import says: of files that it cannot read, of what it made of each file, and of what has no file."""

from __future__ import annotations

import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from regen.data.csvs import read_folder
from regen.data.importer import ImportOptions, import_data, plan_import, with_standing
from regen.domain.errors import InvalidInput
from regen.training.commands import run_evaluate, run_train
from regen.training.warehouse import tables_as_data
from support.import_files import LINES, LOGS, box, csv, logs
from support.import_tables import Tables
from support.season_factory import FIRST, season, write

# Files


def test_a_header_alone_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"player_game_logs\.csv: expected rows below the header"):
        read_folder(logs(tmp_path))


def test_a_file_of_lines_with_a_header_alone_empties_nothing(tmp_path: Path) -> None:
    csv(logs(tmp_path, box(), box("2025-10-23", "0022500009")), "prop_lines", LINES)
    tables = Tables()
    import_data(read_folder(tmp_path), tables)
    assert not tables.kept["player_prop_lines"]


def test_all_missing_and_present_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidInput, match=r"player_game_logs\.csv:1 opponent, home: .*the file has game_date, game_id"
    ):
        read_folder(logs(tmp_path, head=LOGS.replace("opponent,home,", "")))


def test_a_bad_value_is_named_with_what_was_found(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"player_game_logs\.csv:2 minutes: expected a number, found 'many'"):
        read_folder(logs(tmp_path, box(minutes="many")))


@pytest.mark.parametrize(("separator", "word"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_other_separators_are_named(tmp_path: Path, separator: str, word: str) -> None:
    logs(tmp_path, box().replace(",", separator), head=LOGS.replace(",", separator))
    with pytest.raises(InvalidInput, match=rf"player_game_logs\.csv:1: expected commas .*{word}: save it"):
        read_folder(tmp_path)


def test_utf_16_is_named(tmp_path: Path) -> None:
    (tmp_path / "player_game_logs.csv").write_text(f"{LOGS}\n{box()}\n", encoding="utf-16")
    with pytest.raises(InvalidInput, match=r"UTF-16: save it as CSV UTF-8"):
        read_folder(tmp_path)


@pytest.mark.parametrize("ending", ["zip", "parquet", "xlsx"])
def test_files_of_other_programs_are_named_with_what_to_do(tmp_path: Path, ending: str) -> None:
    logs(tmp_path, box())
    with zipfile.ZipFile(tmp_path / f"lines_of_2025.{ending}", "w") as archive:
        archive.writestr("a", "b")
    data = read_folder(tmp_path)
    (said,) = data.report.unknown_files
    assert said.startswith(f"lines_of_2025.{ending} (")
    (tmp_path / f"lines_of_2025.{ending}").rename(tmp_path / f"prop_lines.{ending}")
    with pytest.raises(InvalidInput, match=rf"prop_lines\.{ending}: expected CSV"):
        read_folder(tmp_path)


def test_an_archive_that_is_called_csv_is_named(tmp_path: Path) -> None:
    (tmp_path / "player_game_logs.csv").write_bytes(b"PK\x03\x04rest")
    with pytest.raises(InvalidInput, match="zip archive or an Excel workbook"):
        read_folder(tmp_path)


# What an import says before it writes


def test_an_import_says_what_it_made_of_each_file(tmp_path: Path) -> None:
    logs(tmp_path, box(), box(), box(player="Bo Cole", minutes="0"))
    (report,) = read_folder(tmp_path).report.files
    assert (report.read, report.used, report.format) == (3, 1, "player_game_logs")
    assert report.set_aside == {"there twice": 1, "with no minutes: no appearance": 1}


def test_a_plan_has_the_rows_that_the_import_then_writes() -> None:
    made = season(days=8)
    day = FIRST.replace(day=31)
    options = ImportOptions(dates=frozenset({day}))
    tables = Tables()
    import_data(made, tables)
    plan = plan_import(made, options, tuple(tables.kept), tables)
    again = Tables()
    report = import_data(made, again, options)
    assert {one.table: one.gains for one in plan.tables} == report.rows
    assert {one.table: [str(d) for d in one.dates] for one in plan.tables} == {
        t: sorted(k) for t, k in again.kept.items()
    }
    history = next(one for one in plan.tables if one.table == "player_game_summary")
    assert len(history.dates) == 6
    assert history.loses == sum(log.game_date <= day for log in made.logs)
    assert (plan.dates, plan.games, plan.unplaced) == ((day,), 4, 0)
    assert plan.placed == sum(line.game_date == day for line in made.lines)


def test_train_and_evaluate_say_what_was_made_of_the_files(tmp_path: Path) -> None:
    made = write(season(days=45), tmp_path)
    with (made / "player_game_logs.csv").open("a") as stream:
        stream.write((made / "player_game_logs.csv").read_text().splitlines()[1] + "\n")
    said = "player_game_logs.csv: 1 rows there twice left out"
    last = FIRST + timedelta(days=80)
    assert f"note: {said}" in run_train(made, last)[1]
    evaluation, text = run_evaluate(made, last, last + timedelta(days=8))
    assert f"Note: {said}." in text
    assert said in evaluation.as_dict()["remarks"]


def test_rows_of_the_tables_without_minutes_are_no_appearance() -> None:
    row = {
        "game_date": "2025-10-21", "game_id": "g", "player_lookup": "ann", "team_abbr": "NYK", "opponent_team_abbr": "BOS",
        "home_game": True, "minutes_played": 0, "points": 0, "assists": 0, "offensive_rebounds": 0, "defensive_rebounds": 0,
        "fg_attempts": 0, "three_pt_attempts": 0, "ft_attempts": 0,
    }  # fmt: skip
    found = tables_as_data([row, {**row, "player_lookup": "bob", "minutes_played": 3.5}], [])
    assert [log.player_lookup for log in found.logs] == ["bob"]
    assert "player_game_summary: 1 rows with no minutes: no appearance" in found.report.notes


# What has no file


def test_data_without_a_file_stays_as_the_tables_have_it(tmp_path: Path) -> None:
    """A folder without lines emptied the lines of its dates, and took their players off the slate."""
    made = season(days=8)
    tables = Tables()
    import_data(made, tables)
    before = {name: dict(kept) for name, kept in tables.kept.items()}
    write(made, tmp_path)
    (tmp_path / "prop_lines.csv").unlink()
    (tmp_path / "injury_reports.csv").unlink()
    data = read_folder(tmp_path)
    day = FIRST + timedelta(days=14)
    options = ImportOptions(dates=frozenset({day}))
    data = with_standing(data, {day}, tables)
    plan = plan_import(data, options, tuple(tables.kept), tables)
    assert "player_prop_lines" not in {one.table for one in plan.tables}
    import_data(data, tables, options)
    assert tables.kept["player_prop_lines"] == before["player_prop_lines"]
    slates = [kept["upcoming_player_game_context"][day.isoformat()] for kept in (before, tables.kept)]
    told = [
        [(row["player_lookup"], row["player_status"], row["current_points_line"]) for row in slate] for slate in slates
    ]
    assert told[0] == told[1]
    assert any(line is not None for _, _, line in told[1])
    assert any(status == "out" for _, status, _ in told[1])
