"""What the news watch answers: what was seen and decided now, and what is on record."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from regen.api.words import Answer, Moment, one_of
from regen.domain.news import NewsKind
from regen.domain.news_deciding import NewsAct


class SeenNews(Answer, frozen=True, kw_only=True):
    """One player's news, with what was decided and why.

    Attributes:
        was: what the current predictions rest on; `state` is what upstream says now.
        touched: the players to withdraw or to predict again.
    """

    game_date: date
    game_id: str
    tip_off: Moment | None
    player_lookup: str
    kind: Annotated[str, one_of(*NewsKind)]
    was: str
    state: str
    act: Annotated[str, one_of(*NewsAct)]
    why: str
    touched: list[str]


class NewsScan(Answer, frozen=True, kw_only=True):
    """What a scan for news saw and did.

    Attributes:
        status: `not_due` if the settings' rhythm does not want a scan yet, `halted` while the platform is; then nothing was
            looked at.
        triggered: dates for which a regeneration was asked for.
        games: games to come that were looked at.
        counts: news by what was decided.
    """

    status: Annotated[str, one_of("scanned", "dry_run", "not_due", "halted")]
    triggered: list[date]
    games: int
    news: list[SeenNews]
    counts: dict[str, int]


class NewsNoted(Answer, frozen=True, kw_only=True):
    """What is on record of one player's news."""

    at: Moment
    game_date: date
    game_id: str
    player_lookup: str
    kind: Annotated[str, one_of(*NewsKind)]
    was: str
    state: str
    act: Annotated[str, one_of(*NewsAct)]
    why: str


class NewsLog(Answer, frozen=True, kw_only=True):
    """What is on record of a date's news, oldest first."""

    game_date: date
    events: list[NewsNoted]
