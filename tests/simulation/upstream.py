"""Late data: games that wait for it, its arrival, and a ledger that measures which predictions use it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from regen.adapters.memory.ledger import MemoryLedger
from regen.adapters.memory.promoting import Row
from regen.adapters.memory.statements import locked
from regen.adapters.memory.tables import GRADES, Steps
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.domain.bdb import MAX_ATTEMPTS, BdbChange, BdbGame, BdbStatus, pause_after
from regen.domain.grading import Graded
from regen.domain.inputs import PlayerInputs
from regen.domain.quality import GameSums
from regen.domain.values import replace
from simulation.rows import current
from support.league import DAY

Key = tuple[date, str]
SCORED, ALIKE = 14, 100
"""What everybody has scored, and for how many predictions like it a graded one stands: two hundred make a figure count."""


@dataclass(frozen=True)
class ScanRecord:
    """A status and attempt that a scan wrote."""

    at: datetime
    status: str
    attempts: int


class Upstream(MemoryLedger):
    """The ledger of a simulated world.

    Attributes:
        marks: the records of scans, by game.
        report: called with each invalid write of a scan.
        on_record: returns whether a trigger for the game and the attempt was written to the outbox.
    """

    def __init__(self, warehouse: MemoryWarehouse, now: Callable[[], datetime]) -> None:
        super().__init__(warehouse)
        self._now = now
        self._proven: set[Key] = set()
        self.marks: dict[Key, list[ScanRecord]] = {}
        self.report: Callable[[str, str], None] = lambda *_: None
        self.on_record: Callable[[Key, int], bool] = lambda *_: True

    # what upstream does

    def expect(self, day: date, game: str, status: str = BdbStatus.PENDING, **more: Any) -> None:
        """Add a game that waits for late data."""
        self.games[day, game] = BdbGame(day, game, status, updated_at=self._now(), **more)
        self.marks[day, game] = []

    def arrive(self, key: Key) -> None:
        """Deliver the late data of a game."""
        game = self.games[key]
        if game.status == BdbStatus.PENDING:
            now = self._now()
            self.games[key] = replace(game, status=BdbStatus.AVAILABLE.value, available_at=now, updated_at=now)

    # the port

    def bdb_games(self, since: date) -> list[BdbGame]:
        """See the port; measure each game now."""
        games = [self.measured(game) for game in super().bdb_games(since)]
        self._proven |= {(g.game_date, g.game_id) for g in games if _predictions_are_fresh(g)}
        return games

    def change_bdb(self, changes: Sequence[BdbChange]) -> None:
        """See the port; check every change."""
        before = dict(self.games)
        super().change_bdb(changes)
        for change in changes:
            key = change.game_date, change.game_id
            old, new = before[key], self.games[key]
            if (old.status, old.attempts) != (new.status, new.attempts):
                self._check_move(key, old, new)

    def grade_steps(self, first: date, last: date, at: datetime) -> Steps[list[Graded]]:
        """Run `grade.sql` as far as it may double or lose grades: grade each current prediction once, under a lock."""
        work = yield from locked(self._warehouse.tables, "grades")
        try:
            for row in self.gradable(first, last):
                if not work.of(GRADES, row["prediction_id"]):
                    work.insert(GRADES, row["prediction_id"], [at])
            yield
            work.commit()
        finally:
            work.end()
        dates = Counter(self._day(row) for row in self.gradable(first, last))
        return [Graded(day, rows, rows, 0, 0, None) for day, rows in sorted(dates.items())]

    def gradable(self, first: date, last: date) -> list[Row]:
        """The current predictions of past dates."""
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return [row for day in days if day < DAY for row in self._warehouse.predictions(day) if current(row)]

    def quality(self, first: date, last: date) -> list[GameSums]:
        """See the port: what the graded current predictions came to, each as a game of its own."""
        grades = self._warehouse.tables.rows[GRADES]
        found = [row for row in self.gradable(first, last) if grades.get(row["prediction_id"])]
        return [_sums(self._day(row), row) for row in found]

    def _day(self, row: Row) -> date:
        day = row["game_date"]
        return day if isinstance(day, date) else date.fromisoformat(day)

    def measured(self, game: BdbGame) -> BdbGame:
        """The game with counts of its features and of its predictions that use them."""
        made: dict[str, list[Any]] = {}
        for row in self._warehouse.predictions(game.game_date):
            if current(row) and row["game_id"] == game.game_id:
                made.setdefault(row["player_lookup"], []).append(row)
        rows = self.features(game)
        resting = [_rows_are_fresh(made[r.player_lookup], r) for r in rows if r.player_lookup in made]
        since = game.available_at
        return replace(
            game,
            features=len(rows),
            old_features=sum(since is not None and (r.features_built_at or since) < since for r in rows),
            fresh=sum(resting),
            stale=len(resting) - sum(resting),
            promoted_at=max(
                (row["created_at"] for r in rows for row in made.get(r.player_lookup, ())),
                default=None,
            ),
        )

    def features(self, game: BdbGame) -> list[PlayerInputs]:
        """The feature rows of a game's players."""
        entries = self._warehouse.read_slate(game.game_date).entries
        return [e.inputs for e in entries if e.inputs is not None and e.inputs.game_id == game.game_id]

    def _check_move(self, key: Key, old: BdbGame, new: BdbGame) -> None:
        who, marks = f"{key[0]} {key[1]}", self.marks[key]
        match new.status:
            case BdbStatus.COMPLETED if old.status != BdbStatus.PENDING:
                if key not in self._proven and not _predictions_are_fresh(self.measured(new)):
                    self.report("BDB", f"{who} is completed, and no promotion uses its data")
            case BdbStatus.REGENERATING:
                if new.attempts != old.attempts + 1 or new.attempts > MAX_ATTEMPTS:
                    self.report("BDB", f"{who} went from attempt {old.attempts} to {new.attempts}")
                if not self.on_record(key, new.attempts):
                    self.report("BDB", f"{who} is {new.status}, and no trigger of attempt {new.attempts} is on record")
                if marks and (new.updated_at or marks[-1].at) - marks[-1].at < pause_after(old.attempts) * 0.98:
                    self.report("BDB", f"{who}: attempt {new.attempts} is too soon after {marks[-1].at}")
            case BdbStatus.EXPIRED if old.status != BdbStatus.PENDING:
                if old.attempts < MAX_ATTEMPTS:
                    self.report("BDB", f"{who} is given up after {old.attempts} attempts")
            case _:
                self.report("BDB", f"{who} went from {old.status} to {new.status}")
        marks.append(ScanRecord(new.updated_at or self._now(), new.status, new.attempts))
        self._proven.discard(key)


def scan_request(data: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The games and attempts of a scan's trigger; None for any other message."""
    metadata = (data or {}).get("metadata")
    return metadata if isinstance(metadata, dict) and metadata.get("source") == "bdb_scan" else None


def news_request(data: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What a trigger of the news watch is about; None for any other message."""
    metadata = (data or {}).get("metadata")
    return metadata if isinstance(metadata, dict) and metadata.get("source") == "news_scan" else None


def _predictions_are_fresh(game: BdbGame) -> bool:
    return bool(game.features) and not game.old_features and game.fresh > 0 and game.fresh >= game.stale


def _rows_are_fresh(rows: Sequence[Any], source: PlayerInputs) -> bool:
    """Return whether all current rows of a player use the newest features, by the rule of the statement."""
    for row in rows:
        known = row.get("feature_version_hash")
        if known is None and source.features_built_at is not None and row["created_at"] < source.features_built_at:
            return False
        if known is not None and known != source.feature_hash:
            return False
    return True


def _sums(day: date, row: Row) -> GameSums:
    points = float(row["predicted_points"])
    overs = ALIKE if points > SCORED else 0
    return GameSums(
        game_date=day, game_id=row["prediction_id"], system_id=row["system_id"], graded=ALIKE, retrospective=0,
        mae=ALIKE * abs(points - SCORED), bias=ALIKE * (points - SCORED), lined=ALIKE, sided=ALIKE, overs=overs,
        decided=ALIKE, hits=overs, forecasts=0, expected_overs=0.0, actual_overs=0,
    )  # fmt: skip
