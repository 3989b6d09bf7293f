"""`regen import` over tables in memory: what it says of files, before it writes and instead of writing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from regen.adapters.bigquery import loading
from regen.data.formats import FORMATS
from support.commands import run_command
from support.import_files import LOGS, box
from support.import_tables import Tables
from support.vendor_files import WRITERS
from support.vendor_league import TONIGHT, league

Import = Callable[..., Result]
ROW = box()
DAY = TONIGHT.isoformat()


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> Tables:
    made = Tables()
    monkeypatch.setattr(loading, "TableLoader", lambda *_, **__: made)
    return made


@pytest.fixture
def run(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Import:
    home = tmp_path_factory.mktemp("home")
    env = {"REGEN_LOCAL_HOME": str(home), "REGEN_CONFIG": str(home / "c"), "PROJECT_ID": "", "REGEN_PROFILE": ""}

    def act(*arguments: str | Path) -> Result:
        words = ["import", *map(str, arguments)]
        return run_command(words, {**env, "BIGQUERY_EMULATOR_HOST": "http://127.0.0.1:9"})

    return act


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each format in a folder of its own."""
    root = tmp_path_factory.mktemp("formats")
    for name, writer in WRITERS.items():
        (root / name).mkdir()
        for file, text in writer(league()).items():
            (root / name / file).write_text(text, encoding="utf-8", newline="")
    return root


def put(root: Path, name: str, text: str | bytes) -> Path:
    path = root / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# --explain


@pytest.mark.parametrize("name", [form.name for form in FORMATS])
def test_explain_says_what_each_file_is_and_how_it_reads(name: str, files: Path, run: Import, tables: Tables) -> None:
    found = {}
    for path in sorted((files / name).iterdir()):
        result = run("--explain", path, "--json")
        assert result.exit_code == 0, result.stderr
        told = json.loads(result.stdout)
        found[told["format"]] = told
        assert f"{path.name}: taken for {told['format']} (" in result.stderr
    assert found[name]["columns"]
    assert 1 <= len(found[name]["rows"]) <= 3
    assert not tables.loads


def test_explain_shows_the_mapping_and_rows_to_people(files: Path, run: Import) -> None:
    shown = run("--explain", files / "nba_api_logs" / "logs.csv").stdout
    assert "opponent" not in shown.split("row 1")[0]
    for line in ("player_lookup PLAYER_NAME", "points PTS", "season_type -"):
        assert line in " ".join(shown.split())
    assert "row 1: player_lookup " in shown
    assert "team " in shown.split("row 1")[1]
    assert "row 3: " in shown


def test_explain_of_a_header_alone_shows_the_mapping(tmp_path: Path, run: Import) -> None:
    told = json.loads(run("--explain", put(tmp_path, "h.csv", f"{LOGS}\n"), "--json").stdout)
    assert (told["format"], told["columns"]["points"], told["rows"]) == ("player_game_logs", "points", [])


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.csv", b"", "a.csv: expected a file of a known format; it has no columns"),
        (
            "a.csv",
            b"what,ever\n1,2\n",
            "it has what, ever: name one with --as, or write a mapping beside it (docs/data.md)",
        ),
        (
            "a.csv",
            b"what;ever\n1;2\n",
            "a.csv:1: expected commas between values; here are semicolons: save it as CSV UTF-8",
        ),
        (
            "a.csv",
            "what,ever\n".encode("utf-16"),
            "a.csv: expected CSV with commas, in UTF-8, or JSON; this is text in UTF-16",
        ),
        ("a.csv", b"PK\x03\x04", "this is a zip archive or an Excel workbook"),
        ("a.zip", b"PK\x03\x04", "this is a zip archive: unpack it"),
        ("a.parquet", b"PAR1", "this is a Parquet file: write it as CSV"),
        ("a.xlsx", b"PK\x03\x04", "this is an Excel workbook: save the sheet as CSV"),
        ("a.json", b"{", "a.json: expected JSON: "),
        ("a.json", b'{"a": 1}', "a.json: expected a file of a known format"),
        ("a.toml", b"a = 1", "is a mapping; name one of the files of data"),
    ],
)
def test_explain_names_what_it_cannot_read(name: str, data: bytes, says: str, tmp_path: Path, run: Import) -> None:
    result = run("--explain", put(tmp_path, name, data))
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


def test_explain_of_a_folder_or_of_nothing_is_named(tmp_path: Path, run: Import) -> None:
    """A folder ended in a traceback."""
    assert "is a folder; name one of the files of data" in run("--explain", tmp_path).stderr
    result = run("--explain", tmp_path / "none.csv")
    assert (result.exit_code, "there is none" in result.stderr) == (2, True)


# --as


def test_a_format_that_there_is_not_is_named_with_the_others(tmp_path: Path, run: Import) -> None:
    for arguments in ((), ("--explain",)):
        result = run(*arguments, put(tmp_path, "a.csv", f"{LOGS}\n{ROW}\n"), "--as", "nope")
        assert result.exit_code == 2
        assert all(form.name in result.stderr for form in FORMATS)
        assert "nope is none" in result.stderr


def test_as_with_a_folder_alone_is_refused(tmp_path: Path, run: Import) -> None:
    """It was ignored: every file was taken for what it looked like."""
    put(tmp_path, "a.csv", f"{LOGS}\n{ROW}\n")
    result = run(tmp_path, "--as", "prop_lines")
    assert result.exit_code == 2
    assert "--as prop_lines: name the files that it is about" in result.stderr


def test_a_file_taken_for_another_names_all_that_it_lacks(tmp_path: Path, run: Import) -> None:
    put(tmp_path, "b.csv", "player,what\n")
    said = run("--explain", tmp_path / "b.csv", "--as", "odds_api_lines").stderr
    assert "b.csv:1 bookmaker, line, commence_time, over_odds, under_odds, market: " in said
    assert "the file has player, what" in said


# What it says before it writes


def test_a_bad_value_is_named_by_file_line_and_field(tmp_path: Path, run: Import, tables: Tables) -> None:
    put(tmp_path, "player_game_logs.csv", f"{LOGS}\n{ROW}\n{ROW.replace('24.5', 'lots')}\n")
    result = run(tmp_path)
    assert result.exit_code == 2
    assert "player_game_logs.csv:3 minutes: expected a number, found 'lots'" in result.stderr
    assert not tables.loads


@pytest.mark.parametrize("arguments", [(), ("--from", "2025-10-21", "--to", "2025-10-22")])
def test_a_header_alone_is_named_and_writes_nothing(
    arguments: tuple[str, ...], tmp_path: Path, run: Import, tables: Tables
) -> None:
    """With a span of dates it ended in a traceback."""
    put(tmp_path, "player_game_logs.csv", f"{LOGS}\n")
    result = run(tmp_path, *arguments)
    assert (result.exit_code, tables.loads) == (2, 0)
    assert "player_game_logs.csv: expected rows below the header" in result.stderr


def folder(root: Path, files: Path, *formats: str) -> Path:
    for name in formats:
        for path in (files / name).iterdir():
            (root / path.name).write_bytes(path.read_bytes())
    return root


def test_a_dry_run_says_what_it_would_do_and_does_nothing(
    tmp_path: Path, files: Path, run: Import, tables: Tables
) -> None:
    folder(tmp_path, files, "basketball_reference", "odds_api_lines", "schedule")
    put(tmp_path, "notes.csv", "what,ever\n")
    result = run(tmp_path, "--from", DAY, "--dry-run")
    assert (result.exit_code, tables.loads) == (0, 0)
    for said in (
        "note: games_2026.csv: taken for basketball_reference, ",
        "note: games_2026.csv: 2 rows that are no player's (sums, repeated headers) left out",
        "rows of other markets than points left out",
        "note: notes.csv (expected a file of a known format; it has what, ever",
        "note: shot_zones: missing",
        f"plan: slates of 1 date, {DAY} to {DAY}, 2 games; 40 lines placed, 0 not",
        f"plan: player_prop_lines: 40 rows in place of 0, of 1 date, {DAY} to {DAY}",
    ):
        assert said in result.stderr
    assert "upcoming_player_game_context" in result.stdout


def test_an_import_for_programs_has_plan_files_and_rows(
    tmp_path: Path, files: Path, run: Import, tables: Tables
) -> None:
    folder(tmp_path, files, "nba_api_logs", "odds_api_json", "schedule", "official_injury_report")
    before: dict[str, Any] = json.loads(run(tmp_path, "--from", DAY, "--dry-run", "--json").stdout)
    assert {file["format"] for file in before["files"]} == {
        "nba_api_logs", "odds_api_json", "schedule", "official_injury_report",
    }  # fmt: skip
    odds = next(file for file in before["files"] if file["format"] == "odds_api_json")
    assert odds["set_aside"]["of other markets than points"] > 0
    result = run(tmp_path, "--from", DAY, "--json")
    after = json.loads(result.stdout)
    assert after["plan"] == before["plan"]
    assert after["rows"] == {one["table"]: one["gains"] for one in before["plan"]["tables"]}
    assert any("lines were seen after tip-off and left out" in said for said in after["warnings"])
    again: dict[str, Any] = json.loads(run(tmp_path, "--from", DAY, "--dry-run", "--json").stdout)
    assert {one["table"]: one["loses"] for one in again["plan"]["tables"]} == after["rows"]
