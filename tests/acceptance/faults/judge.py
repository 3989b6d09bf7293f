"""The checks after every fault: no row lost or doubled, one audit entry for each act, no staging table left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from acceptance.faults.rig import HEALED_SECONDS, Rig
from regen.adapters.bigquery.jobs import Jobs
from regen.adapters.bigquery.ledger import BigQueryLedger
from support.polling import wait_until

_PREDICTIONS = """
SELECT prediction_id, batch_id, player_lookup, game_id, system_id, current_points_line AS line,
  superseded IS NULL OR superseded = FALSE AS is_current, superseded_by_batch_id, superseded_by_prediction_id
FROM {player_prop_predictions} WHERE game_date = @day
"""
_AUDIT = "SELECT batch_id, event, event_id FROM {prediction_regeneration_audit} WHERE game_date = @day"

Key = tuple[Any, ...]
SWEPT_SECONDS = 10.0
"""Staging tables may be dropped this long after a batch has ended."""


@dataclass(frozen=True)
class StateBefore:
    """The state of a date before a fault.

    Attributes:
        current: the id of the current prediction of each key.
        batches: the ids of the date's batches.
    """

    rig: Rig
    day: str
    current: Mapping[Key, str]
    batches: frozenset[str]

    def check_ended(self, *statuses: str, seconds: float = HEALED_SECONDS) -> dict[str, str]:
        """Wait for the end of all new batches; check their statuses, the date's rows and audit, and the staging tables."""
        wait_until(lambda: set(self.new_batches()) and self.rig.settled(self.day), seconds, f"the end of {self.day}")
        new = self.new_batches()
        assert sorted(new.values()) == sorted(statuses), new
        self._check_predictions([name for name, status in new.items() if status == "promoted"])
        self._check_audit(new)
        self._check_staging_dropped(new)
        return new

    def new_batches(self) -> dict[str, str]:
        """The status of each batch that was opened since, by id."""
        return {name: status for name, status in self.rig.batches(self.day).items() if name not in self.batches}

    def _check_predictions(self, promoted: list[str]) -> None:
        rows = {row["prediction_id"]: row for row in self.rig.rows(_PREDICTIONS, self.day)}
        current = {key_of(row): name for name, row in rows.items() if row["is_current"]}
        assert len(current) == sum(row["is_current"] for row in rows.values()), "two current rows have the same key"
        assert current.keys() == self.current.keys(), "the current keys have changed"
        if not promoted:
            assert current == self.current
            return
        for name in self.current.values():
            row = rows[name]
            assert not row["is_current"]
            assert row["superseded_by_batch_id"] in promoted
            assert key_of(rows[row["superseded_by_prediction_id"]]) == key_of(row)
        assert len({rows[name]["batch_id"] for name in current.values()}) == 1
        made = Counter(row["batch_id"] for row in rows.values())
        assert {made[name] for name in promoted} == {len(current)}, "each promotion must insert each row once"

    def _check_audit(self, new: Mapping[str, str]) -> None:
        entries = Counter((row["batch_id"], row["event"]) for row in self.rig.rows(_AUDIT, self.day))
        for name, status in new.items():
            assert entries[name, "requested"] == 1, entries
            assert entries[name, status] == 1, entries
            others = {"promoted", "rejected", "failed", "cancelled"} - {status}
            assert not [entry for entry in entries if entry[0] == name and entry[1] in others], entries

    def _check_staging_dropped(self, new: Mapping[str, str]) -> None:
        staging = self.rig.reader.names.dataset("nba_predictions_staging")
        theirs = tuple(name.replace("-", "_") for name in new)

        def none() -> bool:
            return not any(table.table_id.startswith(theirs) for table in self.rig.reader.client.list_tables(staging))

        wait_until(none, SWEPT_SECONDS, f"the end of the staging tables of {theirs}")


def check_invariants(rig: Rig, days: Iterable[str]) -> None:
    """Check the invariants of `regen verify` for all dates from the first to the last."""
    known = [date.fromisoformat(day) for day in days]
    ledger = BigQueryLedger(Jobs(rig.reader.client, "judge"), rig.reader.names)
    findings = ledger.verify(min(known), max(known), datetime.now(UTC), 90.0)
    assert [finding for finding in findings if not finding.holds] == []


def state_before(rig: Rig, day: str) -> StateBefore:
    """Record the state of a date, after making its first predictions if it has none."""
    if not rig.batches(day):
        rig.start([day])
    wait_until(lambda: rig.settled(day), HEALED_SECONDS, f"the end of earlier work on {day}")
    current = {key_of(row): row["prediction_id"] for row in rig.rows(_PREDICTIONS, day) if row["is_current"]}
    assert current
    return StateBefore(rig, day, current, frozenset(rig.batches(day)))


def key_of(row: Mapping[str, Any]) -> Key:
    """The key of a row: each key has at most one current row."""
    return row["game_id"], row["player_lookup"], row["system_id"], row["line"]
