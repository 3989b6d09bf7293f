"""Nothing is lost or bent in silence when files are read: each case was seen with real files."""

from __future__ import annotations

import random
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest

from regen.data.aliases import FILE as ALIASES
from regen.data.csvs import DataFolder, read_folder
from regen.data.importer import ImportOptions, import_data, plan_import, with_standing
from regen.data.names import key
from regen.data.teams import codes, team_code
from regen.domain.errors import InvalidInput
from regen.features.records import GameLog
from regen.league.names import TEAMS
from regen.training.commands import run_evaluate, run_train
from regen.training.warehouse import tables_as_data
from support.import_tables import Tables
from support.season_factory import FIRST, season, write

LOGS = "game_date,game_id,player_lookup,team,opponent,home,minutes,points"
LINES = "game_date,player_lookup,market,bookmaker,line,over_price,under_price"
REPORTS = "game_date,player_lookup,team,status,reported"


def csv(root: Path, name: str, head: str, *rows: str) -> Path:
    (root / f"{name}.csv").write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return root


def logs(root: Path, *rows: str, head: str = LOGS) -> Path:
    return csv(root, "player_game_logs", head, *rows)


def box(day: str = "2025-10-21", game: str = "0022500001", player: str = "Ann Bell", **more: str) -> str:
    values = {"team": "NYK", "opponent": "BOS", "home": "1", "minutes": "24.5", "points": "10", **more}
    return ",".join((day, game, player, *values.values()))


def one(root: Path) -> GameLog:
    (found,) = read_folder(root).logs
    return found


def aside(data: DataFolder, file: str = "player_game_logs.csv") -> dict[str, int]:
    return dict(next(report.set_aside for report in data.report.files if report.name == file))


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


# Box scores


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


# Lines


@pytest.mark.parametrize(
    "market", ["player_points", "Points", "PTS", "points", "Player Points", "player_points_alternate", ""]
)
def test_points_are_points_in_every_spelling(tmp_path: Path, market: str) -> None:
    csv(logs(tmp_path, box()), "prop_lines", LINES, f"2025-10-21,Ann Bell,{market},dk,9.5,,")
    assert len(read_folder(tmp_path).lines) == 1


def test_a_line_of_another_market_refuses_nothing(tmp_path: Path) -> None:
    rows = [
        "2025-10-21,Ann Bell,assists,dk,,,",
        "2025-10-21,,player_rebounds,,x,y,z",
        "2025-10-21,Ann Bell,points,dk,9.5,,",
    ]
    data = read_folder(csv(logs(tmp_path, box()), "prop_lines", LINES, *rows))
    assert len(data.lines) == 1
    assert aside(data, "prop_lines.csv") == {"of other markets than points": 2}


def test_a_file_of_other_markets_alone_is_told(tmp_path: Path) -> None:
    data = read_folder(csv(logs(tmp_path, box()), "prop_lines", LINES, "2025-10-21,Ann Bell,steals,dk,1.5,,"))
    assert "prop_lines.csv: not one of its 1 rows counts" in data.report.sentences


@pytest.mark.parametrize(
    ("written", "odds"),
    [("2.0", 100), ("1.91", -110), ("2.5", 150), ("-110", -110), ("+120", 120), ("EVEN", 100), ("", None)],
)
def test_odds_are_american_however_they_are_written(tmp_path: Path, written: str, odds: int | None) -> None:
    csv(logs(tmp_path, box()), "prop_lines", LINES, f"2025-10-21,Ann Bell,points,dk,9.5,{written},")
    assert read_folder(tmp_path).lines[0].over_price == odds


@pytest.mark.parametrize("written", ["0.5", "-50", "1"])
def test_what_is_no_price_is_refused(tmp_path: Path, written: str) -> None:
    csv(logs(tmp_path, box()), "prop_lines", LINES, f"2025-10-21,Ann Bell,points,dk,9.5,{written},")
    with pytest.raises(InvalidInput, match=r"prop_lines\.csv:2 over_price"):
        read_folder(tmp_path)


def test_alternates_are_rows_of_their_own(tmp_path: Path) -> None:
    rows = [f"2025-10-21,Ann Bell,points,dk,{value},-110,-110" for value in (9.5, 14.5, 4.5)]
    assert [line.line for line in read_folder(csv(logs(tmp_path, box()), "prop_lines", LINES, *rows)).lines] == [
        4.5,
        9.5,
        14.5,
    ]


def test_dates_in_utc_are_those_of_the_evening_before(tmp_path: Path) -> None:
    head = f"{LINES},start_utc"
    csv(logs(tmp_path, box()), "prop_lines", head, "2025-10-22,Ann Bell,points,dk,9.5,,,2025-10-22T00:30Z")
    data = read_folder(tmp_path)
    assert data.lines[0].game_date == FIRST
    assert any("dated in UTC" in said for said in data.report.notes)


# The order of rows


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    """P12: each hash was another when a file was sorted in another way."""
    made = write(season(days=12), tmp_path)
    seen = []
    for _ in range(2):
        tables = Tables()
        import_data(read_folder(made), tables, ImportOptions(zones=True))
        seen.append(tables.kept)
        for path in made.glob("*.csv"):
            head, *rows = path.read_text().splitlines()
            random.Random(path.name).shuffle(rows)  # noqa: S311
            path.write_text("\n".join((head, *rows)) + "\n")
    assert seen[0] == seen[1]


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
