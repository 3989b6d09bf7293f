"""Odd files: what spreadsheets, vendors and half-finished downloads do to data is read rightly, or named and refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from regen.data import parse
from regen.data.csvs import DataFolder, read_paths
from regen.data.markets import is_points
from regen.data.names import key
from regen.data.teams import team_code
from regen.domain.errors import InvalidInput
from support.import_files import LOGS, box
from support.vendor_files import WRITERS, bigdataball, nba_api_logs, nba_shots
from support.vendor_league import league

ROW = box()
SIDES = "player,market,bookmaker,side,line,price,home_team,away_team,game_id,commence_time"
PLAYER_LOG = (
    "SEASON_ID,PLAYER_ID,PLAYER_NAME,TEAM_ID,TEAM_ABBREVIATION,TEAM_NAME,GAME_ID,GAME_DATE,MATCHUP,WL,MIN,FGM,FGA,FG3M,FG3A,FTM,"
    "FTA,OREB,DREB,REB,AST,STL,BLK,TOV,PF,PTS,PLUS_MINUS,FANTASY_PTS,VIDEO_AVAILABLE"
)
PLAYER_ROW = "22025,7,Ann Bell,1,LAL,Los Angeles Lakers,0022500011,2025-10-21,LAL vs. MIN,W,36,4,9,1,3,2,2,0,4,4,5,1,0,1,2,11,3,2,1"


def folder(root: Path, **files: str | bytes) -> DataFolder:
    """What is read of files; two underscores in a name are its dot."""
    for name, text in files.items():
        data = text if isinstance(text, bytes) else text.encode()
        (root / name.replace("__", ".")).write_bytes(data)
    return read_paths([root])


def logs(root: Path, *rows: str, head: str = LOGS, end: str = "\n") -> DataFolder:
    return folder(root, player_game_logs__csv=end.join((head, *rows)) + end)


def aside(data: DataFolder) -> dict[str, int]:
    return dict(data.report.files[-1].set_aside)


# Values


@pytest.mark.parametrize(
    ("written", "code"),
    [("okc thunder", "OKC"), ("PHX Suns", "PHX"), ("PHO Suns", "PHX"), ("New York (NYK)", "NYK"), ("T-Wolves", "MIN"),
     ("New York Knicks (NYK)", "NYK"), ("Philadelphia Sixers", "PHI"), ("NJ", "BKN"), ("San Antonio Spurs\u00a0", "SAS"),
     ("1610612737.0", "ATL"), ("Pels", "NOP"), ("LA", None), ("Los Angeles", None)],
)  # fmt: skip
def test_a_team_in_two_parts_is_one_team(written: str, code: str | None) -> None:
    """`LA` is either of two teams: it was a third one."""
    assert team_code(written) == code


def test_a_team_that_is_none_of_the_thirty_is_named(tmp_path: Path) -> None:
    data = logs(tmp_path, ROW, ROW.replace("0022500001,Ann Bell,NYK", "0022500002,Bo Cole,TOT").replace("BOS", "MIA"))
    assert any(said.startswith("1 teams of box scores are none of the league's 30: TOT") for said in data.report.notes)


@pytest.mark.parametrize(
    ("written", "lookup"),
    [("Bell, Ann Jr.", "annbelljr"), ("Łukasz Þórðarson", "lukaszthordarson"), ("Ðan Œuvre", "danoeuvre"), ("Bell,Ann", "annbell"),
     ("Ann\u00a0Bell*", "annbell"), ("#VALUE!", None), ("#REF!", None), ("\u2014", None), ("#DIV/0!", None), ("7", None)],
)  # fmt: skip
def test_a_name_is_one_player_or_none(written: str, lookup: str | None) -> None:
    assert key(written) == lookup


@pytest.mark.parametrize(
    "written",
    ["2025/10/21", "Tuesday, October 21, 2025", "Tue Oct 21 2025", "21-Oct-2025", "21-Oct-25", "10/21/2025 7:30 PM",
     "2025-10-21 00:00:00", "2025-10-21T19:30:00-04:00", "2025-10-22T00:30:00Z", "20251021"],
)  # fmt: skip
def test_a_date_in_an_odd_form_is_that_date(written: str) -> None:
    assert parse.day(written) == date(2025, 10, 21)


@pytest.mark.parametrize("written", ["2025111", "21/10/2025", "45951", "Oct 21", "1761004800000", "2025-13-01"])
def test_a_date_that_may_be_two_is_refused(written: str) -> None:
    """2025111 was 1 November, and may be 11 January."""
    with pytest.raises(parse.BadValue, match="a date as YYYY-MM-DD"):
        parse.day(written)


@pytest.mark.parametrize(
    ("written", "odds"), [("10/11", -110), ("5/2", 250), ("\u2212110", -110), ("evs", 100), ("-110.0", -110)]
)
def test_odds_as_fractions_are_american(written: str, odds: int) -> None:
    assert parse.maybe_price(written) == odds


@pytest.mark.parametrize("written", ["52.4%", "-110.5", "0.91", "1/0", "$-110"])
def test_what_is_no_price_is_not_made_one(written: str) -> None:
    with pytest.raises(parse.BadValue):
        parse.maybe_price(written)


@pytest.mark.parametrize(
    ("convert", "written"),
    [(parse.minutes, "36:75"), (parse.minutes, "36:18:00"), (parse.minutes, "1,024"), (parse.count, "1,000"), (parse.count, "10%"),
     (parse.line, "24,5"), (parse.line, "24.25"), (parse.game_id, "2.25E+07"), (parse.maybe_id, "1.63E+06")],
)  # fmt: skip
def test_a_number_that_a_program_bent_is_refused(convert: Callable[[str], object], written: str) -> None:
    """2.25E+07 was the id of every game of a season."""
    with pytest.raises(parse.BadValue):
        convert(written)


@pytest.mark.parametrize(
    ("written", "status"),
    [("Out For Season", "out"), ("OFS", "out"), ("Not With Team", "out"), ("Suspended", "out"), ("Game Time Decision", "questionable"),
     ("Q", "questionable"), ("D", "doubtful"), ("Day-To-Day", "questionable"), ("Cleared", "available")],
)  # fmt: skip
def test_a_status_in_other_words_is_that_status(written: str, status: str) -> None:
    assert parse.injury_status(written) == status


@pytest.mark.parametrize(
    "market", ["player_points_alt", "Points (Alt)", "O/U Points", "Alternate Player Points", "Points Scored"]
)
def test_a_market_of_points_is_read_in_any_words(market: str) -> None:
    assert is_points(market)


@pytest.mark.parametrize(
    "market",
    ["player_points_q1", "1st Half Points", "Fantasy Points", "Points + Assists", "pts+reb", "total", "over/under"],
)
def test_a_market_with_points_in_its_name_is_not_points(market: str) -> None:
    assert not is_points(market)


# Files


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_marks_change_nothing(tmp_path: Path, end: str, mark: str) -> None:
    data = folder(tmp_path, player_game_logs__csv=mark + end.join((LOGS, ROW, "")))
    assert [log.points for log in data.logs] == [10]


@pytest.mark.parametrize(
    "text", [f"{LOGS},\n{ROW},\n", f"{LOGS}\n{ROW},,\n", f"\n{LOGS}\n\n{ROW}\n\n", f"{LOGS}\n{ROW}\n,,,,,,,\n"]
)
def test_empty_places_and_lines_are_no_values(tmp_path: Path, text: str) -> None:
    assert len(folder(tmp_path, player_game_logs__csv=text).logs) == 1


def test_a_row_with_more_values_than_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"player_game_logs\.csv:2: expected 8 values, found 9"):
        logs(tmp_path, f"{ROW},7")


def test_a_line_break_in_quotes_keeps_the_lines_number(tmp_path: Path) -> None:
    rows = (f'{ROW},"a\nb"', f"{ROW.replace('24.5', 'many')},c")
    with pytest.raises(InvalidInput, match=r"player_game_logs\.csv:4 minutes: expected a number, found 'many'"):
        logs(tmp_path, *rows, head=f"{LOGS},note")


def test_a_quote_that_is_not_closed_swallows_no_rows(tmp_path: Path) -> None:
    """The rest of the file became one value, and its rows were gone."""
    rows = (f'{ROW},"a', f"{ROW.replace('Ann', 'Bo')},b", f"{ROW.replace('Ann', 'Cy')},c")
    with pytest.raises(InvalidInput, match=r"player_game_logs\.csv:2: expected quotes that are closed"):
        logs(tmp_path, *rows, head=f"{LOGS},note")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_other_encodings_are_named(tmp_path: Path, encoding: str) -> None:
    text = f"{LOGS}\n{ROW.replace('Ann', 'Jokiæ')}\n".encode(encoding)
    with pytest.raises(InvalidInput, match=r"player_game_logs\.csv: expected .*UTF-8"):
        folder(tmp_path, player_game_logs__csv=text)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("odds.csv", b"player;line\nann;9.5\n", "semicolons"),
        ("odds.csv", "player,line\n".encode("utf-16"), "UTF-16"),
        ("odds.csv", b"PK\x03\x04", "zip"),
        ("odds.csv", b"player,line\nann,9.5\n", "it has player, line"),
        ("odds.csv", b"", "it has no columns"),
        ("odds.json", b"[1, 2]", "it has no columns"),
        ("odds.json", b'[{"a": ', "JSON"),
        ("odds.parquet", b"PAR1", "to_csv"),
        ("odds.xlsx", b"PK", "Excel"),
        ("odds.zip", b"PK", "unpack"),
    ],
)
def test_a_file_that_is_not_read_says_why(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    """`nobody reads it` was all that was said of a folder whose lines stood between semicolons."""
    (tmp_path / name).write_bytes(data)
    (said,) = logs(tmp_path, ROW).report.unknown_files
    assert said.startswith(f"{name} (")
    assert says in said


def test_a_folder_in_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "bdb").mkdir()
    (tmp_path / "bdb" / "a.csv").write_text("a,b\n")
    assert logs(tmp_path, ROW).report.unknown_files == ("bdb (a folder in a folder: name it too)",)


def test_a_file_without_rows_is_named(tmp_path: Path) -> None:
    folder(tmp_path, player_game_logs__csv=f"{LOGS}\n{ROW}\n", odds__csv=f"{SIDES}\n")
    assert "odds.csv: no rows below the header" in read_paths([tmp_path]).report.sentences


# Vendors


def test_a_league_game_log_of_players_is_no_schedule(tmp_path: Path) -> None:
    """Its columns are those of LeagueGameFinder, too: it was taken for a schedule, and its players were gone."""
    data = folder(tmp_path, a__csv=f"{PLAYER_LOG}\n{PLAYER_ROW}\n")
    assert [(file.format, file.used) for file in data.report.files] == [("nba_api_logs", 1)]
    assert [(log.player_lookup, log.team, log.points) for log in data.logs] == [("annbell", "LAL", 11)]


def test_answers_of_stats_nba_com_are_read_as_they_are(tmp_path: Path) -> None:
    head, row = PLAYER_LOG.split(","), PLAYER_ROW.split(",")
    answer = {"resource": "leaguegamelog", "resultSets": [{"name": "LeagueGameLog", "headers": head, "rowSet": [row]}]}
    made = folder(tmp_path, a__json=json.dumps(answer))
    records = read_paths([written(tmp_path / "records.json", [dict(zip(head, row, strict=True))])])
    assert made.logs == records.logs
    assert [log.game_id for log in made.logs] == ["0022500011"]


def written(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("blank", ["", "Unnamed: 5"])
def test_the_column_without_a_name_says_who_is_away(tmp_path: Path, blank: str) -> None:
    head = f"Rk,Player,Date,Age,Tm,{blank},Opp,,GS,MP,FG,FGA,FG%,3P,3PA,FT,FTA,ORB,DRB,TRB,AST,STL,BLK,TOV,PF,PTS"
    counts = "1,36:10,4,9,.444,1,3,2,2,0,4,4,5,1,0,1,2,11"
    rows = [
        f"1,Ann Bell,2025-10-21,25-001,BRK,@,PHO,W (+2),{counts}",
        f"1,Ann Bell,2025-10-23,25-003,BRK,,PHO,W (+2),{counts}",
    ]
    data = folder(tmp_path, a__csv="\n".join((head, *rows)) + "\n")
    assert [(log.home, log.team, log.opponent) for log in data.logs] == [(False, "BKN", "PHX"), (True, "BKN", "PHX")]


def test_a_schedule_of_basketball_reference_is_one(tmp_path: Path) -> None:
    text = 'Date,Start (ET),Visitor/Neutral,PTS,Home/Neutral,PTS,,,Attend.,Arena\n"Thu, Oct 23, 2025",7:30p,Boston Celtics,,New York Knicks,,,,,MSG\n'
    (game,) = folder(tmp_path, player_game_logs__csv=f"{LOGS}\n{ROW}\n", s__csv=text).games
    assert (game.home, game.away, game.start) == ("NYK", "BOS", datetime(2025, 10, 23, 23, 30, tzinfo=UTC))


def test_the_leagues_schedule_is_read_as_a_table(tmp_path: Path) -> None:
    head = "gameDate,gameId,gameStatusText,gameDateEst,gameDateTimeUTC,homeTeam_teamTricode,awayTeam_teamTricode,postponedStatus"
    rows = [
        "x,0022500700,7:30 pm ET,2025-10-23T00:00:00Z,2025-10-23T23:30:00Z,NYK,BOS,A",
        "x,0012500700,,2025-10-03T00:00:00Z,,NYK,BOS,A",
    ]
    (game,) = folder(tmp_path, player_game_logs__csv=f"{LOGS}\n{ROW}\n", s__csv="\n".join((head, *rows)) + "\n").games
    assert (game.game_id, game.home, game.start) == ("0022500700", "NYK", datetime(2025, 10, 23, 23, 30, tzinfo=UTC))


def test_box_scores_of_balldontlie_have_players_under_teams(tmp_path: Path) -> None:
    def side(number: int, code: str, name: str, points: int) -> dict[str, Any]:
        first, last = name.split()
        player = {"id": 1, "first_name": first, "last_name": last, "position": "G"}
        return {
            "id": number,
            "abbreviation": code,
            "players": [{"min": "36", "pts": points, "reb": 4, "player": player}],
        }

    game = {"date": "2025-10-22", "postseason": False, "home_team": side(2, "BOS", "Ann Bell", 20)}
    data = folder(tmp_path, a__json=json.dumps({"data": [{**game, "visitor_team": side(14, "LAL", "Bo Cole", 9)}]}))
    assert {(log.player_lookup, log.team, log.opponent, log.home, log.points) for log in data.logs} == {
        ("annbell", "BOS", "LAL", True, 20), ("bocole", "LAL", "BOS", False, 9),
    }  # fmt: skip


def test_a_side_that_is_there_again_is_counted(tmp_path: Path) -> None:
    ends = "A,B,e,2025-10-22T00:10:00Z"
    rows = [
        f"Ann Bell,player_points,dk,{side},24.5,{price},{ends}"
        for side, price in (("Over", -110), ("Over", 150), ("Under", -130))
    ]
    data = folder(tmp_path, player_game_logs__csv=f"{LOGS}\n{ROW}\n", z__csv="\n".join((SIDES, *rows)) + "\n")
    assert [(line.over_price, line.under_price) for line in data.lines] == [(150, -130)]
    assert aside(data) == {"of a side that is there again: the later price counts": 1}


def test_one_bookmaker_in_two_spellings_is_one(tmp_path: Path) -> None:
    text = "game_date,player_lookup,bookmaker,line\n2025-10-21,Ann Bell,Draft Kings,9.5\n2025-10-21,Ann Bell,draftkings,9.5\n"
    assert len(folder(tmp_path, player_game_logs__csv=f"{LOGS}\n{ROW}\n", prop_lines__csv=text).lines) == 1


@pytest.mark.parametrize("writer", [bigdataball, nba_shots])
def test_a_shot_that_is_there_twice_counts_once(tmp_path: Path, writer: Callable[[DataFolder], dict[str, str]]) -> None:
    made = league()
    for name, text in {**nba_api_logs(made), **WRITERS["schedule"](made), **writer(made)}.items():
        head, *rows = text.splitlines()
        if name == "shots.csv":
            head, rows = f"{head},GAME_EVENT_ID", [f"{row},{number}" for number, row in enumerate(rows)]
        again = rows if name.startswith(("[", "shots")) else []
        (tmp_path / name).write_text("\n".join((head, *rows, *again)) + "\n", encoding="utf-8")
    assert sum(row.fga for row in read_paths([tmp_path]).zones) == sum(row.fga for row in made.zones)
