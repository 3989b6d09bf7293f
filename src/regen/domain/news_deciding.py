"""What a scan does about news: a batch at once for what is new, with pauses for what flaps or was asked for before.

The batches for one player's status, and those for the player's line, are counted apart. The first change of each and its
reversal are acted upon at once. Every further change waits for a pause after the one before: 1, 2, 4, 8, then 15 minutes.
The last word always comes through, and a status that flaps all evening costs four batches an hour at the most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from regen.domain.news import LINES, News, Standing, team_mates
from regen.domain.values import replace
from regen.domain.watching import MAX_ATTEMPTS, pause_after
from regen.domain.words import counted

FREE = 2
"""A change and its reversal."""
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=15)
MAX_EVENTS = 100
"""Of a game's record; the oldest go first."""


class NewsAct(StrEnum):
    """The action of a scan on one player's news."""

    REGENERATE = "regenerate"
    WAIT = "wait"
    """A batch is under way, or the player's news has changed too often of late."""
    SETTLED = "settled"
    """A batch has been promoted since this was asked for: it rests on what was there."""
    GIVE_UP = "give_up"


class Decided(Struct, frozen=True):
    """The action, and its reason."""

    act: NewsAct
    why: str


class Watched(Struct, frozen=True):
    """What was last asked for about one player's status, or about the player's line.

    Attributes:
        topic: `status` or `line`.
        asked: how many batches this topic of the player has asked for.
        tries: how many of them for this very state.
    """

    player_lookup: str
    topic: str
    state: str
    asked: int
    tries: int
    at: datetime


class NewsEvent(Struct, frozen=True):
    """What was seen of a player, and what was decided."""

    at: datetime
    player_lookup: str
    kind: str
    was: str
    state: str
    act: str
    why: str


class NewsRecord(Struct, frozen=True):
    """`news_events/{game_date}_{game}`: what the watch has seen and decided about one game.

    Attributes:
        events: newest last.
    """

    game_date: date
    game_id: str
    expires_at: datetime
    tip_off: datetime | None = None
    watched: tuple[Watched, ...] = ()
    events: tuple[NewsEvent, ...] = ()

    def known(self, news: News) -> Watched | None:
        """What was last asked for about the same topic of the player."""
        wanted = news.player_lookup, topic_of(news)
        return next((one for one in self.watched if (one.player_lookup, one.topic) == wanted), None)

    @property
    def statuses(self) -> Mapping[str, str]:
        """The status that was last acted upon, by player."""
        return {one.player_lookup: one.state for one in self.watched if one.topic == "status"}

    def with_decisions(self, decided: Sequence[tuple[News, Decided]], now: datetime) -> NewsRecord:
        """The record after a scan; a decision that it has already is not noted again."""
        watched = {(one.player_lookup, one.topic): one for one in self.watched}
        last = {(e.player_lookup, e.kind): (e.state, e.act) for e in self.events}
        events = list(self.events)
        for news, decision in decided:
            known = self.known(news)
            if decision.act is NewsAct.REGENERATE:
                same = known is not None and known.state == news.state
                watched[news.player_lookup, topic_of(news)] = Watched(
                    news.player_lookup,
                    topic_of(news),
                    news.state,
                    asked=(known.asked if known else 0) + 1,
                    tries=(known.tries if known and same else 0) + 1,
                    at=now,
                )
            elif last.get((news.player_lookup, news.kind)) == (news.state, decision.act):
                continue
            events.append(
                NewsEvent(now, news.player_lookup, news.kind, news.was, news.state, decision.act, decision.why)
            )
        return replace(self, watched=tuple(watched.values()), events=tuple(events[-MAX_EVENTS:]))


def topic_of(news: News) -> str:
    """`status` or `line`."""
    return "line" if news.kind in LINES else "status"


def decide(news: News, known: Watched | None, changed_at: datetime | None, now: datetime) -> Decided:
    """Decide what to do about one player's news.

    Args:
        known: what was last asked for about the same topic of the player.
        changed_at: when the predictions that the news touches last changed.
    """
    if known is None:
        return Decided(NewsAct.REGENERATE, f"{news.was} before")
    if known.state == news.state:
        return _again(known, changed_at, now)
    pause = pause_of(known.asked)
    if now - known.at < pause:
        return Decided(NewsAct.WAIT, f"it has changed {known.asked} times; the next batch waits {_minutes(pause)}")
    return Decided(NewsAct.REGENERATE, f"{known.state} before")


def _again(known: Watched, changed_at: datetime | None, now: datetime) -> Decided:
    """Of news that a batch was asked for before, and that is still there."""
    if changed_at is not None and changed_at > known.at:
        return Decided(NewsAct.SETTLED, "what is current was made since")
    if now - known.at < min(pause_after(known.tries, FIRST_PAUSE), LONGEST_PAUSE):
        return Decided(NewsAct.WAIT, f"attempt {known.tries} is under way")
    if known.tries >= MAX_ATTEMPTS:
        return Decided(NewsAct.GIVE_UP, f"{counted(known.tries, 'batch')} did not bring it in")
    return Decided(NewsAct.REGENERATE, f"attempt {known.tries} brought nothing")


def pause_of(asked: int) -> timedelta:
    """How long the next change of a topic waits that has asked for this many batches."""
    if asked < FREE:
        return timedelta(0)
    return min(pause_after(asked - FREE + 1, FIRST_PAUSE), LONGEST_PAUSE)


def changed_at(news: News, game: Sequence[Standing]) -> datetime | None:
    """When the predictions that news touches last changed: the player's own; without those, the team-mates'."""
    player = next(one for one in game if one.player_lookup == news.player_lookup)
    if news.player_lookup in news.touched:
        return player.changed_at
    mates = team_mates(player, game)
    return max((one.changed_at for one in game if one.player_lookup in mates and one.changed_at), default=None)


def _minutes(pause: timedelta) -> str:
    return f"{pause.total_seconds() / 60:g} min"
