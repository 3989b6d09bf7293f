"""The checks of the news watch at the end of a run."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from regen.domain.batch import Batch, Status
from regen.ports import Snapshot
from regen.services.state.documents import decode_news
from simulation.newsroom import Newsroom
from simulation.upstream import news_request
from simulation.world import World

PAUSES = (0.0, 60.0, 120.0, 240.0, 480.0)
LONGEST = 900.0
Topic = tuple[date, str, str]


class NewsJudge:
    """Checks what the watch has on record against what it has sent, and that it came in time."""

    def __init__(self, world: World, newsroom: Newsroom, batches: list[Batch]) -> None:
        self._world, self._newsroom, self._batches = world, newsroom, batches
        self._report = world.watch.report
        self._skew = timedelta(seconds=2 * max(world.skews) + 30)

    def check(self) -> None:
        """Run every check."""
        if not self._newsroom.told:
            return
        if self._newsroom.waits():
            self._report("news", f"the watch has never settled: {self._newsroom.last}")
        asked: Counter[Topic] = Counter()
        for path, document in self._world.store._documents.items():
            if path.startswith("news_events/") and not path.endswith("/rhythm"):
                record = decode_news(Snapshot(path, document.data, 0))
                for one in record.watched:
                    asked[record.game_date, one.player_lookup, one.topic] += one.asked
                self._check_pauses(record)
        sent = self._sent()
        for topic in sorted(asked.keys() | sent.keys()):
            if asked[topic] != sent[topic]:
                self._report("news", f"{topic}: {asked[topic]} batches are on record, {sent[topic]} were asked for")
        for batch in self._batches:
            if batch.trigger_ids and all(news_request(self._body(n)) for n in batch.trigger_ids):
                self._check_in_time(batch)

    def _body(self, number: str) -> Any:
        message = self._world.triggers.get(number)
        return message.data if message else None

    def _sent(self) -> Counter[Topic]:
        """How often each player's status and line were asked for, counted by event."""
        events: dict[str, Any] = {}
        for message in self._world.triggers.values():
            if news_request(message.data):
                events[message.attributes["event_id"]] = message.data
        sent: Counter[Topic] = Counter()
        for data in events.values():
            for news in data["metadata"]["news"]:
                topic = "line" if news["kind"].startswith("line") else "status"
                sent[date.fromisoformat(data["game_date"]), news["player"], topic] += 1
        return sent

    def _check_pauses(self, record: Any) -> None:
        """Check that a player's news does not ask for a batch too soon after the ones before."""
        asked: dict[tuple[str, bool], list[Any]] = {}
        for event in record.events:
            if event.act == "regenerate":
                asked.setdefault((event.player_lookup, event.kind.startswith("line")), []).append(event)
        for (player, _), events in asked.items():
            for n, (one, other) in enumerate(pairwise(events)):
                pause = (PAUSES[n] if n < len(PAUSES) else LONGEST) if one.state != other.state else 60.0
                if other.at - one.at < timedelta(seconds=pause) - self._skew:
                    self._report("news", f"{player} is asked for at {one.at} and again at {other.at}")

    def _check_in_time(self, batch: Batch) -> None:
        """Check that no batch of news alone was opened for a game that had begun."""
        reading = self._world.watch.readings.get(batch.snapshot or "")
        if reading is None or batch.status is Status.FAILED or not batch.requested_players:
            return
        for entry in reading.entries:
            late = entry.game_start is not None and entry.game_start <= batch.created_at
            if late and entry.player_lookup in (batch.scope.players or ()):
                self._report("news", f"{batch.batch_id} is opened for {entry.player_lookup} after the tip-off")
