"""When all is quiet: whether every backfill and every game with late data has come to its end."""

from collections import Counter
from datetime import date

from regen.adapters.memory.tables import GRADES
from regen.domain.alerts import AlertKind
from regen.domain.backfill import Backfill, DateStatus
from regen.domain.batch import Batch, Status
from regen.domain.bdb import BdbGame, BdbStatus
from regen.ports import Snapshot
from regen.services.state.deps import ALERT_TOPIC
from regen.services.state.documents import decode_backfill
from simulation.errands import STRANGE, Errands
from simulation.people import Asked, People
from simulation.upstream import by_scan
from simulation.world import World

ENDS = {
    DateStatus.PROMOTED: {Status.PROMOTED, Status.ROLLED_BACK, Status.REJECTED, Status.CANCELLED},
    DateStatus.REJECTED: {Status.REJECTED},
    DateStatus.CANCELLED: {Status.CANCELLED, Status.ROLLED_BACK},
    DateStatus.FAILED: {Status.FAILED},
}
"""Which batches a date may name. One that was promoted keeps its word, whatever is done to the batch later."""


class ErrandJudge:
    """Looks at backfills and games."""

    def __init__(self, world: World, people: People, errands: Errands, batches: list[Batch]) -> None:
        self._world, self._people, self._errands, self._batches = world, people, errands, batches
        self._by_id = {b.batch_id: b for b in batches}
        self._broken = world.watch.broken
        self.backfills = [
            decode_backfill(Snapshot(f"backfills/{d['backfill_id']}", d, 0)) for d in world.store.peek_all("backfills")
        ]

    def given(self) -> dict[str, Asked]:
        """The triggers that backfills and scans gave, by the number that their batches carry."""
        found: dict[str, Asked] = {}
        for backfill in self.backfills:
            for day in backfill.dates:
                for attempt in range(1, day.attempt + 1):
                    name = f"{backfill.backfill_id}/{day.game_date.isoformat()}/{attempt}"
                    found[name] = Asked(name, day.game_date, daily=False, pushed=False, body={})
        for number, message in self._world.triggers.items():
            if by_scan(message.data):
                game_date = date.fromisoformat(message.data["game_date"])
                found[number] = Asked(number, game_date, False, True, message.data, repeated=True)
        return found

    def verdict(self) -> None:
        """Every check."""
        for backfill in self.backfills:
            self._ended(backfill)
            self._once(backfill)
        self._asked()
        self._audited()
        for game in self._world.ledger.games.values():
            self._game(game)
        self._triggered_once()
        self._graded()

    def _graded(self) -> None:
        """No prediction is graded twice."""
        for name, grades in self._world.warehouse.tables.rows[GRADES].items():
            if len(grades) > 1:
                self._broken("P5", f"{name} is graded {len(grades)} times")

    def _ended(self, backfill: Backfill) -> None:
        name = backfill.backfill_id
        if backfill.live:
            states = [d.status.value for d in backfill.dates]
            self._broken("backfill", f"{name} never ended: {backfill.status}, {states}")
        for day in backfill.dates:
            who = f"{name} {day.game_date}"
            if day.status in {DateStatus.WAITING, DateStatus.OPENING, DateStatus.RUNNING}:
                self._broken("backfill", f"{who} never ended: {day.status}, {day.why}")
            elif day.batch_id is not None:
                batch = self._by_id[day.batch_id]
                if batch.status not in ENDS[day.status] or batch.game_date != day.game_date:
                    self._broken("backfill", f"{who} is {day.status}; {batch.batch_id} is {batch.status}")
                if day.status is DateStatus.PROMOTED and not any(s.to == "promoted" for s in batch.history):
                    self._broken("backfill", f"{who} is done, and {batch.batch_id} was never promoted")
            elif day.status in {DateStatus.PROMOTED, DateStatus.REJECTED}:
                self._broken("backfill", f"{who} is {day.status} by no batch")

    def _once(self, backfill: Backfill) -> None:
        """No date twice, none that was dropped or left out."""
        made = Counter(
            b.game_date
            for b in self._batches
            for number in set(b.trigger_ids)
            if number.startswith(f"{backfill.backfill_id}/") and b.status is not Status.FAILED
        )
        for day in backfill.dates:
            wanted = day.status not in {DateStatus.NO_SLATE, DateStatus.SKIPPED}
            dropped = day.status is DateStatus.CANCELLED and day.batch_id is None
            if made[day.game_date] > (wanted and not dropped):
                self._broken("backfill", f"{backfill.backfill_id} has made {made[day.game_date]} batches of {day}")

    def _asked(self) -> None:
        known = {b.backfill_id for b in self.backfills}
        for asked in self._errands.backfills:
            if asked.taken and asked.taken not in known:
                self._broken("P2", f"{asked.key} was answered with {asked.taken}, which is not on record")
        if len(known) > len(self._errands.backfills):
            self._broken("P5", f"{len(known)} backfills for {len(self._errands.backfills)} requests")

    def _audited(self) -> None:
        """Each order on a backfill has its entry, once (P7)."""
        found: Counter[tuple[str, str]] = Counter()
        for row in self._world.warehouse.audit():
            if row.entry.event.value == "backfill":
                found[row.entry.metadata["backfill_id"], row.entry.status] += 1
        wanted = Counter((n, word) for n, words in self._world.watch.backfills.orders.items() for word in words)
        if found != wanted:
            self._broken("P7", f"the audit has {dict(found)} of {dict(wanted)} orders on backfills")

    def _game(self, known: BdbGame) -> None:
        game = self._world.ledger.measured(known)
        who = f"{game.game_date} {game.game_id}"
        idle = not game.features or game.old_features or not game.fresh + game.stale
        if game.status in {BdbStatus.AVAILABLE, BdbStatus.REGENERATING} and not idle:
            self._broken("BDB", f"{who} never ended: {game}")
        if game.status == BdbStatus.PENDING:
            self._broken("BDB", f"{who} is pending, and its data has come")
        if game.status not in {*BdbStatus, STRANGE}:
            self._broken("BDB", f"{who} has a word of nobody's: {game.status}")
        if game.status == BdbStatus.EXPIRED:
            told = [
                m.data["why"]
                for t, m in self._world.published
                if t == ALERT_TOPIC and m.data["type"] == AlertKind.BDB_OVERDUE and m.data["severity"] == "ERROR"
            ]
            if not any(game.game_id in why for why in told):
                self._broken("BDB", f"{who} was given up, and nobody was told")

    def _triggered_once(self) -> None:
        """One regeneration for each date and attempt, unless it asks for a game that none before asked for."""
        carried = {number: b for b in self._batches if b.status is not Status.FAILED for number in b.trigger_ids}
        asked: set[tuple[str, str, int]] = set()
        for number, message in self._world.triggers.items():
            what = by_scan(message.data)
            if what is None or number not in carried:
                continue
            names = zip(what["games"], what["attempts"], strict=True)
            games = {(message.data["game_date"], game, attempt) for game, attempt in names}
            if games <= asked:
                self._broken("BDB", f"{message.data} was carried before; again by {carried[number].batch_id}")
            asked |= games
