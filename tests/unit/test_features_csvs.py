from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import pytest

from regen.data.csvs import read_folder
from regen.domain.errors import InvalidInput
from support.season_factory import season, write

HEAD = "game_date,game_id,player_lookup,team,opponent,home,minutes,points"
ROW = "2025-10-21,1,aaaa,AAA,BBB,1,24.5,10"


def folder(tmp_path: Path, *rows: str, head: str = HEAD, name: str = "player_game_logs.csv") -> Path:
    (tmp_path / name).write_text("\n".join((head, *rows)) + "\n")
    return tmp_path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    made = season(days=3)
    read = read_folder(write(made, tmp_path))
    assert sorted(read.logs, key=repr) == sorted(made.logs, key=repr)
    assert sorted(read.lines, key=repr) == sorted(made.lines, key=repr)
    assert sorted(read.zones, key=repr) == sorted(made.zones, key=repr)
    assert sorted(read.injuries, key=repr) == sorted(made.injuries, key=repr)
    assert read.report.unknown_columns == {}


def test_game_logs_alone_suffice_and_the_rest_is_named(tmp_path: Path) -> None:
    read = read_folder(folder(tmp_path, f"{ROW},x", head=f"{HEAD},mood"))
    assert read.report.missing_files == ("prop_lines", "shot_zones", "injury_reports")
    assert read.report.unknown_columns == {"player_game_logs": ("mood",)}
    assert "fga" in read.report.absent_columns["player_game_logs"]
    assert read.logs[0].fga is None
    assert read.logs[0].season == "2025-26"


def test_gzip_is_read(tmp_path: Path) -> None:
    (tmp_path / "player_game_logs.csv.gz").write_bytes(gzip.compress(f"{HEAD}\n{ROW}\n".encode()))
    assert read_folder(tmp_path).logs[0].points == 10


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("2025-13-21,1,aaaa,AAA,BBB,1,24.5,10", "game_date"),
        ("2025-10-21,,aaaa,AAA,BBB,1,24.5,10", "game_id"),
        ("2025-10-21,1,123,AAA,BBB,1,24.5,10", "player_lookup"),
        ("2025-10-21,1,aaaa,AAA,BBB,maybe,24.5,10", "home"),
        ("2025-10-21,1,aaaa,AAA,BBB,1,nan,10", "minutes"),
        ("2025-10-21,1,aaaa,AAA,BBB,1,1e3,10", "minutes"),
        ("2025-10-21,1,aaaa,AAA,BBB,1,24.5,", "points"),
        ("2025-10-21,1,aaaa,AAA,BBB,1,24.5,-3", "points"),
    ],
)
def test_a_bad_value_names_file_line_and_field(tmp_path: Path, row: str, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_folder(folder(tmp_path, ROW, row))
    assert caught.value.field == f"player_game_logs.csv:3 {field}"


def test_a_row_of_the_wrong_width_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"player_game_logs\.csv:2"):
        read_folder(folder(tmp_path, "2025-10-21,1"))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="points"):
        read_folder(folder(tmp_path, head=HEAD.replace(",points", "")))


def test_a_box_score_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    read = read_folder(folder(tmp_path, ROW, ROW))
    assert len(read.logs) == 1
    assert read.report.files[0].set_aside == {"there twice": 1}


def test_no_folder_and_no_logs_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="folder"):
        read_folder(tmp_path / "nowhere")
    with pytest.raises(InvalidInput, match="player_game_logs"):
        read_folder(tmp_path)


def test_names_become_lookup_keys(tmp_path: Path) -> None:
    read = read_folder(folder(tmp_path, ROW.replace("aaaa", "Luka Dončić-O'Neal Jr.")))
    assert read.logs[0].player_lookup == "lukadonciconealjr"


def test_lines_are_half_points_and_of_one_value_the_later_wins(tmp_path: Path) -> None:
    folder(tmp_path, ROW)
    head = "game_date,player_lookup,market,bookmaker,line,over_price,under_price"
    rows = [
        "2025-10-21,aaaa,points,DraftKings,11.0,-110,",
        "2025-10-21,aaaa,points,draftkings,11.0,,-105",
        "2025-10-21,aaaa,points,draftkings,10.5,,",
        "2025-10-21,aaaa,assists,draftkings,3.5,,",
    ]
    folder(tmp_path, *rows, head=head, name="prop_lines.csv")
    read = read_folder(tmp_path)
    assert [(line.line, line.over_price, line.under_price) for line in read.lines] == [
        (10.5, None, None),
        (11.0, None, -105),
    ]
    assert "prop_lines: 1 rows gave way to a later row of the same key" in read.report.notes
    assert read.report.files[1].set_aside == {"of other markets than points": 1}
    folder(tmp_path, "2025-10-21,aaaa,points,dk,10.3,,", head=head, name="prop_lines.csv")
    with pytest.raises(InvalidInput, match=r"prop_lines\.csv:2 line"):
        read_folder(tmp_path)


def test_dates_come_in_order(tmp_path: Path) -> None:
    read = read_folder(folder(tmp_path, ROW.replace("10-21", "10-23").replace(",1,a", ",2,a"), ROW))
    assert [log.game_date for log in read.logs] == [date(2025, 10, 21), date(2025, 10, 23)]
