"""The invented league as each vendor writes it: the same games, lines, reports and shots in every form."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from regen.data.csvs import DataFolder
from regen.data.formats.native import ZONES
from regen.data.slates import Game
from regen.domain.dates import EASTERN
from regen.features.records import GameLog, PropLine, ShotZones
from support.vendor_league import FIRST, PLACES, TEAMS

Files = dict[str, str]
Writer = Callable[[DataFolder], Files]


def _csv(head: str, rows: Iterable[Sequence[object]], end: str = "\n") -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end)
    writer.writerow(head.split(","))
    writer.writerows([_plain(value) for value in row] for row in rows)
    return text.getvalue()


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    return value.isoformat() if isinstance(value, date) else value


def _names(data: DataFolder) -> Mapping[str, str]:
    return {log.player_lookup: log.player_name or "" for log in data.logs}


def _native(kind: str, rows: Sequence[Any], head: str, fields: str) -> Files:
    return {f"{kind}.csv": _csv(head, ([getattr(row, name) for name in fields.split(",")] for row in rows))}


_LOG = (
    "game_date,game_id,player_lookup,player_name,team,opponent,home,season,season_type,minutes,points,rebounds,assists,fga,fgm,"
    "fg3a,fg3m,fta,ftm,oreb,dreb,steals,blocks,turnovers,fouls"
)
_ZONE = ",".join(ShotZones.__struct_fields__)
_REPORT = "game_date,player_lookup,team,status,reason,reported"


def native_logs(data: DataFolder) -> Files:
    """regen's own box scores."""
    return _native("player_game_logs", data.logs, _LOG, _LOG)


def native_lines(data: DataFolder) -> Files:
    """regen's own lines."""
    return {
        "prop_lines.csv": _csv(
            "game_date,player_lookup,market,bookmaker,line,over_price,under_price,snapshot_utc,start_utc",
            (
                [r.game_date, r.player_lookup, "points", r.bookmaker, r.line, r.over_price, r.under_price, r.captured_at, r.game_start]
                for r in data.lines
            ),
        )
    }  # fmt: skip


def native_zones(data: DataFolder) -> Files:
    """regen's own shot zones."""
    return _native("shot_zones", data.zones, _ZONE, _ZONE)


def native_reports(data: DataFolder) -> Files:
    """regen's own reports."""
    return _native("injury_reports", data.injuries, _REPORT, _REPORT)


def native_schedule(data: DataFolder) -> Files:
    """A schedule of five columns."""
    return _native("schedule", data.games, "game_date,home,away,start,game_id", "game_date,home,away,start,game_id")


def _matchup(log: GameLog) -> str:
    return f"{log.team} {'vs.' if log.home else '@'} {log.opponent}"


def nba_api_logs(data: DataFolder) -> Files:
    """PlayerGameLogs as a program wrote them: upper case, an index, ids without zeros."""
    head = (
        ",SEASON_YEAR,PLAYER_ID,PLAYER_NAME,TEAM_ID,TEAM_ABBREVIATION,GAME_ID,GAME_DATE,MATCHUP,WL,MIN,FGM,FGA,FG3M,FG3A,FTM,FTA,"
        "OREB,DREB,REB,AST,TOV,STL,BLK,PF,PTS"
    )
    rows = [
        [n, "2025-26", 1 + sorted(_names(data)).index(g.player_lookup), g.player_name, 1, g.team, int(g.game_id),
         f"{g.game_date}T00:00:00", _matchup(g), "W", f"{g.minutes:.0f}:00", g.fgm, g.fga, g.fg3m, g.fg3a, g.ftm, g.fta, g.oreb,
         g.dreb, g.rebounds, g.assists, g.turnovers, g.steals, g.blocks, g.fouls, g.points]
        for n, g in enumerate(data.logs)
    ]  # fmt: skip
    return {"logs.csv": _csv(head, rows)}


def nba_api_games(data: DataFolder) -> Files:
    """LeagueGameFinder's rows of two teams, beside box scores that do not say who is at home."""
    head = "SEASON_ID,TEAM_ID,TEAM_ABBREVIATION,TEAM_NAME,GAME_ID,GAME_DATE,MATCHUP,WL,MIN,PTS"
    rows = [
        ["22025", 1, own, TEAMS[own][0], game.game_id, game.game_date, f"{own} {word} {other}", "W", 240, 100]
        for game in data.games
        for own, word, other in ((game.home, "vs.", game.away), (game.away, "@", game.home))
    ]
    return basketball_reference(data) | {"games.csv": _csv(head, rows)}


def basketball_reference(data: DataFolder) -> Files:
    """Kaggle's copy: BRK for BKN, no home, no ids, carriage returns, sums and repeated headers."""
    head = "Player,Tm,Opp,Res,MP,FG,FGA,FG%,3P,3PA,FT,FTA,ORB,DRB,TRB,AST,STL,BLK,TOV,PF,PTS,GmSc,Data"
    rows: list[list[object]] = [
        [g.player_name, TEAMS[g.team][1], TEAMS[g.opponent][1], "W", g.minutes, g.fgm, g.fga, 0.5, g.fg3m, g.fg3a, g.ftm, g.fta,
         g.oreb, g.dreb, g.rebounds, g.assists, g.steals, g.blocks, g.turnovers, g.fouls, g.points, 9.1, g.game_date]
        for g in data.logs
    ]  # fmt: skip
    rows.insert(3, list(head.split(",")))
    rows.insert(5, ["Team Totals", "ATL", "BRK", "W", 240, *[9] * 17, FIRST])
    return {"games_2026.csv": _csv(head, rows, "\r\n")}


def hoopr(data: DataFolder) -> Files:
    """ESPN's ids and codes; who did not play has a row of NA."""
    head = (
        "game_id,season,season_type,game_date,athlete_id,athlete_display_name,minutes,field_goals_made,field_goals_attempted,"
        "three_point_field_goals_made,three_point_field_goals_attempted,free_throws_made,free_throws_attempted,offensive_rebounds,"
        "defensive_rebounds,rebounds,assists,steals,blocks,turnovers,fouls,points,starter,did_not_play,team_abbreviation,home_away,"
        "opponent_team_abbreviation"
    )
    rows: list[list[object]] = [
        [f"4018{g.game_id[-5:]}", 2026, 2, g.game_date, 7, g.player_name, f"{g.minutes:.0f}", g.fgm, g.fga, g.fg3m, g.fg3a, g.ftm,
         g.fta, g.oreb, g.dreb, g.rebounds, g.assists, g.steals, g.blocks, g.turnovers, g.fouls, g.points, "TRUE", "FALSE",
         TEAMS[g.team][2], "home" if g.home else "away", TEAMS[g.opponent][2]]
        for g in data.logs
    ]  # fmt: skip
    idle = [rows[0][0], 2026, 2, FIRST, 8, "Zed Idle", *["NA"] * 15, "NA", "FALSE", "TRUE", *rows[0][-3:]]
    return {"player_box.csv": _csv(head, [*rows, idle])}


def balldontlie(data: DataFolder) -> Files:
    """Pages of stats; the game has its teams by number."""

    def stat(g: GameLog) -> dict[str, Any]:
        first, _, last = (g.player_name or "").partition(" ")
        home, away = (g.team, g.opponent) if g.home else (g.opponent, g.team)
        return {
            "id": 1, "min": f"{g.minutes:.0f}:00", "fgm": g.fgm, "fga": g.fga, "fg_pct": 0.5, "fg3m": g.fg3m, "fg3a": g.fg3a,
            "ftm": g.ftm, "fta": g.fta, "oreb": g.oreb, "dreb": g.dreb, "reb": g.rebounds, "ast": g.assists, "stl": g.steals,
            "blk": g.blocks, "turnover": g.turnovers, "pf": g.fouls, "pts": g.points,
            "player": {"id": 7, "first_name": first, "last_name": last, "position": "G"},
            "team": {"id": TEAMS[g.team][3], "abbreviation": g.team, "full_name": TEAMS[g.team][0]},
            "game": {
                "id": int(g.game_id[-5:]), "date": g.game_date.isoformat(), "season": 2025, "status": "Final", "postseason": False,
                "home_team_id": TEAMS[home][3], "visitor_team_id": TEAMS[away][3],
            },
        }  # fmt: skip

    pages = [0, len(data.logs) // 2, len(data.logs)]
    made = [{"data": [stat(g) for g in data.logs[a:b]], "meta": {"per_page": 100}} for a, b in pairwise(pages)]
    return {"page_1.json": json.dumps(made[0]), "page_2.json": json.dumps(made[1:])}


def _games_of(data: DataFolder) -> Mapping[tuple[date, str], Game]:
    teams = {log.player_lookup: log.team for log in data.logs}
    return {
        (game.game_date, name): game
        for game in data.games
        for name, team in teams.items()
        if team in {game.home, game.away}
    }


def odds_api_json(data: DataFolder) -> Files:
    """A historical snapshot for each game: bookmakers, markets, outcomes; another market, and an in-play one after it."""
    names, games = _names(data), _games_of(data)
    found: dict[Game, dict[str, list[PropLine]]] = {}
    for line in data.lines:
        found.setdefault(games[line.game_date, line.player_lookup], {}).setdefault(line.bookmaker, []).append(line)
    made = []
    for game, books in found.items():
        start = game.start or datetime.min.replace(tzinfo=UTC)
        for late in (False, True):
            event = {
                "id": game.game_id, "sport_key": "basketball_nba", "commence_time": _zulu(start),
                "home_team": TEAMS[game.home][0], "away_team": TEAMS[game.away][0],
                "bookmakers": [_book(name, rows, names, late=late) for name, rows in books.items()],
            }  # fmt: skip
            made.append({"timestamp": _zulu(start + timedelta(hours=1 if late else -1)), "data": event})
    return {"odds.json": json.dumps(made)}


def _book(name: str, rows: Sequence[PropLine], names: Mapping[str, str], *, late: bool) -> dict[str, Any]:
    seen = rows[0].captured_at or datetime.min.replace(tzinfo=UTC)
    outcomes = [
        {"name": side, "description": names[row.player_lookup], "price": price, "point": row.line + 9 * late}
        for row in rows
        for side, price in (("Over", row.over_price), ("Under", row.under_price))
    ]
    updated = _zulu(seen + timedelta(hours=6 if late else 0))
    markets = [
        {"key": market, "last_update": updated, "outcomes": outcomes} for market in ("player_points", "player_assists")
    ]
    return {"key": name, "title": name.title(), "markets": markets}


def _zulu(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def odds_api_sides(data: DataFolder) -> Files:
    """A row a side."""
    names, games = _names(data), _games_of(data)
    rows = []
    for line in data.lines:
        game = games[line.game_date, line.player_lookup]
        ends = [TEAMS[game.home][0], TEAMS[game.away][0], "e1", _zulu(line.game_start)]
        for market in ("player_assists", "player_points"):
            for side, price in (("Under", line.under_price), ("Over", line.over_price)):
                rows.append([names[line.player_lookup], market, line.bookmaker, side, line.line, price, *ends])
    return {
        "sides.csv": _csv("player,market,bookmaker,side,line,price,home_team,away_team,game_id,commence_time", rows)
    }


def odds_api_lines(data: DataFolder) -> Files:
    """A row a line; other markets have no line."""
    names = _names(data)
    rows = []
    for r in data.lines:
        start = _zulu(r.game_start)
        rows.append(
            [
                "e1",
                names[r.player_lookup],
                "player_points",
                r.line,
                r.bookmaker,
                "A @ B",
                start,
                r.over_price,
                r.under_price,
            ]
        )
        rows.append(
            ["e1", names[r.player_lookup], "player_double_double", "", r.bookmaker, "A @ B", start, "-132.0", ""]
        )
    return {"lines.csv": _csv("event_id,player,market,line,bookmaker,game,game_time,over_odds,under_odds", rows)}


def prizepicks(data: DataFolder) -> Files:
    """Projections; the other bookmaker's lines are regen's own."""
    names = _names(data)
    mine = [line for line in data.lines if line.bookmaker == "prizepicks"]
    ids = {name: str(n) for n, name in enumerate(sorted(names))}
    projections = [
        {
            "type": "projection", "id": str(n),
            "attributes": {
                "stat_type": stat, "line_score": line.line, "odds_type": "standard",
                "start_time": line.game_start.astimezone(EASTERN).isoformat() if line.game_start else None,
                "updated_at": line.captured_at.astimezone(EASTERN).isoformat() if line.captured_at else None,
            },
            "relationships": {"new_player": {"data": {"type": "new_player", "id": ids[line.player_lookup]}}},
        }
        for n, (line, stat) in enumerate((line, stat) for line in mine for stat in ("Points", "Pts+Rebs+Asts"))
    ]  # fmt: skip
    players = [
        {"type": "new_player", "id": ids[name], "attributes": {"name": said, "league": "NBA", "combo": False}}
        for name, said in names.items()
    ]
    others = [line for line in data.lines if line.bookmaker != "prizepicks"]
    rest = native_lines(DataFolder(data.logs, tuple(others), (), (), data.report))
    return {"projections.json": json.dumps({"data": projections, "included": players})} | rest


def league_schedule(data: DataFolder) -> Files:
    """scheduleLeagueV2, with a game of the preseason and one whose teams are not known yet."""

    def game(game_id: str, day: date, start: str, home: str | None, away: str | None) -> dict[str, Any]:
        sides = {"homeTeam": {"teamTricode": home}, "awayTeam": {"teamTricode": away}}
        known = {
            "gameId": game_id,
            "gameDateEst": f"{day}T00:00:00Z",
            "gameDateTimeUTC": start,
            "gameStatusText": "7:10 pm ET",
        }
        return {**known, "postponedStatus": "A", **sides}

    days = [{"gameDate": f"{FIRST:%m/%d/%Y} 00:00:00", "games": [game("0012500001", FIRST, "", "ATL", "UTA")]}]
    days += [{"games": [game(g.game_id, g.game_date, _zulu(g.start), g.home, g.away)]} for g in data.games]
    days += [{"games": [game("0042500999", date(2026, 4, 20), "", None, None)]}]
    return {"schedule.json": json.dumps({"meta": {}, "leagueSchedule": {"seasonYear": "2025-26", "gameDates": days}})}


def official_injury_report(data: DataFolder) -> Files:
    """Full names of teams, `Last, First`, and two teams that have not submitted theirs."""
    names = _names(data)
    rows = []
    for report in data.injuries:
        first, _, last = names[report.player_lookup].partition(" ")
        team = TEAMS[report.team or ""][0]
        rows.append(
            ["01/20/2026", "07:10 (ET)", "A@B", team, f"{last}, {first}", "Out", report.reason, "01/20/2026 05:30 PM"]
        )
    silent = [code for code in TEAMS if code not in {report.team for report in data.injuries}]
    rows += [
        ["01/20/2026", "07:10 (ET)", "A@B", TEAMS[c][0], "", "", "NOT YET SUBMITTED", "01/20/2026 05:30 PM"]
        for c in silent
    ]
    head = "Game Date,Game Time,Matchup,Team,Player Name,Current Status,Reason,Report Time"
    return {"report.csv": _csv(head, rows)}


def _each_shot(data: DataFolder) -> Iterable[tuple[ShotZones, str, bool]]:
    for row in data.zones:
        for zone in ZONES:
            tried, made = getattr(row, f"{zone}_fga"), getattr(row, f"{zone}_fgm")
            for number in range(tried):
                yield row, zone, number < made


def nba_shots(data: DataFolder) -> Files:
    """A row a shot, dates with the month first."""
    names = _names(data)
    rows = [
        ["2025-26", 1, "A", 7, names[r.player_lookup], f"{r.game_date:%m-%d-%Y}", int(r.game_id),
         "Made Shot" if made else "Missed Shot", "TRUE" if made else "FALSE", PLACES[zone][0], 1, 2, 3]
        for r, zone, made in _each_shot(data)
    ]  # fmt: skip
    head = "SEASON_2,TEAM_ID,TEAM_NAME,PLAYER_ID,PLAYER_NAME,GAME_DATE,GAME_ID,EVENT_TYPE,SHOT_MADE,BASIC_ZONE,LOC_X,LOC_Y,SHOT_DISTANCE"
    return {"shots.csv": _csv(head, rows)}


BDB_HEAD = (
    "game_id,data_set,date,a1,h1,period,away_score,home_score,remaining_time,elapsed,play_length,play_id,team,event_type,assist,"
    "player,points,result,type,shot_distance,original_x,original_y,converted_x,converted_y,description"
)


def bigdataball(data: DataFolder) -> Files:
    """A file a game, its id behind ="" as Excel wants it."""
    names = _names(data)
    found: dict[str, list[list[object]]] = {}
    games = {game.game_id: game for game in data.games}
    for number, (r, zone, made) in enumerate(_each_shot(data)):
        _, x, y, three = PLACES[zone]
        feet, worth = round((x * x + y * y) ** 0.5 / 10), (3 if three else 2)
        said = f"{'' if made else 'MISS '}{feet}' {'3PT ' if three else ''}Jump Shot"
        game = games[r.game_id]
        name = f"[{game.game_date}]-{game.game_id}-{game.away}@{game.home}.csv"
        found.setdefault(name, []).append(
            [f'="{r.game_id}"', "2025-26", r.game_date, "A", "B", 1, 0, 0, "0:11:00", "0:01:00", "0:00:10", number, "HOU",
             "shot" if made else "miss", "", names[r.player_lookup], worth if made else 0, "made", "x", feet, x, y, 0, 0, said]
        )  # fmt: skip
    return {name: _csv(BDB_HEAD, rows) for name, rows in found.items()}


WRITERS: Mapping[str, Writer] = {
    "player_game_logs": native_logs,
    "prop_lines": native_lines,
    "shot_zones": native_zones,
    "injury_reports": native_reports,
    "schedule": native_schedule,
    "nba_api_logs": nba_api_logs,
    "nba_api_games": nba_api_games,
    "odds_api_json": odds_api_json,
    "odds_api_sides": odds_api_sides,
    "odds_api_lines": odds_api_lines,
    "league_schedule": league_schedule,
    "official_injury_report": official_injury_report,
    "bigdataball": bigdataball,
    "nba_shots": nba_shots,
    "basketball_reference": basketball_reference,
    "hoopr": hoopr,
    "balldontlie": balldontlie,
    "prizepicks": prizepicks,
}
"""By format."""
