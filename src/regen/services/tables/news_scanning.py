"""The news watch: one regeneration for the players that a date's news touches, before their games begin.

A scan compares what the current predictions rest on with what upstream says now. One commit stores the trigger, the claims
of what it is about and the record of each game, so that two concurrent scans, or a scan after one that died, send one
trigger. The trigger is a message like any other: it waits while a batch of the date is live, and for the news' hold-down.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TypeAlias

from msgspec import Struct, structs

from regen.api.news import NewsScan, SeenNews
from regen.api.requests import MAX_NAME
from regen.domain import ids
from regen.domain.dates import eastern_today, evening_of
from regen.domain.errors import NobodyRequested, Unreadable
from regen.domain.news import News, Standing, find_news
from regen.domain.news_deciding import Decided, NewsAct, NewsRecord, changed_at, decide, topic_of
from regen.domain.news_rhythm import Rhythm, is_due
from regen.domain.scope import UnknownNames, resolved
from regen.domain.soundness import is_name
from regen.ports import Write
from regen.services.state import outbox
from regen.services.state.alerting import alert_unreadable
from regen.services.state.commit import until_committed
from regen.services.state.deps import Deps
from regen.services.state.documents import RhythmRecord, decode_date, decode_rhythm, encode_rhythm
from regen.services.state.halts import closed
from regen.services.state.messages import news_item
from regen.services.state.news_records import GameSeen, read_games
from regen.services.state.paths import date_path, rhythm_path
from regen.services.tables.asking import trigger_writes

log = logging.getLogger(__name__)
NOTHING: NewsScan = NewsScan(status="not_due", triggered=[], games=0, news=[], counts={})
HALTED: NewsScan = structs.replace(NOTHING, status="halted")
MAX_TIPS = 100
Games: TypeAlias = dict[str, list[Standing]]
"""The players of each game."""


class Look(Struct, frozen=True):
    """What a scan looks at.

    Attributes:
        game_date: None for today and tomorrow, US Eastern.
        games: look at the news of these games only; `players` likewise. Case and outer spaces are ignored.
    """

    game_date: date | None = None
    games: tuple[str, ...] | None = None
    players: tuple[str, ...] | None = None

    @property
    def everything(self) -> bool:
        """Whether it leaves nothing out."""
        return self.game_date is None and self.games is None and self.players is None


class _Seen(Struct, frozen=True):
    """A game with its news, and what was decided about each."""

    record: NewsRecord
    decided: Sequence[tuple[News, Decided]]


def due(deps: Deps) -> bool:
    """Whether the settings' rhythm wants a scan now."""
    config, found = deps.config, deps.store.get(rhythm_path())
    rhythm = Rhythm(config.news_near_hours, config.news_near_seconds, config.news_far_seconds)
    try:
        known = decode_rhythm(found) if found else None
    except Unreadable:
        known = None  # one scan more loses nothing, and writes the record again
    return is_due(rhythm, deps.clock.now(), known.last if known else None, known.tips if known else ())


def scan(deps: Deps, look: Look | None = None, *, dry_run: bool = False, strict: bool = False) -> NewsScan:
    """Look at every game to come, and ask for a regeneration of the players that news touches.

    While the platform is halted, nothing is looked at: news is what the tables still say when it runs again.

    Args:
        strict: refuse names that no game to come has. Else the others are looked at: a feed may know more players.

    Raises:
        InvalidInput: some of the names are unknown.
        NobodyRequested: all of them are.
        Unavailable: a dependency failed; the next scan continues.
    """
    if closed(deps):
        return HALTED
    look, now = look or Look(), deps.clock.now()
    first = look.game_date or eastern_today(now)
    last = look.game_date or first + timedelta(days=1)
    standings = [one for one in deps.books.standings(first, last, now) if _can_be_asked_for(one)]
    _check_names(look, standings, strict=strict)
    dates = _by_date(_in_play(deps, standings), look)
    label = f"news_scan_{deps.ids.suffix()}"
    seen: list[_Seen] = []
    for day, games in sorted(dates.items()):
        seen += _scan_date(deps, day, games, look, now, label, dry_run=dry_run)
    if not dry_run:
        if look.everything:
            _note_rhythm(deps, dates, now)
        outbox.deliver(deps, label)
    return _report(seen, sum(map(len, dates.values())), dry_run=dry_run)


def _in_play(deps: Deps, standings: Sequence[Standing]) -> list[Standing]:
    """The players without those whom an operator has withdrawn: upstream may say for hours still that they play."""
    ruled_out: dict[date, set[str]] = {}
    unreadable: set[date] = set()
    for day in {one.game_date for one in standings if one.withdrawn}:
        try:
            withdrawn = decode_date(deps.store.get(date_path(day)), day).withdrawn
        except Unreadable as error:
            # Whom an operator has withdrawn is not known; no trigger of this date is carried either.
            alert_unreadable(deps, error)
            unreadable.add(day)
        else:
            ruled_out[day] = {e.player_lookup or e.game_id for e in withdrawn}
    return [
        one
        for one in standings
        if one.game_date not in unreadable
        and not {one.player_lookup, one.game_id} & ruled_out.get(one.game_date, set())
    ]


def _can_be_asked_for(one: Standing) -> bool:
    """Whether a trigger can name the player: one row with an odd name must not spoil the trigger of its game."""
    return is_name(one.player_lookup) and len(one.player_lookup) <= MAX_NAME and is_name(one.game_id)


def _check_names(look: Look, standings: Sequence[Standing], *, strict: bool) -> None:
    """Refuse names that no game to come has, or log them; where there is no game, no name can be known."""
    asked = {"games": (look.games, "game_id"), "players": (look.players, "player_lookup")}
    for field, (names, attribute) in asked.items() if standings else ():
        try:
            resolved(field, names or (), (getattr(one, attribute) for one in standings), "the games to come")
        except UnknownNames as error:
            if strict and error.all:
                raise NobodyRequested(str(error)) from error
            if strict:
                raise
            log.warning("left out: %s", error, extra={"action": "news"})


def _by_date(standings: Sequence[Standing], look: Look) -> dict[date, Games]:
    wanted = None if look.games is None else set(map(_plain, look.games))
    dates: dict[date, Games] = {}
    for one in standings:
        if wanted is None or _plain(one.game_id) in wanted:
            dates.setdefault(one.game_date, {}).setdefault(one.game_id, []).append(one)
    return dates


def _scan_date(
    deps: Deps, day: date, games: Games, look: Look, now: datetime, label: str, *, dry_run: bool
) -> list[_Seen]:
    def decide_all() -> tuple[Sequence[Write], list[_Seen]]:
        records = read_games(deps, day, {game: of[0].tip_off for game, of in games.items()})
        seen = [_look_at(deps, known, games[known.record.game_id], look, now) for known in records]
        asked = _asked(day, seen)
        writes = trigger_writes(deps, asked, now, lambda new: news_item(day, new, now, label)) if asked else []
        for known, found in zip(records, seen, strict=True):
            record = known.record.with_decisions(found.decided, now)
            if record != known.record:
                writes.append(known.write(record))
        return writes, seen

    return decide_all()[1] if dry_run else until_committed(deps, decide_all)


def _look_at(deps: Deps, known: GameSeen, game: Sequence[Standing], look: Look, now: datetime) -> _Seen:
    found = find_news(
        game,
        now,
        line_move=deps.config.news_line_move,
        min_minutes=deps.config.min_minutes,
        before=known.record.statuses,
    )
    wanted = None if look.players is None else set(map(_plain, look.players))
    return _Seen(
        known.record,
        [
            (news, decide(news, known.record.known(news), changed_at(news, game), now))
            for news in found
            if wanted is None or _plain(news.player_lookup) in wanted
        ],
    )


def _asked(day: date, seen: Sequence[_Seen]) -> dict[str, tuple[str, News]]:
    """The news that a batch is wanted for, by the event that claims it: a player's state, and how often it was asked for."""
    asked: dict[str, tuple[str, News]] = {}
    for found in seen:
        for news, decision in found.decided:
            if decision.act is NewsAct.REGENERATE:
                known = found.record.known(news)
                number = (known.asked if known else 0) + 1
                what = found.record.game_id, news.player_lookup, topic_of(news), news.state, number
                asked[ids.digest("news", day, *what, length=24)] = (found.record.game_id, news)
    return asked


def _note_rhythm(deps: Deps, dates: Mapping[date, Games], now: datetime) -> None:
    tips = sorted({of[0].tip_off or evening_of(day) for day, games in dates.items() for of in games.values()})
    deps.store.commit([Write("put", rhythm_path(), encode_rhythm(RhythmRecord(now, tuple(tips[:MAX_TIPS]))))])


def _report(seen: Sequence[_Seen], games: int, *, dry_run: bool) -> NewsScan:
    news = [
        SeenNews(
            game_date=found.record.game_date,
            game_id=found.record.game_id,
            tip_off=found.record.tip_off,
            player_lookup=one.player_lookup,
            kind=one.kind.value,
            was=one.was,
            state=one.state,
            act=decision.act.value,
            why=decision.why,
            touched=list(one.touched),
        )
        for found in seen
        for one, decision in found.decided
    ]
    triggered = sorted({one.game_date for one in news if one.act == NewsAct.REGENERATE})
    return NewsScan(
        status="dry_run" if dry_run else "scanned",
        triggered=triggered,
        games=games,
        news=news,
        counts=dict(Counter(one.act for one in news)),
    )


def _plain(name: str) -> str:
    return name.strip().casefold()
