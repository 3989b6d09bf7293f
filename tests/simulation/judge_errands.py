"""The checks of backfills and of games with late data at the end of a run."""

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
from simulation.people import People, TriggerRequest
from simulation.upstream import news_request, scan_request
from simulation.world import World

ENDS = {
    DateStatus.PROMOTED: {Status.PROMOTED, Status.ROLLED_BACK, Status.REJECTED, Status.CANCELLED},
    DateStatus.REJECTED: {Status.REJECTED},
    DateStatus.HELD: {Status.HELD},
    DateStatus.CANCELLED: {Status.CANCELLED, Status.ROLLED_BACK},
    DateStatus.FAILED: {Status.FAILED},
}
"""The statuses that a date's batch may have. A promoted date stays so, whatever an operator does to the batch later."""


class ErrandJudge:
    """Checks backfills and games."""

    def __init__(self, world: World, people: People, errands: Errands, batches: list[Batch]) -> None:
        self._world, self._people, self._errands, self._batches = world, people, errands, batches
        self._by_id = {b.batch_id: b for b in batches}
        self._report = world.watch.report
        self.backfills = [
            decode_backfill(Snapshot(f"backfills/{d['backfill_id']}", d, 0)) for d in world.store.peek_all("backfills")
        ]

    def trigger_requests(self) -> dict[str, TriggerRequest]:
        """The triggers of backfills and scans, by the number that their batches carry."""
        found: dict[str, TriggerRequest] = {}
        for backfill in self.backfills:
            for day in backfill.dates:
                for attempt in range(1, day.attempt + 1):
                    name = f"{backfill.backfill_id}/{day.game_date.isoformat()}/{attempt}"
                    found[name] = TriggerRequest(name, day.game_date, daily=False, pushed=False, body={})
        for number, message in self._world.triggers.items():
            if scan_request(message.data) or news_request(message.data):
                game_date = date.fromisoformat(message.data["game_date"])
                found[number] = TriggerRequest(number, game_date, False, True, message.data, repeated=True)
        return found

    def check(self) -> None:
        """Run every check."""
        for backfill in self.backfills:
            self._check_end(backfill)
            self._check_opened_once(backfill)
        self._check_requests()
        self._check_audit()
        for game in self._world.ledger.games.values():
            self._check_game(game)
        self._check_triggered_once()
        self._check_graded_once()

    def _check_graded_once(self) -> None:
        """Check that no prediction is graded twice."""
        for name, grades in self._world.warehouse.tables.rows[GRADES].items():
            if len(grades) > 1:
                self._report("P5", f"{name} is graded {len(grades)} times")

    def _check_end(self, backfill: Backfill) -> None:
        name = backfill.backfill_id
        if backfill.live:
            states = [d.status.value for d in backfill.dates]
            self._report("backfill", f"{name} never ended: {backfill.status}, {states}")
        for day in backfill.dates:
            who = f"{name} {day.game_date}"
            if day.status in {DateStatus.WAITING, DateStatus.OPENING, DateStatus.RUNNING}:
                self._report("backfill", f"{who} never ended: {day.status}, {day.why}")
            elif day.batch_id is not None:
                batch = self._by_id[day.batch_id]
                if batch.status not in ENDS[day.status] or batch.game_date != day.game_date:
                    self._report("backfill", f"{who} is {day.status}; {batch.batch_id} is {batch.status}")
                if day.status is DateStatus.PROMOTED and not any(s.to == "promoted" for s in batch.history):
                    self._report("backfill", f"{who} is done, and {batch.batch_id} was never promoted")
            elif day.status in {DateStatus.PROMOTED, DateStatus.REJECTED, DateStatus.HELD}:
                self._report("backfill", f"{who} is {day.status} by no batch")

    def _check_opened_once(self, backfill: Backfill) -> None:
        """Check that a backfill opened one batch for each date, and none for a dropped or skipped date."""
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
                self._report("backfill", f"{backfill.backfill_id} has made {made[day.game_date]} batches of {day}")

    def _check_requests(self) -> None:
        known = {b.backfill_id for b in self.backfills}
        for asked in self._errands.backfills:
            if asked.accepted_as and asked.accepted_as not in known:
                self._report("P2", f"{asked.key} was answered with {asked.accepted_as}, which is not on record")
        if len(known) > len(self._errands.backfills):
            self._report("P5", f"{len(known)} backfills for {len(self._errands.backfills)} requests")

    def _check_audit(self) -> None:
        """Check that the audit has one entry for each order on a backfill (P7)."""
        found: Counter[tuple[str, str]] = Counter()
        for row in self._world.warehouse.audit():
            if row.entry.event.value == "backfill":
                found[str(row.entry.metadata["backfill_id"]), row.entry.status] += 1
        wanted = Counter((n, word) for n, words in self._world.watch.backfills.orders.items() for word in words)
        if found != wanted:
            self._report("P7", f"the audit has {dict(found)} of {dict(wanted)} orders on backfills")

    def _check_game(self, known: BdbGame) -> None:
        game = self._world.ledger.measured(known)
        who = f"{game.game_date} {game.game_id}"
        idle = not game.features or game.old_features or not game.fresh + game.stale
        if game.status in {BdbStatus.AVAILABLE, BdbStatus.REGENERATING} and not idle:
            self._report("BDB", f"{who} never ended: {game}")
        if game.status == BdbStatus.PENDING:
            self._report("BDB", f"{who} is pending, and its data has come")
        if game.status not in {*BdbStatus, STRANGE}:
            self._report("BDB", f"{who} has an unknown status: {game.status}")
        if game.status == BdbStatus.EXPIRED:
            alerts = [
                m.data["why"]
                for t, m in self._world.published
                if t == ALERT_TOPIC and m.data["type"] == AlertKind.BDB_OVERDUE and m.data["severity"] == "ERROR"
            ]
            if not any(game.game_id in why for why in alerts):
                self._report("BDB", f"{who} was given up without an alert")

    def _check_triggered_once(self) -> None:
        """Check that one regeneration is carried for each date and attempt, unless it names a new game."""
        carried = {number: b for b in self._batches if b.status is not Status.FAILED for number in b.trigger_ids}
        asked: set[tuple[str, str, int]] = set()
        for number, message in self._world.triggers.items():
            what = scan_request(message.data)
            if what is None or number not in carried:
                continue
            names = zip(what["games"], what["attempts"], strict=True)
            games = {(message.data["game_date"], game, attempt) for game, attempt in names}
            if games <= asked:
                self._report("BDB", f"{message.data} was carried before; again by {carried[number].batch_id}")
            asked |= games
