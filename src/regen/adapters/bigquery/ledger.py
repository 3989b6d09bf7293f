"""The port `Ledger` in BigQuery: dates, games and grades across batches, read and written with few statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from google.cloud import bigquery

from regen.adapters.bigquery.columns import Columns
from regen.adapters.bigquery.converting import source_day, zone_drift
from regen.adapters.bigquery.errors import translated
from regen.adapters.bigquery.jobs import Jobs
from regen.adapters.bigquery.looking import done, looked
from regen.adapters.bigquery.params import figures, scalars
from regen.domain.backfill import DateSurvey
from regen.domain.bdb import BdbChange, BdbGame, BdbStatus
from regen.domain.grading import Graded
from regen.domain.invariants import Finding
from regen.domain.news import Standing
from regen.domain.promotion import MovedPrediction, StagingTable
from regen.domain.quality import GameSums, Quality
from regen.domain.recorded import Done
from regen.domain.sources import SourceDay
from regen.domain.zones import ZoneDrift
from regen.sql import Names, render
from regen.sql.lists import lists

_CHANGE = {
    "game_date": "DATE",
    "game_id": "STRING",
    "was": "STRING",
    "attempts_were": "INT64",
    "status": "STRING",
    "attempts": "INT64",
    "checks": "INT64",
    "at": "TIMESTAMP",
    "notes": "STRING",
}


class BigQueryLedger:
    """The ledger of one project."""

    def __init__(self, jobs: Jobs, names: Names) -> None:
        self._jobs = jobs
        self._names = names
        self._columns = Columns(jobs.columns_of, names)

    def survey(self, first: date, last: date) -> list[DateSurvey]:
        """See the port."""
        return [
            DateSurvey(
                row["game_date"],
                row["rostered_players"],
                row["expected_players"],
                row["players_with_predictions"],
                tuple(sorted(row["missing_players"] or ())),
            )
            for row in self._rows("backfill_dates", first=first, last=last)
        ]

    def moves(self, game_date: date, batch_id: str) -> list[MovedPrediction]:
        """See the port."""
        names = [name for name in MovedPrediction.__struct_fields__ if name != "changed_inputs"]
        rows = self._rows("diff", first=game_date, last=game_date, batches=batch_id)
        return [MovedPrediction(**{name: row[name] for name in names}) for row in rows]

    def bdb_games(self, since: date) -> list[BdbGame]:
        """See the port."""
        waiting = self._rows("bdb_pending", since=since)
        if not waiting:
            return []
        first, last = waiting[0]["game_date"], waiting[-1]["game_date"]
        states = {(s["game_date"], s["game_id"]): s for s in self._rows("bdb_state", first=first, last=last)}
        return [_game(row, states.get((row["game_date"], row["game_id"]), {})) for row in waiting]

    def zone_drifts(self, first: date, last: date) -> list[ZoneDrift]:
        """See the port."""
        values = scalars({"first": first, "last": last})

        def query(columns: tuple[tuple[str, str], ...]) -> Any:  # noqa: ANN401
            return self._jobs.query(render("zone_drift", self._names, lists=columns), values)

        with translated():
            return [zone_drift(row) for row in self._columns.tolerating(query)]

    def change_bdb(self, changes: Sequence[BdbChange]) -> None:
        """See the port."""
        if not changes:
            return
        structs = [
            bigquery.StructQueryParameter(
                None,
                *(
                    bigquery.ScalarQueryParameter(name, kind, _plain(getattr(c, name)))
                    for name, kind in _CHANGE.items()
                ),
            )
            for c in changes
        ]
        span = {"first": min(c.game_date for c in changes), "last": max(c.game_date for c in changes)}
        parameters = [*scalars(span), bigquery.ArrayQueryParameter("changes", "STRUCT", structs)]
        self._jobs.query(render("bdb_change", self._names), parameters)

    def standings(self, first: date, last: date, at: datetime) -> list[Standing]:
        """See the port."""
        values = scalars({"first": first, "last": last, "at": at})

        def query(columns: tuple[tuple[str, str], ...]) -> Any:  # noqa: ANN401
            return self._jobs.query(render("news", self._names, lists=columns), values)

        with translated():
            return [_standing(row) for row in self._columns.tolerating(query)]

    def verify(self, first: date, last: date, now: datetime, threshold: float) -> list[Finding]:
        """The findings of `looked` alone."""
        return self.looked(first, last, now, threshold)[0]

    def looked(self, first: date, last: date, now: datetime, threshold: float) -> tuple[list[Finding], frozenset[Done]]:
        """See the port."""
        seen = looked(self._rows, self._staging_tables, first, last, now, threshold)
        return seen.findings, seen.acts

    def acts(self, first: date, last: date) -> frozenset[Done]:
        """See the port."""
        rows = self._rows("acts", first=first, last=last)
        with translated():
            return frozenset(done(row["act"]) for row in rows)

    def changed_dates(self, since: datetime) -> list[date]:
        """See the port."""
        return [row["game_date"] for row in self._rows("grade_due", since=since)]

    def sources(self, first: date, last: date) -> list[SourceDay]:
        """See the port."""
        return [source_day(row) for row in self._rows("sources", first=first, last=last)]

    def grade(self, first: date, last: date, at: datetime) -> list[Graded]:
        """See the port. BigQuery cancels one of two concurrent runs, and that one is run again."""
        rows = self._jobs.alone(render("grade", self._names), scalars({"first": first, "last": last, "at": at}))
        with translated():
            return [
                Graded(
                    row["game_date"], row["gradable"], row["graded"], row["voided"], row["superseded"],
                    None if row["mae"] is None else round(float(row["mae"]), 4), tuple(sorted(row["waiting"] or ())),
                )
                for row in rows
            ]  # fmt: skip

    def grade_challengers(self, first: date, last: date, at: datetime) -> None:
        """See the port. BigQuery runs one of two concurrent statements after the other, which then changes nothing."""
        self._jobs.query(render("grade_challengers", self._names), scalars({"first": first, "last": last, "at": at}))

    def quality(self, first: date, last: date) -> list[GameSums]:
        """See the port."""
        names = GameSums.__struct_fields__
        return [GameSums(*(row[name] for name in names)) for row in self._rows("quality", first=first, last=last)]

    def keep_quality(self, as_of: date, found: Sequence[Quality], at: datetime) -> None:
        """See the port. BigQuery cancels one of two concurrent runs, and that one is run again."""
        text = render("keep_quality", self._names, lists=lists(counted=False))
        self._jobs.alone(text, [*scalars({"as_of": as_of, "at": at}), figures([one.row() for one in found])])

    def _rows(self, name: str, /, **values: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401
        rows = self._jobs.query(render(name, self._names), scalars(values))
        with translated():
            return list(rows)

    def _staging_tables(self) -> list[StagingTable]:
        return self._jobs.staging_tables(self._names.staging_dataset)


def _game(row: Mapping[str, Any], state: Mapping[str, Any]) -> BdbGame:
    return BdbGame(
        game_date=row["game_date"],
        game_id=row["game_id"],
        status=row["status"],
        home=row["home_team"],
        away=row["away_team"],
        tip_off=row["game_start_time"],
        checks=row["bdb_check_count"] or 0,
        last_checked_at=row["last_bdb_check_at"],
        available_at=row["bdb_available_at"],
        attempts=row["attempts"] or 0,
        updated_at=row["updated_at"],
        features=state.get("features", 0),
        old_features=state.get("old_features", 0),
        fresh=state.get("fresh", 0),
        stale=state.get("stale", 0),
        promoted_at=state.get("promoted_at"),
    )


def _standing(row: Mapping[str, Any]) -> Standing:
    return Standing(
        game_date=row["game_date"],
        game_id=row["game_id"],
        team=row["team_abbr"] or "",
        player_lookup=row["player_lookup"],
        tip_off=row["tip_off"],
        status=row["status"],
        called_off=row["called_off"],
        avg_minutes=None if row["avg_minutes"] is None else float(row["avg_minutes"]),
        has_line=row["has_line"],
        predicted=row["predicted"],
        rested_status=row["rested_status"],
        withdrawn=row["withdrawn"],
        requested=row["requested"],
        line_was=row["line_was"],
        line_now=row["line_now"],
        changed_at=row["changed_at"],
    )


def _plain(value: Any) -> Any:  # noqa: ANN401
    return str(value) if isinstance(value, BdbStatus) else value
