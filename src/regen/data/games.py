"""Puts box scores into games: each of two teams, one of them at home, under one id, whichever vendors the rows are from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from msgspec import Struct, field

from regen.data import parse
from regen.data.drafts import LogDraft
from regen.data.slates import Game
from regen.domain.values import replace
from regen.features.records import GameLog
from regen.features.scoring import unscored

NAMED = 5
"""Games or players that a note names; of more, the number."""


class Notes(Struct):
    """What is said of rows that were left out or changed: sentences, and counts by reason."""

    sentences: list[str] = field(default_factory=list)
    set_aside: Counter[tuple[str, str]] = field(default_factory=Counter)

    def aside(self, file: str, reason: str, number: int = 1) -> None:
        """Rows of a file that do not count."""
        self.set_aside[file, reason] += number

    def say(self, what: str, names: Iterable[str]) -> None:
        """A sentence about some games or players, if there are any."""
        found = sorted(set(names))
        if found:
            more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
            self.sentences.append(f"{len(found)} {what}: {', '.join(found[:NAMED])}{more}")


Pair = tuple[date, frozenset[str]]


class Calendar(Struct):
    """Who plays whom, where and when: from the schedule, and from box scores that say it."""

    games: dict[Pair, Game] = field(default_factory=dict)
    ids: dict[tuple[date, str], str] = field(default_factory=dict)
    """The id that counts for one that a file has."""

    def add(self, game: Game) -> None:
        """Take in a game; the league's id counts before others, and a start that is known before none."""
        pair = (game.game_date, frozenset({game.home, game.away}))
        known = self.games.get(pair)
        if known is None:
            self.games[pair] = game
            return
        best = min((known.game_id, game.game_id), key=lambda name: (parse.kind_of_game(name) is None, _made(name)))
        self.games[pair] = replace(known, game_id=best, start=known.start or game.start)


def _made(name: str) -> bool:
    """Whether an id was made of a date and teams because the file had none."""
    return "@" in name


def placed(drafts: Sequence[LogDraft], schedule: Iterable[Game], notes: Notes) -> tuple[list[LogDraft], Calendar]:
    """The drafts with team, opponent, home and the id of their game; those of which that cannot be known are left out."""
    calendar = Calendar()
    for game in schedule:
        calendar.add(game)
    planned = set(calendar.games)
    for draft in drafts:
        _tell(calendar, draft)
    groups = _paired(drafts, notes)
    third = _third_teams(groups)
    found: list[LogDraft] = []
    homes: set[str] = set()
    halves: set[str] = set()
    for pair, rows in groups.items():
        home = None if pair in third else _home(pair, rows, calendar, planned=pair in planned)
        if home is None:
            reason = "of a third team in a game of two others"
            if pair not in third:
                homes.add(_named(pair))
                known = rows[0].home is not None
                reason = f"of a game {'with two homes or none' if known else 'without a home'}: add a schedule"
            for draft in rows:
                notes.aside(draft.file, reason)
            continue
        game_id = _id(pair, rows, calendar, home)
        if len({draft.log.team for draft in rows}) == 1:
            halves.add(game_id)
        for draft in rows:
            calendar.ids[draft.log.game_date, draft.log.game_id] = game_id
            found.append(_in_game(draft, game_id, home))
    notes.say("games have a third team, whose rows are left out", map(_named, third))
    notes.say("games have two homes or none and are left out; a schedule says who is at home", homes)
    notes.say("games have the box score of one team alone", halves)
    return found, calendar


def _tell(calendar: Calendar, draft: LogDraft) -> None:
    """Put the game of a row that says all of it into the calendar."""
    log = draft.log
    if draft.home is None or not log.game_id or log.team == log.opponent:
        return
    home, away = (log.team, log.opponent) if draft.home else (log.opponent, log.team)
    known = calendar.games.get((log.game_date, frozenset({home, away})))
    if known is None or known.game_id != log.game_id:
        calendar.add(Game(log.game_id, log.game_date, home, away))


def _paired(drafts: Sequence[LogDraft], notes: Notes) -> dict[Pair, list[LogDraft]]:
    """The rows by date and teams."""
    groups: defaultdict[Pair, list[LogDraft]] = defaultdict(list)
    alone: set[str] = set()
    for draft in drafts:
        log = draft.log
        if log.team == log.opponent:
            notes.aside(draft.file, "of a team against itself")
            alone.add(f"{log.game_id or log.team} on {log.game_date}")
        else:
            groups[log.game_date, frozenset({log.team, log.opponent})].append(draft)
    notes.say("box scores have a team against itself and are left out", alone)
    return groups


def _in_game(draft: LogDraft, game_id: str, home: str) -> LogDraft:
    log, at_home = draft.log, draft.log.team == home
    if log.game_id == game_id and log.home == at_home:
        return draft
    return replace(draft, log=replace(log, game_id=game_id, home=at_home))


def _named(pair: Pair) -> str:
    return f"{'-'.join(sorted(pair[1]))} on {pair[0]}"


def _third_teams(groups: Mapping[Pair, Sequence[LogDraft]]) -> set[Pair]:
    """Pairs of teams under the id of a game that most rows say is between others."""
    sizes: defaultdict[tuple[date, str], Counter[Pair]] = defaultdict(Counter)
    for pair, rows in groups.items():
        for draft in rows:
            if draft.log.game_id:
                sizes[pair[0], draft.log.game_id][pair] += 1
    found: set[Pair] = set()
    for pairs in sizes.values():
        if len(pairs) > 1:
            first = max(pairs, key=lambda pair: (pairs[pair], sorted(pair[1])))
            found.update(pair for pair in pairs if pair != first)
    return found


def _home(pair: Pair, rows: Sequence[LogDraft], calendar: Calendar, *, planned: bool) -> str | None:
    """The team at home: the schedule's word, else what each side's rows say, if the sides agree."""
    if planned:
        return calendar.games[pair].home
    votes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for draft in rows:
        if draft.home is not None:
            votes[draft.log.team][draft.log.team if draft.home else draft.log.opponent] += 1
    said = {max(sorted(count), key=count.__getitem__) for count in votes.values()}
    return next(iter(said)) if len(said) == 1 else None


def _id(pair: Pair, rows: Sequence[LogDraft], calendar: Calendar, home: str) -> str:
    game = calendar.games.get(pair)
    if game is not None:
        return game.game_id
    away = next(team for team in pair[1] if team != home)
    return next((d.log.game_id for d in rows if d.log.game_id), None) or f"{pair[0]:%Y%m%d}-{away}@{home}"


def single(drafts: Sequence[LogDraft], notes: Notes) -> list[LogDraft]:
    """One row for each player and game: a row that is there again counts once, a corrected one instead of what it corrects."""
    kept: dict[tuple[str, str, date], LogDraft] = {}
    corrected: list[str] = []
    for draft in drafts:
        key = (draft.log.player_lookup, draft.log.game_id, draft.log.game_date)
        known = kept.get(key)
        if known is None:
            kept[key] = draft
            continue
        older, newer = known, draft
        if known.corrected_at and draft.corrected_at and draft.corrected_at < known.corrected_at:
            older, newer = draft, known
        if older.log == newer.log:
            notes.aside(older.file, "there twice")
        else:
            notes.aside(older.file, "corrected by another row")
            corrected.append(f"{draft.log.player_lookup} on {draft.log.game_date} ({newer.file}:{newer.line} counts)")
        kept[key] = newer
    notes.say("box scores are there in two versions, of which the later counts", corrected)
    return list(kept.values())


def scored(drafts: Sequence[LogDraft], notes: Notes) -> list[LogDraft]:
    """The drafts without teams whose points have not come."""
    sides = [(f"{draft.log.game_date} {draft.log.game_id}", draft.log.team) for draft in drafts]
    empty = unscored((*side, draft.log.minutes, draft.log.points) for side, draft in zip(sides, drafts, strict=True))
    kept: list[LogDraft] = []
    for side, draft in zip(sides, drafts, strict=True):
        if side in empty:
            notes.aside(draft.file, "of a team whose points have not come")
        else:
            kept.append(draft)
    named = (f"{team} in {game}" for game, team in empty)
    notes.say("teams have minutes and hardly a point, so that their rows are left out", named)
    return kept


def namesakes(logs: Iterable[GameLog]) -> dict[str, str]:
    """Keys that are two players, by what tells it: two ids of the league, or two games on one date."""
    ids: defaultdict[str, set[str]] = defaultdict(set)
    games: dict[tuple[str, date], GameLog] = {}
    found: dict[str, str] = {}
    for log in logs:
        if log.nba_player_id:
            ids[log.player_lookup].add(log.nba_player_id)
        known = games.setdefault((log.player_lookup, log.game_date), log)
        if known.game_id != log.game_id:
            teams = " and ".join(sorted({known.team, log.team}))
            found[log.player_lookup] = f"two games on {log.game_date}, for {teams}"
    for name, numbers in ids.items():
        if len(numbers) > 1:
            found[name] = f"nba_player_id {' and '.join(sorted(numbers))}"
    return found
