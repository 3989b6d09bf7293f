"""Makes one body of data of the records of all files: games, names and dates agree, each fact is there once, in one order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from regen.data.aliases import FILE, Aliases, by_suffix, likeliest
from regen.data.drafts import Drafts, LogDraft
from regen.data.games import Calendar, Notes, namesakes, placed, scored, single
from regen.data.slates import Game
from regen.data.teams import codes
from regen.domain.dates import eastern_today
from regen.domain.errors import InvalidInput
from regen.domain.values import replace
from regen.features.records import GameLog, InjuryReport, PropLine, ShotZones

Row = TypeVar("Row", PropLine, ShotZones, InjuryReport)
Named = TypeVar("Named", PropLine, ShotZones, InjuryReport)
SHORT = 0.6
"""How like codes of three letters are that differ in one."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def box_scores(drafts: Drafts, aliases: Aliases, notes: Notes) -> tuple[tuple[GameLog, ...], Calendar]:
    """The box scores, one row a player and game, and the games.

    Raises:
        InvalidInput: one name is two players.
    """
    rows = [_renamed(draft, aliases) for draft in drafts.logs] if aliases.by_name else drafts.logs
    rows, calendar = placed(rows, drafts.games, notes)
    logs = [draft.log for draft in scored(single(rows, notes), notes)]
    if twice := namesakes(logs):
        name, why = min(twice.items())
        more = f" (and {len(twice) - 1} more names)" if len(twice) > 1 else ""
        raise InvalidInput(
            f"player_lookup {name}", f"one player; this is two, {why}{more}: tell them apart in {FILE} beside the data"
        )
    _name_strangers({log.team for log in logs} | {log.opponent for log in logs}, notes)
    logs.sort(key=lambda log: (log.game_date, log.game_id, log.team, log.player_lookup))
    return tuple(logs), calendar


def _name_strangers(teams: set[str], notes: Notes) -> None:
    """Name teams that are none of the league's, unless all are: then it is another league."""
    known = teams & set(codes())
    if known:
        strangers = teams - known
        notes.say(
            "teams of box scores are none of the league's 30",
            (f"{team} (likeliest {likeliest(team, known, SHORT) or 'none'})" for team in strangers),
        )


def schedule(drafts: Drafts, calendar: Calendar) -> tuple[Game, ...]:
    """The games that a schedule names, each with the id and start that count."""
    pairs = {(game.game_date, frozenset({game.home, game.away})) for game in drafts.games}
    return tuple(sorted((calendar.games[pair] for pair in pairs), key=lambda game: (game.game_date, game.game_id)))


def zones(drafts: Drafts, logs: Sequence[GameLog], calendar: Calendar, notes: Notes) -> tuple[ShotZones, ...]:
    """The shot zones, with the ids of the games; those of files with other ids go to the player's game of the date."""
    games = {(log.game_date, log.game_id) for log in logs}
    own = {(log.game_date, log.player_lookup): log.game_id for log in logs}
    found = []
    for row in drafts.zones:
        game_id = calendar.ids.get((row.game_date, row.game_id), row.game_id)
        if (row.game_date, game_id) not in games:
            game_id = own.get((row.game_date, row.player_lookup), game_id)
        found.append(row if game_id == row.game_id else replace(row, game_id=game_id))
    return _unique(found, lambda row: (row.game_date, row.player_lookup), "shot_zones", notes)


def lines(drafts: Drafts, notes: Notes) -> tuple[PropLine, ...]:
    """The lines, on US Eastern dates; of one snapshot of a bookmaker's value the last row."""
    rows = drafts.lines
    in_utc = {number for number, row in enumerate(rows) if _is_dated_in_utc(row)}
    if in_utc:
        rows = [
            replace(row, game_date=row.game_date - timedelta(days=1)) if number in in_utc else row
            for number, row in enumerate(rows)
        ]
        notes.sentences.append(
            f"prop_lines: {len(in_utc)} rows dated in UTC were put on the US Eastern date of their start_utc"
        )
    return _unique(
        rows,
        lambda row: (row.game_date, row.player_lookup, row.bookmaker, row.line, row.captured_at or _LONG_AGO),
        "prop_lines",
        notes,
    )


def reports(drafts: Drafts, teams: frozenset[str], players: frozenset[str], notes: Notes) -> tuple[InjuryReport, ...]:
    """The availability reports; a team that no game has takes no player from his own."""
    rows = drafts.reports
    ghosts = {row.team for row in rows if row.team and row.team not in teams and row.team not in codes()}
    if ghosts and teams:
        notes.say(
            "teams of the availability report play no game; their players stay with their own",
            (f"{team} (likeliest {likeliest(team, teams, SHORT) or 'none'})" for team in ghosts),
        )
        rows = [replace(row, team=None) if row.team in ghosts and row.player_lookup in players else row for row in rows]
    return _unique(rows, lambda row: (row.game_date, row.player_lookup, _moment(row.reported)), "injury_reports", notes)


def renamed(rows: list[Named], aliases: Aliases, players: frozenset[str], what: str, notes: Notes) -> list[Named]:
    """The rows under the names of the box scores, by the file of aliases, else where a suffix alone differs."""
    if aliases.by_name:
        rows = [_alias(row, aliases) for row in rows]
    if not players:
        return rows
    same = by_suffix({row.player_lookup for row in rows}, players)
    if not same:
        return rows
    notes.say(f"names in {what} differ by a suffix from a player's", (f"{a} is {b}" for a, b in same.items()))
    return [replace(row, player_lookup=same[row.player_lookup]) if row.player_lookup in same else row for row in rows]


def _alias(row: Named, aliases: Aliases) -> Named:
    name = aliases.of(row.player_lookup, team=getattr(row, "team", None))
    return row if name == row.player_lookup else replace(row, player_lookup=name)


def _renamed(draft: LogDraft, aliases: Aliases) -> LogDraft:
    log = draft.log
    name = aliases.of(log.player_lookup, log.nba_player_id, log.team)
    return draft if name == log.player_lookup else replace(draft, log=replace(log, player_lookup=name))


def _is_dated_in_utc(row: PropLine) -> bool:
    """Whether the date is that of the start in UTC, where US Eastern has the evening before."""
    start = row.game_start
    return start is not None and start.date() == row.game_date and eastern_today(start) < row.game_date


def _moment(said: date | None) -> datetime:
    if isinstance(said, datetime):
        return said
    return _LONG_AGO if said is None else datetime(said.year, said.month, said.day, tzinfo=UTC)


def _unique(rows: Iterable[Row], key: Callable[[Row], tuple[object, ...]], name: str, notes: Notes) -> tuple[Row, ...]:
    """The last row of each key, in the order of keys; how many gave way is noted."""
    last: dict[tuple[object, ...], Row] = {}
    number = 0
    for row in rows:
        last[key(row)] = row
        number += 1
    if len(last) < number:
        notes.sentences.append(f"{name}: {number - len(last)} rows gave way to a later row of the same key")
    return tuple(last[one] for one in sorted(last))
