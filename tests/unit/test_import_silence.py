"""Teams and names in files are known or named: nothing is lost or bent in silence. Each case was seen with real files."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from regen.data.aliases import FILE as ALIASES
from regen.data.csvs import read_folder
from regen.data.importer import import_data
from regen.data.names import key
from regen.data.teams import codes, team_code
from regen.domain.errors import InvalidInput
from regen.league.names import TEAMS
from support.import_files import LINES, LOGS, REPORTS, aside, box, csv, logs, one
from support.import_tables import Tables

# Teams


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Boston Celtics", "BOS"),
        ("boston celtics", "BOS"),
        ("BRK", "BKN"),
        ("PHO", "PHX"),
        ("UTAH", "UTA"),
        ("NY", "NYK"),
        ("nyk", "NYK"),
        ("CHO", "CHA"),
        ("GS", "GSW"),
        ("SA", "SAS"),
        ("NO", "NOP"),
        ("WSH", "WAS"),
        ("LA Clippers", "LAC"),
        ("Los Angeles Clippers", "LAC"),
        ("Los Angeles Lakers", "LAL"),
        ("Lakers", "LAL"),
        ("1610612752", "NYK"),
        ("Philadelphia 76ers", "PHI"),
    ],
)
def test_a_team_is_known_by_every_vendors_spelling(tmp_path: Path, written: str, code: str) -> None:
    assert one(logs(tmp_path, box(team=written, opponent="MIA" if code != "MIA" else "NYK"))).team == code


def test_thirty_teams_are_known_and_none_of_the_sample_league() -> None:
    assert len(set(codes())) == 30
    assert [team_code(code) for code in (*codes(), *TEAMS)] == [*codes(), *TEAMS]


def test_a_team_in_a_report_is_the_team_of_the_games(tmp_path: Path) -> None:
    csv(logs(tmp_path, box()), "injury_reports", REPORTS, "2025-10-23,Ann Bell,New York Knicks,OUT,2025-10-23")
    assert read_folder(tmp_path).injuries[0].team == "NYK"


def test_a_team_that_plays_no_game_is_no_team_and_is_named(tmp_path: Path) -> None:
    csv(logs(tmp_path, box()), "injury_reports", REPORTS, "2025-10-23,Ann Bell,NYX,out,2025-10-23")
    data = read_folder(tmp_path)
    assert data.injuries[0].team is None
    assert any("NYX (likeliest NYK)" in said for said in data.report.notes)


def test_a_ghost_team_takes_no_player_off_the_slate(tmp_path: Path) -> None:
    rows = [
        box(),
        box("2025-10-23", "0022500009"),
        box("2025-10-23", "0022500009", "Bo Cole", team="BOS", opponent="NYK", home="0"),
    ]
    csv(logs(tmp_path, *rows), "injury_reports", REPORTS, "2025-10-23,Ann Bell,NYX,questionable,2025-10-23")
    tables = Tables()
    import_data(read_folder(tmp_path), tables)
    (row,) = tables.rows("upcoming_player_game_context", date(2025, 10, 23))
    assert (row["player_lookup"], row["team_abbr"], row["player_status"]) == ("annbell", "NYK", "questionable")


# Names


@pytest.mark.parametrize(
    ("written", "lookup"),
    [
        ("Butler III, Jimmy", "jimmybutleriii"),
        ("Jimmy Butler III", "jimmybutleriii"),
        ("Porter, Jr., Michael", "michaelporterjr"),
        ("Tim Hardaway, Jr.", "timhardawayjr"),
        ("Nikola Đurišić", "nikoladurisic"),
        ("Nikola D\u0331uris\u030cic\u0301", "nikoladurisic"),
        ("Ømer Łaś ıßæ", "omerlasissae"),
        ("JALEN WILLIAMS (OKC)", "jalenwilliams"),
        ("D\u2019Angelo O'Neal-Ruiz", "dangelooneal" + "ruiz"),
    ],
)
def test_a_name_has_one_key_however_it_is_written(written: str, lookup: str) -> None:
    assert key(written) == lookup


@pytest.mark.parametrize(
    "text",
    ["nan", "NaN", "None", "none", "null", "NULL", "N/A", "n/a", "<NA>", "#N/A", "NaT", "nil", "undefined", "unknown",
     "-", "TBD"],
)  # fmt: skip
def test_what_stands_for_no_name_is_no_player(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidInput, match=r"player_game_logs\.csv:2 player_lookup"):
        read_folder(logs(tmp_path, box(player=text)))


@pytest.mark.parametrize(("column", "value"), [("game", "nan"), ("team", "None"), ("opponent", "N/A")])
def test_what_stands_for_nothing_is_no_value(tmp_path: Path, column: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=r"player_game_logs\.csv:2"):
        read_folder(logs(tmp_path, box(**{column: value})))


def test_the_star_who_is_out_is_out_under_the_reports_spelling(tmp_path: Path) -> None:
    logs(tmp_path, box(player="Jimmy Butler"), box("2025-10-23", "0022500009", "Jimmy Butler"))
    csv(tmp_path, "injury_reports", REPORTS, '2025-10-23,"Butler III, Jimmy",New York Knicks,Out,2025-10-23')
    data = read_folder(tmp_path)
    assert data.injuries[0].player_lookup == "jimmybutler"
    assert any("jimmybutleriii is jimmybutler" in said for said in data.report.notes)
    tables = Tables()
    import_data(data, tables)
    (row,) = tables.rows("upcoming_player_game_context", date(2025, 10, 23))
    assert (row["player_lookup"], row["player_status"]) == ("jimmybutler", "out")


def test_a_suffix_that_two_players_differ_by_is_kept(tmp_path: Path) -> None:
    logs(tmp_path, box(player="Gary Payton"), box(player="Gary Payton II"))
    csv(
        tmp_path,
        "prop_lines",
        LINES,
        "2025-10-21,Gary Payton II,points,dk,5.5,,",
        "2025-10-21,Gary Payton,points,dk,9.5,,",
    )
    assert [line.player_lookup for line in read_folder(tmp_path).lines] == ["garypayton", "garypaytonii"]


def test_the_users_file_of_aliases_says_who_is_who(tmp_path: Path) -> None:
    logs(tmp_path, box(player="Nicolas Claxton"))
    csv(tmp_path, "prop_lines", LINES, "2025-10-21,Nic Claxton,points,dk,9.5,,")
    csv(tmp_path, ALIASES.removesuffix(".csv"), "name,player", "Nic Claxton,Nicolas Claxton")
    data = read_folder(tmp_path)
    assert data.lines[0].player_lookup == "nicolasclaxton"
    assert data.report.unknown_files == ()


def test_names_without_a_game_are_all_listed_with_the_likeliest(tmp_path: Path) -> None:
    logs(tmp_path, box(player="Nikola Jokic"), box("2025-10-23", "0022500009", "Nikola Jokic"))
    strangers = [f"2025-10-23,Stranger {chr(97 + n) * 4},points,dk,9.5,," for n in range(8)]
    csv(tmp_path, "prop_lines", LINES, "2025-10-23,Nikolo Jokic,points,dk,9.5,,", *strangers)
    said = "\n".join(import_data(read_folder(tmp_path), Tables()).warnings)
    assert "9 players with lines could not be placed" in said
    assert "nikolojokic (likeliest nikolajokic)" in said
    assert all(f"stranger{chr(97 + n) * 4}" in said for n in range(8))
    assert ALIASES in said


@pytest.mark.parametrize(("points", "kept"), [("0", 5), ("1", 5), ("10", 10)])
def test_points_that_have_not_come_are_no_form(tmp_path: Path, points: str, kept: int) -> None:
    """A feed that sends minutes first would take a star's mean down by a game of zero."""
    early = [box(player=f"Ann {'abcde'[n]}", points=points) for n in range(5)]
    whole = [box(player=f"Bob {'abcde'[n]}", team="BOS", opponent="NYK", home="0") for n in range(5)]
    data = read_folder(logs(tmp_path, *early, *whole))
    assert len(data.logs) == kept
    left_out = {} if kept == 10 else {"of a team whose points have not come": 5}
    assert aside(data) == left_out
    assert ("NYK in 2025-10-21 0022500001" in "\n".join(data.report.sentences)) == bool(left_out)


def test_a_scoreless_evening_of_one_player_is_form(tmp_path: Path) -> None:
    assert one(logs(tmp_path, box(points="0"))).points == 0


def test_a_stack_that_starts_names_a_few_strangers(tmp_path: Path) -> None:
    logs(tmp_path, box(player="Nikola Jokic"))
    strangers = [f"2025-10-21,Stranger {chr(97 + n) * 4},points,dk,9.5,," for n in range(8)]
    csv(tmp_path, "prop_lines", LINES, *strangers)
    said = "\n".join(import_data(read_folder(tmp_path), Tables()).brief)
    assert "8 players with lines could not be placed" in said
    assert said.count("stranger") == 5


def test_two_players_of_one_name_do_not_become_one(tmp_path: Path) -> None:
    head = f"{LOGS},nba_player_id"
    rows = (f"{box(player='Cal Lee')},7", f"{box('2025-10-23', '0022500009', 'Cal Lee', team='MIA')},8")
    with pytest.raises(InvalidInput, match=r"callee: expected one player; this is two, nba_player_id 7 and 8.*aliases"):
        read_folder(logs(tmp_path, *rows, head=head))
    csv(tmp_path, ALIASES.removesuffix(".csv"), "name,player,nba_player_id", "Cal Lee,Cal Lee Heat,8")
    assert [log.player_lookup for log in read_folder(tmp_path).logs] == ["callee", "calleeheat"]


def test_one_key_in_two_games_of_a_date_is_named(tmp_path: Path) -> None:
    """It ended in a traceback."""
    with pytest.raises(
        InvalidInput, match="annbell: expected one player; this is two, two games on 2025-10-21, for MIA and NYK"
    ):
        read_folder(logs(tmp_path, box(), box(game="0022500002", team="MIA", opponent="CHI")))
