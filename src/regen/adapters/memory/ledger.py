"""The port `Ledger` over the warehouse in memory, for tests of backfills, the BDB watch and grading."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from regen.adapters.memory.grading import graded, graded_challengers
from regen.adapters.memory.news import standings
from regen.adapters.memory.quality import game_sums, quality_row
from regen.adapters.memory.sources import source_days
from regen.adapters.memory.tables import CHALLENGERS
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.adapters.memory.zones import zone_drifts
from regen.domain.audit import AuditEvent
from regen.domain.backfill import DateSurvey
from regen.domain.bdb import MEANS, OPEN, BdbChange, BdbGame, BdbStatus
from regen.domain.grading import Graded
from regen.domain.invariants import Finding
from regen.domain.news import Standing
from regen.domain.promotion import MovedPrediction
from regen.domain.quality import GameSums, Quality
from regen.domain.recorded import Done
from regen.domain.slate import POSTPONED, exclusion, is_told_apart
from regen.domain.sources import SourceDay
from regen.domain.values import replace
from regen.domain.zones import ZoneDrift
from regen.settings import number

ACTS = frozenset({AuditEvent.PROMOTED, AuditEvent.ROLLED_BACK})


class MemoryLedger:
    """A ledger in memory. Slates and predictions are the warehouse's; a test provides the games.

    Attributes:
        findings: the result of `verify`.
        graded: the ranges passed to `grade`.
        scores: rows of `player_game_summary`.
        grades: rows of `prediction_accuracy`, by prediction.
        figures: rows of `prediction_quality`, by the last date of their windows.
        inputs: rows of the input tables, by table, for `sources`.
    """

    def __init__(self, warehouse: MemoryWarehouse, min_minutes: float = number("REGEN_MIN_MINUTES")) -> None:
        self._warehouse = warehouse
        self._min_minutes = min_minutes
        self.games: dict[tuple[date, str], BdbGame] = {}
        self.notes: dict[tuple[date, str], str | None] = {}
        self.findings: list[Finding] = []
        self.graded: list[tuple[date, date]] = []
        self.scores: list[dict[str, Any]] = []
        self.grades: dict[str, dict[str, Any]] = {}
        self.figures: dict[date, list[dict[str, Any]]] = {}
        self.inputs: dict[str, list[dict[str, Any]]] = {}

    def survey(self, first: date, last: date) -> list[DateSurvey]:
        """See the port."""
        found = []
        runs: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for run in sorted(self._warehouse.runs(), key=lambda run: str(run["run_date"])):
            runs[str(run["game_date"])].append(run)
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            entries = self._warehouse.read_slate(day).entries
            if entries:
                current = {row.player_lookup for row in self._warehouse.current_predictions(day)}
                expected = {e.player_lookup for e in entries if not exclusion(e, self._min_minutes)}
                expected -= self._left_out(day, runs[day.isoformat()]) - current
                missing = tuple(sorted(expected - current))
                found.append(DateSurvey(day, len(entries), len(expected), len(expected & current), missing))
        return found

    def _left_out(self, day: date, runs: Sequence[Mapping[str, Any]]) -> set[str]:
        """Players who leave the denominator while they have no current row: skipped lately, or withdrawn as postponed."""
        newest = {run["player_lookup"]: run.get("skip_reason") for run in runs}
        skipped = {player for player, reason in newest.items() if reason in {"out", "no_history"}}
        rows = self._warehouse.predictions(day)
        return skipped | {row["player_lookup"] for row in rows if row.get("superseded_reason") == POSTPONED}

    def moves(self, game_date: date, batch_id: str) -> list[MovedPrediction]:
        """See the port."""
        rows = self._warehouse.predictions(game_date)
        made = {row["prediction_id"]: row for row in rows}
        found = []
        for old in rows:
            if old.get("superseded_by_batch_id") == batch_id:
                new = made.get(old.get("superseded_by_prediction_id"), {})
                points = new.get("predicted_points")
                found.append(
                    MovedPrediction(
                        player_lookup=old["player_lookup"],
                        system_id=old["system_id"],
                        old_line=old["current_points_line"],
                        new_line=new.get("current_points_line"),
                        old_points=float(old["predicted_points"]),
                        new_points=None if points is None else float(points),
                        old_recommendation=old["recommendation"],
                        new_recommendation=new.get("recommendation"),
                        old_tier=old["data_source_tier"],
                        new_tier=new.get("data_source_tier"),
                        reason=old["superseded_reason"],
                        old_batch_id=old.get("batch_id"),
                    )
                )
        return sorted(found, key=lambda m: (m.player_lookup, m.system_id, m.old_line is not None, m.old_line or 0.0))

    def bdb_games(self, since: date) -> list[BdbGame]:
        """See the port."""
        ended = set(BdbStatus) - OPEN
        found = [
            replace(game, status=MEANS.get(game.status, game.status))
            for _, game in sorted(self.games.items())
            if game.status not in MEANS or game.game_date >= since
        ]
        return [game for game in found if game.status not in ended]

    def zone_drifts(self, first: date, last: date) -> list[ZoneDrift]:
        """See the port."""
        found: list[ZoneDrift] = []
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            found += zone_drifts(day, self._warehouse.read_slate(day).entries, self._warehouse.predictions(day))
        return found

    def change_bdb(self, changes: Sequence[BdbChange]) -> None:
        """See the port."""
        for change in changes:
            key = change.game_date, change.game_id
            game = self.games[key]
            if (MEANS.get(game.status, game.status), game.attempts) != (change.was, change.attempts_were):
                continue
            same = (change.status, change.attempts) == (change.was, change.attempts_were)
            self.notes[key] = change.notes or self.notes.get(key)
            self.games[key] = replace(
                game,
                status=game.status if change.status == change.was else change.status.value,
                attempts=change.attempts,
                checks=change.checks,
                last_checked_at=change.at,
                updated_at=game.updated_at if same else change.at,
            )

    def standings(self, first: date, last: date, at: datetime) -> list[Standing]:
        """See the port."""
        found: list[Standing] = []
        runs = self._warehouse.runs()
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            asked = {run["player_lookup"] for run in runs if str(run["game_date"]) == day.isoformat()}
            entries = [e for e in self._warehouse.read_slate(day).entries if is_told_apart(e)]
            found += standings(day, entries, self._warehouse.predictions(day), asked, at)
        return found

    def verify(self, first: date, last: date, now: datetime, threshold: float) -> list[Finding]:
        """The findings of `looked` alone."""
        return self.looked(first, last, now, threshold)[0]

    def looked(self, first: date, last: date, now: datetime, threshold: float) -> tuple[list[Finding], frozenset[Done]]:
        """See the port."""
        return list(self.findings), self.acts(first, last)

    def acts(self, first: date, last: date) -> frozenset[Done]:
        """See the port."""
        entries = [row.entry for row in self._warehouse.audit()]
        return frozenset(
            Done(e.batch_id, e.round, e.event)
            for e in entries
            if e.event in ACTS and e.batch_id and e.round and e.game_date and first <= e.game_date <= last
        )

    def changed_dates(self, since: datetime) -> list[date]:
        """See the port."""
        found = {r.entry.game_date for r in self._warehouse.audit() if r.entry.event in ACTS and r.entry.at >= since}
        return sorted(day for day in found if day)

    def sources(self, first: date, last: date) -> list[SourceDay]:
        """See the port."""
        return source_days(self.inputs, first, last)

    def grade(self, first: date, last: date, at: datetime) -> list[Graded]:
        """See the port."""
        self.graded.append((first, last))
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        rows = [row for day in days for row in self._warehouse.predictions(day)]
        scores = [score for score in self.scores if first <= score["game_date"] <= last]
        mine = {name: grade for name, grade in self.grades.items() if first <= grade["game_date"] <= last}
        made, dates = graded(rows, scores, mine, at)
        self.grades |= made
        return dates

    def grade_challengers(self, first: date, last: date, at: datetime) -> None:
        """See the port."""
        scores = [score for score in self.scores if first <= score["game_date"] <= last]
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            rows = graded_challengers(self._warehouse.challengers(day), scores, at)
            self._warehouse.tables.put(CHALLENGERS, day, tuple(rows))

    def quality(self, first: date, last: date) -> list[GameSums]:
        """See the port."""
        return game_sums(grade for grade in self.grades.values() if first <= grade["game_date"] <= last)

    def keep_quality(self, as_of: date, found: Sequence[Quality], at: datetime) -> None:
        """See the port."""
        if any(row["measured_at"] > at for row in self.figures.get(as_of, ())):
            return
        self.figures[as_of] = [quality_row(one, at) for one in found]
