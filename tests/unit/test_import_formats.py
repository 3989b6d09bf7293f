"""Each format as its vendor writes it, with what is peculiar to it; the rows are invented."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from regen.data.csvs import DataFolder, read_paths
from regen.data.formats.shots import zone_at
from regen.data.importer import ImportOptions, dates_of, import_data
from support.import_files import read
from support.import_tables import Tables

API = (
    "SEASON_YEAR,PLAYER_ID,PLAYER_NAME,TEAM_ID,TEAM_ABBREVIATION,GAME_ID,GAME_DATE,MATCHUP,WL,MIN,FGM,FGA,FG3M,FG3A,FTM,FTA,"
    "OREB,DREB,REB,AST,TOV,STL,BLK,PF,PTS\n"
)
COUNTS = "4,9,1,3,2,2,0,4,4,5,1,0,1,2,11"
SIDES = "player,market,bookmaker,side,line,price,home_team,away_team,game_id,commence_time\n"
PER_LINE = "event_id,player,market,line,bookmaker,game,game_time,over_odds,under_odds\n"
REPORT = "Game Date,Game Time,Matchup,Team,Player Name,Current Status,Reason,Report Time\n"


def aside(data: DataFolder) -> dict[str, int]:
    return dict(data.report.files[-1].set_aside)


# 1 nba_api


def test_nba_api_logs(tmp_path: Path) -> None:
    rows = [
        f"2025-26,7,Ann Bell,1,LAL,22500011,2025-10-21T00:00:00,LAL vs. MIN,W,36:18,{COUNTS}",
        f'2025-26,8,Bo Cole,1,MIN,0022500011,"OCT 21, 2025",MIN @ LAL,L,36,{COUNTS}',
        f"2025-26,8,Bo Cole,1,MIN,42500111,2026-04-20,MIN @ LAL,L,0,{COUNTS}",
        f"2025-26,7,Ann Bell,1,LAL,42500111,2026-04-20,LAL vs. MIN,L,12.5,{COUNTS}",
        f"2025-26,7,Ann Bell,1,LAL,12500111,2025-10-01,LAL vs. MIN,L,12.5,{COUNTS}",
    ]
    data = read(tmp_path, API + "\n".join(rows) + "\n", box=False)
    assert data.report.files[0].format == "nba_api_logs"
    first, second, third = data.logs
    assert {(log.player_lookup, log.team, log.opponent, log.home) for log in (first, second)} == {
        ("annbell", "LAL", "MIN", True), ("bocole", "MIN", "LAL", False),
    }  # fmt: skip
    assert {first.game_id, second.game_id} == {"0022500011"}
    assert {first.minutes, second.minutes} == {36.3, 36.0}
    assert (third.season_type, third.game_id, third.nba_player_id) == ("playoffs", "0042500111", "7")
    assert (first.points, first.rebounds, first.fga, first.fg3a, first.ftm, first.turnovers) == (11, 4, 9, 3, 2, 1)
    assert aside(data) == {"with no minutes: no appearance": 1, "of the preseason": 1}


def test_nba_api_logs_of_one_player_without_ids(tmp_path: Path) -> None:
    head = "player,player_id,date,matchup,result,minutes,fgm,fga,threes_made,threes_attempted,reb,ast,tov,pts,opponent,home_away\n"
    data = read(tmp_path, f"{head}Ann Bell,7,2025-10-21,HOU vs. DEN,L,24.0,7,14,2,5,5,4,1,14,DEN,HOME\n", box=False)
    (log,) = data.logs
    assert (log.game_id, log.team, log.home, log.fg3a, log.fg3m) == ("20251021-DEN@HOU", "HOU", True, 5, 2)


def test_nba_api_games(tmp_path: Path) -> None:
    head = "SEASON_ID,TEAM_ID,TEAM_ABBREVIATION,TEAM_NAME,GAME_ID,GAME_DATE,MATCHUP,WL,MIN,PTS\n"
    rows = "22025,1,IND,Indiana Pacers,22500407,2025-10-22,IND @ OKC,L,240,91\n22025,2,OKC,Thunder,0022500407,2025-10-22,OKC vs. IND,W,240,103\n"
    (game,) = read(tmp_path, head + rows).games
    assert (game.game_id, game.home, game.away) == ("0022500407", "OKC", "IND")


# 2 The Odds API


def snapshot(**more: Any) -> dict[str, Any]:
    outcomes = [
        {"name": "Over", "description": "Ann Bell", "price": 1.91, "point": 24.5},
        {"name": "Under", "description": "Ann Bell", "price": 2.0, "point": 24.5},
    ]
    markets = [
        {"key": "player_points", "last_update": "2025-10-21T23:00:00Z", "outcomes": outcomes},
        {
            "key": "player_points_alternate",
            "last_update": "2025-10-21T23:10:00Z",
            "outcomes": [{"name": "Over", "description": "Ann Bell", "price": 3.5, "point": 29.5}],
        },
        {"key": "player_assists", "last_update": "2025-10-21T23:10:00Z", "outcomes": outcomes},
    ]
    event = {
        "id": "e1",
        "sport_key": "basketball_nba",
        "commence_time": "2025-10-22T00:10:00Z",
        "home_team": "Milwaukee Bucks",
        "away_team": "Houston Rockets",
        "bookmakers": [{"key": "draftkings", "title": "DraftKings", "markets": markets}],
    }
    return {**event, **more}


@pytest.mark.parametrize("form", ["event", "list", "historical"])
def test_odds_api_json(tmp_path: Path, form: str) -> None:
    taken = {"timestamp": "2025-10-21T23:05:00Z", "previous_timestamp": "x", "next_timestamp": "y", "data": snapshot()}
    documents: dict[str, Any] = {"event": snapshot(), "list": [snapshot()], "historical": taken}
    document = documents[form]
    data = read(tmp_path, document)
    main, other = data.lines
    assert (main.game_date, main.line, main.over_price, main.under_price) == (date(2025, 10, 21), 24.5, -110, 100)
    assert (main.bookmaker, main.captured_at) == ("draftkings", datetime(2025, 10, 21, 23, tzinfo=UTC))
    assert (other.line, other.over_price, other.under_price) == (29.5, 250, None)
    assert other.captured_at == datetime(2025, 10, 21, 23, 5 if form == "historical" else 10, tzinfo=UTC)
    assert main.game_start == datetime(2025, 10, 22, 0, 10, tzinfo=UTC)
    assert aside(data) == {"of other markets than points": 2}


def test_odds_api_sides(tmp_path: Path) -> None:
    rows = [
        "Ann Bell,player_points,Underdog,Under,24.5,-137,Houston Rockets,Milwaukee Bucks,e1,2025-10-22T00:10:00Z",
        "Ann Bell,player_points,Underdog,Over,24.5,100,Houston Rockets,Milwaukee Bucks,e1,2025-10-22T00:10:00Z",
        "Ann Bell,player_assists,Underdog,Over,,x,Houston Rockets,Milwaukee Bucks,e1,2025-10-22T00:10:00Z",
    ]
    (line,) = read(tmp_path, SIDES + "\n".join(rows) + "\n").lines
    assert (line.game_date, line.bookmaker, line.over_price, line.under_price) == (
        date(2025, 10, 21),
        "underdog",
        100,
        -137,
    )


def test_odds_api_lines(tmp_path: Path) -> None:
    rows = [
        "e1,Ann Bell,player_points,24.5,draftkings,Houston Rockets @ Milwaukee Bucks,2025-10-22T00:10:00Z,-132.0,100.0",
        "e1,Ann Bell,player_double_double,,draftkings,Houston Rockets @ Milwaukee Bucks,2025-10-22T00:10:00Z,-132.0,",
        "e1,Ann Bell,player_points_alternate,29.5,draftkings,Houston Rockets @ Milwaukee Bucks,2025-10-22T00:10:00Z,250,",
    ]
    data = read(tmp_path, PER_LINE + "\n".join(rows) + "\n")
    assert [(line.game_date, line.line, line.over_price) for line in data.lines] == [
        (date(2025, 10, 21), 24.5, -132), (date(2025, 10, 21), 29.5, 250),
    ]  # fmt: skip


# 3 Schedule


def league_game(game_id: str, day: str, home: str | None, away: str | None, **more: Any) -> dict[str, Any]:
    known = {"gameId": game_id, "gameDateEst": f"{day}T00:00:00Z", "gameDateTimeUTC": f"{day}T23:30:00Z"}
    sides = {"homeTeam": {"teamTricode": home}, "awayTeam": {"teamTricode": away}}
    return {**known, "gameStatusText": "7:30 pm ET", "postponedStatus": "A", **sides, **more}


def test_league_schedule(tmp_path: Path) -> None:
    games = [
        league_game("0022500010", "2025-10-23", "HOU", "MIL"),
        league_game("0012500010", "2025-10-24", "HOU", "MIL"),
        league_game("0022500011", "2025-10-25", "HOU", "BOS", postponedStatus="Y"),
        league_game("0042500011", "2025-10-26", None, None),
    ]
    data = read(tmp_path, {"leagueSchedule": {"seasonYear": "2025-26", "gameDates": [{"games": games}]}})
    (game,) = data.games
    assert (game.game_date, game.home, game.away) == (date(2025, 10, 23), "HOU", "MIL")
    assert game.start == datetime(2025, 10, 23, 23, 30, tzinfo=UTC)
    assert sum(aside(data).values()) == 3


@pytest.mark.parametrize("start", ["2025-10-23T23:30Z", "7:30 PM", "19:30", "07:30 pm ET"])
def test_schedule_of_four_columns_gives_tonight_a_slate(tmp_path: Path, start: str) -> None:
    data = read(tmp_path, f"game_date,home,away,start\n2025-10-23,Houston Rockets,mil,{start}\n")
    tables = Tables()
    report = import_data(data, tables)
    rows = tables.rows("upcoming_player_game_context", date(2025, 10, 23))
    assert {row["player_lookup"] for row in rows} == {"annbell", "bocole"}
    assert {row["game_start"] for row in rows} == {"2025-10-23T23:30:00+00:00"}
    assert {row["home_game"] for row in rows if row["team_abbr"] == "HOU"} == {True}
    assert report.requested[date(2025, 10, 23)] == 2
    assert len(tables.rows("ml_feature_store_v2", date(2025, 10, 23))) == 2
    assert not tables.rows("player_game_summary", date(2025, 10, 23))


def test_a_later_date_of_the_schedule_is_there_if_asked_for(tmp_path: Path) -> None:
    data = read(tmp_path, "game_date,home,away,start\n2025-10-23,HOU,MIL,\n2025-10-25,MIL,HOU,\n")
    day = date(2025, 10, 25)
    assert day in dates_of(data)
    tables = Tables()
    import_data(data, tables, ImportOptions(dates=frozenset({day})))
    assert len(tables.rows("upcoming_player_game_context", day)) == 2


# 4 Injury report


def test_official_injury_report(tmp_path: Path) -> None:
    rows = [
        '10/23/2025,07:30 (ET),MIL@HOU,Houston Rockets,"Bell, Ann",Out,Injury/Illness - Knee,10/23/2025 05:30 PM',
        "10/23/2025,07:30 (ET),MIL@HOU,Milwaukee Bucks,,,NOT YET SUBMITTED,10/23/2025 05:30 PM",
        '10/23/2025,07:30 (ET),MIL@HOU,Milwaukee Bucks,"Cole III, Bo",Available,,2025-10-22',
    ]
    data = read(tmp_path, REPORT + "\n".join(rows) + "\n")
    first, second = data.injuries
    assert (first.player_lookup, first.team, first.status) == ("annbell", "HOU", "out")
    assert (first.game_date, first.reported) == (date(2025, 10, 23), datetime(2025, 10, 23, 21, 30, tzinfo=UTC))
    assert (second.player_lookup, second.reported) == ("bocole", date(2025, 10, 22))
    assert aside(data) == {"of teams that have not submitted yet": 1}


def test_official_injury_report_as_json(tmp_path: Path) -> None:
    row = {
        "gameDate": "10/23/2025",
        "team": "Houston Rockets",
        "playerName": "Bell, Ann",
        "currentStatus": "Questionable",
        "reason": "",
    }
    (found,) = read(tmp_path, [row]).injuries
    assert (found.player_lookup, found.team, found.status) == ("annbell", "HOU", "questionable")


# 5 Shots


BDB = (
    "game_id,data_set,date,a1,h1,period,away_score,home_score,remaining_time,elapsed,play_length,play_id,team,event_type,assist,"
    "player,points,result,type,shot_distance,original_x,original_y,converted_x,converted_y,description\n"
)


def play(event: str, x: str, y: str, feet: str, points: str = "", said: str = "", player: str = "Ann Bell") -> str:
    return f'"=""0022500001""",2025-26,2025-10-21,A,B,1,0,0,0:11:00,0:01:00,0:00:10,7,HOU,{event},,{player},{points},made,x,{feet},{x},{y},0,0,{said}'


def test_bigdataball(tmp_path: Path) -> None:
    rows = [
        play("shot", "0", "10", "1", "2"),
        play("miss", "-20", "100", "10", "0", "MISS Bell 10' Jump Shot"),
        play("miss", "150", "60", "16", "0", "MISS Bell 16' Jump Shot"),
        play("shot", "225", "20", "23", "3", "Bell 23' 3PT Jump Shot"),
        play("shot", "10", "260", "26", "3", "Bell 26' 3PT Jump Shot"),
        play("miss", "", "", "25", "0", "MISS Bell 25' 3PT Jump Shot"),
        play("miss", "10", "600", "60", "0", "MISS Bell 60' 3PT Jump Shot"),
        play("free throw", "", "", "", "1"),
        play("rebound", "", "", "", "", "", ""),
    ]
    data = read(tmp_path, BDB + "\n".join(rows) + "\n")
    assert data.report.files[-1].format == "bigdataball"
    (row,) = data.zones
    assert (row.game_id, row.player_lookup, row.fga) == ("0022500001", "annbell", 7)
    found = {name: getattr(row, name) for name in row.__struct_fields__ if name.endswith(("fga", "fgm"))}
    assert {name: number for name, number in found.items() if number} == {
        "paint_ra_fga": 1, "paint_ra_fgm": 1, "paint_nonra_fga": 1, "midrange_fga": 1, "corner3_fga": 1, "corner3_fgm": 1,
        "above_break3_fga": 2, "above_break3_fgm": 1, "backcourt_fga": 1,
    }  # fmt: skip
    assert aside(data) == {"of events that are no field goal": 2}


@pytest.mark.parametrize(
    ("x", "y", "zone"),
    [(0, 1, "paint_ra"), (3, 8, "paint_nonra"), (9, 8, "midrange"), (22.5, 5, "corner3"), (22.5, 12, "above_break3"),
     (0, 14.5, "midrange"), (0, 50, "backcourt")],
)  # fmt: skip
def test_a_place_has_one_zone(x: float, y: float, zone: str) -> None:
    assert zone_at(x, y) == zone_at(-x, y) == zone


def test_nba_shots(tmp_path: Path) -> None:
    head = (
        "TEAM_NAME,PLAYER_ID,PLAYER_NAME,GAME_DATE,GAME_ID,EVENT_TYPE,SHOT_MADE,BASIC_ZONE,LOC_X,LOC_Y,SHOT_DISTANCE\n"
    )
    rows = [
        "Houston Rockets,7,Ann Bell,10-21-2025,22500001,Made Shot,TRUE,Above the Break 3,1,2,26",
        "Houston Rockets,7,Ann Bell,10-21-2025,22500001,Missed Shot,FALSE,Left Corner 3,1,2,23",
        "Houston Rockets,7,Ann Bell,10-21-2025,22500001,Missed Shot,FALSE,Restricted Area,1,2,1",
    ]
    (row,) = read(tmp_path, head + "\n".join(rows) + "\n").zones
    assert (row.game_date, row.game_id) == (date(2025, 10, 21), "0022500001")
    assert (row.above_break3_fga, row.above_break3_fgm, row.corner3_fga, row.paint_ra_fga, row.fga) == (1, 1, 1, 1, 3)


# 6 Basketball-Reference


BREF = "Player,Tm,Opp,Res,MP,FG,FGA,3P,3PA,FT,FTA,ORB,DRB,TRB,AST,STL,BLK,TOV,PF,PTS,GmSc,Data\r\n"
BREF_COUNTS = "4,9,1,3,2,2,0,4,4,5,1,0,1,2,11,9.0"


def test_basketball_reference(tmp_path: Path) -> None:
    rows = [
        f"Ann Bell,BRK,PHO,W,30.3,{BREF_COUNTS},2025-10-22",
        f"Bo Cole,PHO,BRK,L,37:30,{BREF_COUNTS},2025-10-22",
        "Di Eck,PHO,BRK,L,Did Not Play,,,,,,,,,,,,,,,,,2025-10-22",
        "Player,Tm,Opp,Res,MP,FG,FGA,3P,3PA,FT,FTA,ORB,DRB,TRB,AST,STL,BLK,TOV,PF,PTS,GmSc,Data",
    ]
    text = BREF + "\r\n".join(rows) + "\r\n"
    lost = read(tmp_path, text)
    assert {log.game_date for log in lost.logs} == {date(2025, 10, 21)}
    assert any("BKN-PHX on 2025-10-22" in said for said in lost.report.notes)
    (tmp_path / "2.csv").write_text("game_date,home,away\n2025-10-22,Phoenix,Brooklyn\n")
    data = read_paths([tmp_path])
    found = [log for log in data.logs if log.game_date == date(2025, 10, 22)]
    assert {(log.player_lookup, log.team, log.home, log.minutes) for log in found} == {
        ("annbell", "BKN", False, 30.3), ("bocole", "PHX", True, 37.5),
    }  # fmt: skip
    assert {(log.fgm, log.rebounds, log.fg3a, log.ftm) for log in found} == {(4, 4, 3, 2)}


# 7 hoopR, balldontlie, PrizePicks


def test_hoopr(tmp_path: Path) -> None:
    head = (
        "game_id,season,season_type,game_date,athlete_id,athlete_display_name,minutes,points,rebounds,starter,did_not_play,"
        "team_abbreviation,home_away,opponent_team_abbreviation\n"
    )
    rows = [
        "401810000,2026,2,2025-10-21,7,Ann Bell,31,18,4,TRUE,FALSE,HOU,away,MIL",
        "401810001,2026,3,2026-04-21,7,Ann Bell,31,18,4,TRUE,FALSE,GS,home,UTAH",
        "401810001,2026,3,2026-04-21,8,Bo Cole,NA,NA,NA,FALSE,TRUE,UTAH,away,GS",
        "401810002,2026,2,2026-02-15,7,Ann Bell,20,18,4,TRUE,FALSE,WORLD,home,STARS",
    ]
    data = read(tmp_path, head + "\n".join(rows) + "\n")
    first = next(log for log in data.logs if log.player_lookup == "annbell")
    assert (first.points, first.game_id) == (18, "0022500001")
    last = data.logs[-1]
    assert (last.team, last.opponent, last.season_type, last.starter) == ("GSW", "UTA", "playoffs", True)
    assert aside(data) == {"with no minutes: no appearance": 1, "of All-Star games": 1}


def test_balldontlie(tmp_path: Path) -> None:
    def stat(name: str, team: tuple[int, str], minutes: str, points: int) -> dict[str, Any]:
        first, last = name.split()
        return {
            "id": 1, "min": minutes, "pts": points, "reb": 4, "turnover": 2,
            "player": {"id": 7, "first_name": first, "last_name": last, "position": "G"},
            "team": {"id": team[0], "abbreviation": team[1]},
            "game": {"id": 99, "date": "2025-10-22", "postseason": False, "home_team_id": 2, "visitor_team_id": 14},
        }  # fmt: skip

    rows = [
        stat("Ann Bell", (2, "BOS"), "36:18", 20),
        stat("Bo Cole", (14, "LAL"), "12", 3),
        stat("Di Eck", (2, "BOS"), "00", 0),
    ]
    data = read(tmp_path, {"data": rows, "meta": {"next_cursor": 1}})
    found = [log for log in data.logs if log.game_date == date(2025, 10, 22)]
    assert {(log.player_lookup, log.team, log.opponent, log.home, log.minutes) for log in found} == {
        ("annbell", "BOS", "LAL", True, 36.3), ("bocole", "LAL", "BOS", False, 12.0),
    }  # fmt: skip
    assert aside(data) == {"with no minutes: no appearance": 1}


def test_prizepicks(tmp_path: Path) -> None:
    def projection(stat: str, line: float, player: str = "7", kind: str = "standard") -> dict[str, Any]:
        attributes = {
            "stat_type": stat,
            "line_score": line,
            "odds_type": kind,
            "start_time": "2025-10-21T20:10:00-04:00",
        }
        attributes["updated_at"] = "2025-10-21T15:00:00-04:00"
        link = {"new_player": {"data": {"type": "new_player", "id": player}}}
        return {"type": "projection", "id": "1", "attributes": attributes, "relationships": link}

    players = [
        {"type": "new_player", "id": "7", "attributes": {"name": "Ann Bell", "league": "NBA", "combo": False}},
        {"type": "new_player", "id": "8", "attributes": {"name": "Ann Bell + Bo Cole", "league": "NBA", "combo": True}},
        {"type": "new_player", "id": "9", "attributes": {"name": "Cy Dee", "league": "WNBA", "combo": False}},
    ]
    items = [
        projection("Points", 24.5), projection("Points", 29.5, kind="demon"), projection("Pts+Rebs+Asts", 35.5),
        projection("Points", 44.5, "8"), projection("Points", 12.5, "9"),
    ]  # fmt: skip
    data = read(tmp_path, {"data": items, "included": players})
    (line,) = data.lines
    assert (line.game_date, line.bookmaker, line.line, line.over_price) == (
        date(2025, 10, 21),
        "prizepicks",
        24.5,
        None,
    )
    assert line.captured_at == datetime(2025, 10, 21, 19, tzinfo=UTC)
    assert sum(aside(data).values()) == 4
