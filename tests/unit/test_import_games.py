"""Box scores are read rightly or named: nothing is lost or bent in silence. Each case was seen with real files."""

from __future__ import annotations

from pathlib import Path

import pytest

from regen.data.csvs import read_folder
from support.import_files import LOGS, aside, box, csv, logs, one
from support.season_factory import FIRST


def test_rows_without_minutes_are_no_appearance(tmp_path: Path) -> None:
    rows = [
        box(minutes="0", points="0"),
        box(player="Bo Cole", minutes="", points=""),
        box(player="Di Eck", minutes="0:00"),
    ]
    data = read_folder(logs(tmp_path, *rows, box(player="Flo Gray")))
    assert [log.player_lookup for log in data.logs] == ["flogray"]
    assert aside(data) == {"with no minutes: no appearance": 3}


def test_a_corrected_row_counts_instead_of_the_one_it_corrects(tmp_path: Path) -> None:
    data = read_folder(logs(tmp_path, box(points="10"), box(points="12")))
    assert [log.points for log in data.logs] == [12]
    assert aside(data) == {"corrected by another row": 1}
    assert any("annbell on 2025-10-21 (player_game_logs.csv:3 counts)" in said for said in data.report.notes)


def test_a_dated_correction_counts_in_any_place(tmp_path: Path) -> None:
    rows = [f"{box(points='12')},2025-10-23T10:00Z", f"{box(points='10')},2025-10-22T10:00Z"]
    assert one(logs(tmp_path, *rows, head=f"{LOGS},corrected_at")).points == 12


def test_a_box_score_under_two_ids_of_one_game_counts_once(tmp_path: Path) -> None:
    data = read_folder(logs(tmp_path, box(), box(game="espn-1")))
    assert [log.game_id for log in data.logs] == ["0022500001"]


@pytest.mark.parametrize("written", ["22500001", "022500001", "0022500001", "22500001.0"])
def test_leading_zeros_of_a_games_id_come_back(tmp_path: Path, written: str) -> None:
    assert one(logs(tmp_path, box(game=written))).game_id == "0022500001"


def test_a_third_team_in_a_game_is_left_out_and_named(tmp_path: Path) -> None:
    rows = [
        box(),
        box(player="Bo Cole", team="BOS", opponent="NYK", home="0"),
        box(player="Di Eck", team="MIA", opponent="NYK", home="0"),
    ]
    data = read_folder(logs(tmp_path, *rows))
    assert {log.player_lookup for log in data.logs} == {"annbell", "bocole"}
    assert any("MIA-NYK on 2025-10-21" in said for said in data.report.notes)


def test_a_team_against_itself_is_left_out_and_named(tmp_path: Path) -> None:
    data = read_folder(logs(tmp_path, box(), box(player="Bo Cole", opponent="NYK")))
    assert [log.player_lookup for log in data.logs] == ["annbell"]
    assert aside(data) == {"of a team against itself": 1}


def test_a_game_of_one_team_is_named(tmp_path: Path) -> None:
    data = read_folder(logs(tmp_path, box()))
    assert "1 games have the box score of one team alone: 0022500001" in data.report.notes


def test_a_game_with_two_homes_needs_a_schedule(tmp_path: Path) -> None:
    logs(tmp_path, box(), box(player="Bo Cole", team="BOS", opponent="NYK", home="1"))
    data = read_folder(tmp_path)
    assert not data.logs
    assert any("BOS-NYK on 2025-10-21" in said for said in data.report.notes)
    csv(tmp_path, "schedule", "game_date,home,away,start", "2025-10-21,Boston,New York,")
    assert [(log.team, log.home) for log in read_folder(tmp_path).logs] == [("BOS", True), ("NYK", False)]


@pytest.mark.parametrize("written", ["postseason", "Playoffs", "playoffs", "Post Season"])
def test_the_postseason_is_a_playoff(tmp_path: Path, written: str) -> None:
    assert one(logs(tmp_path, f"{box()},{written}", head=f"{LOGS},season_type")).season_type == "playoffs"


@pytest.mark.parametrize(
    ("game", "kind"), [("0042500101", "playoffs"), ("52500101", "playin"), ("0022500001", "regular")]
)
def test_the_kind_of_a_game_is_read_from_its_id(tmp_path: Path, game: str, kind: str) -> None:
    assert one(logs(tmp_path, box(game=game))).season_type == kind


@pytest.mark.parametrize(
    ("game", "kind"), [("0012500001", ""), ("g1", "Pre Season"), ("0032500001", ""), ("g1", "All-Star")]
)
def test_preseason_and_all_star_games_are_no_form(tmp_path: Path, game: str, kind: str) -> None:
    rows = [f"{box('2025-10-10', game)},{kind}", f"{box()},"]
    data = read_folder(logs(tmp_path, *rows, head=f"{LOGS},season_type"))
    assert [log.game_date for log in data.logs] == [FIRST]
    assert sum(aside(data).values()) == 1
