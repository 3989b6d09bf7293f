"""The records of the news watch: one document for each game."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import partial

from msgspec import Struct

from regen.api.news import NewsLog, NewsNoted
from regen.domain.errors import Unreadable
from regen.domain.news_deciding import NewsRecord
from regen.domain.values import replace
from regen.ports import Snapshot, Write
from regen.services.state.alerting import alert_unreadable
from regen.services.state.decoding import is_newer, readable
from regen.services.state.deps import Deps
from regen.services.state.documents import decode_news, encode_news
from regen.services.state.paths import NEWS, news_path
from regen.services.state.unknown_fields import keep_unknown


class GameSeen(Struct, frozen=True):
    """A game's record, with the version that was read; a broken one is replaced.

    Attributes:
        snapshot: None if there is no record, or none that can be read.
    """

    record: NewsRecord
    path: str
    snapshot: Snapshot | None
    broken: bool = False

    def write(self, record: NewsRecord) -> Write:
        """The conditional write that changes it; fields that a newer version added are kept."""
        data = encode_news(record)
        if self.snapshot is None:
            return Write("create", self.path, data)
        if self.broken:
            return Write("update", self.path, data, self.snapshot.version)
        kept = {name: keep_unknown(self.snapshot.data.get(name), value) for name, value in data.items()}
        return Write("update", self.path, kept, self.snapshot.version)


def read_games(deps: Deps, day: date, games: Mapping[str, datetime | None]) -> list[GameSeen]:
    """The records of a date's games, empty where there is none.

    A record that a newer version wrote is left alone, and so is its game: the newer version watches it.

    Args:
        games: their tip-offs.
    """
    paths = {game: news_path(day, game) for game in games}
    found = deps.store.get_many(list(paths.values()))
    ends = deps.clock.now() + timedelta(days=deps.config.retention_days)
    seen: list[GameSeen] = []
    for (game, path), snapshot in zip(paths.items(), found, strict=True):
        empty = NewsRecord(day, game, ends, games[game])
        if snapshot is None:
            seen.append(GameSeen(empty, path, None))
            continue
        try:
            record = decode_news(snapshot)
        except Unreadable as error:
            alert_unreadable(deps, error)
            if not is_newer(snapshot.data):
                seen.append(GameSeen(empty, path, snapshot, broken=True))
        else:
            seen.append(GameSeen(replace(record, game_date=day, game_id=game, tip_off=games[game]), path, snapshot))
    return seen


def news_of(deps: Deps, day: date) -> NewsLog:
    """What is on record of a date's news, oldest first; records that cannot be read are left out, with an alert."""
    events: list[NewsNoted] = []
    found = deps.store.find(NEWS, [("game_date", "==", day.isoformat())])
    for _, record in readable(found, decode_news, partial(alert_unreadable, deps)):
        events += [
            NewsNoted(
                at=e.at,
                game_date=record.game_date,
                game_id=record.game_id,
                player_lookup=e.player_lookup,
                kind=e.kind,
                was=e.was,
                state=e.state,
                act=e.act,
                why=e.why,
            )
            for e in record.events
        ]
    return NewsLog(game_date=day, events=sorted(events, key=lambda e: (e.at, e.game_id, e.player_lookup)))
