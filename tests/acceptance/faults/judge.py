"""The judge of every fault: nothing lost, nothing doubled, all told once, and nothing left lying about."""

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
"""What is only tidying may come after the end."""


@dataclass(frozen=True)
class Before:
    """A date before the fault: its current rows, and what it had seen."""

    rig: Rig
    day: str
    current: Mapping[Key, str]
    batches: frozenset[str]

    def ended(self, *statuses: str, seconds: float = HEALED_SECONDS) -> dict[str, str]:
        """All is well within the time that healing may take, and the new batches have ended in just these ways."""
        wait_until(lambda: set(self.new()) and self.rig.settled(self.day), seconds, f"the end of {self.day}")
        new = self.new()
        assert sorted(new.values()) == sorted(statuses), new
        self._predictions([name for name, status in new.items() if status == "promoted"])
        self._told(new)
        self._left(new)
        return new

    def new(self) -> dict[str, str]:
        """The status of each batch since then, by id."""
        return {name: status for name, status in self.rig.batches(self.day).items() if name not in self.batches}

    def _predictions(self, promoted: list[str]) -> None:
        rows = {row["prediction_id"]: row for row in self.rig.rows(_PREDICTIONS, self.day)}
        current = {key_of(row): name for name, row in rows.items() if row["is_current"]}
        assert len(current) == sum(row["is_current"] for row in rows.values()), "current rows with one key"
        assert current.keys() == self.current.keys(), "what was there before is there after"
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
        assert {made[name] for name in promoted} == {len(current)}, "each promotion made each row once"

    def _told(self, new: Mapping[str, str]) -> None:
        entries = Counter((row["batch_id"], row["event"]) for row in self.rig.rows(_AUDIT, self.day))
        for name, status in new.items():
            assert entries[name, "requested"] == 1, entries
            assert entries[name, status] == 1, entries
            others = {"promoted", "rejected", "failed", "cancelled"} - {status}
            assert not [entry for entry in entries if entry[0] == name and entry[1] in others], entries

    def _left(self, new: Mapping[str, str]) -> None:
        staging = self.rig.reader.names.dataset("nba_predictions_staging")
        theirs = tuple(name.replace("-", "_") for name in new)

        def none() -> bool:
            return not any(table.table_id.startswith(theirs) for table in self.rig.reader.client.list_tables(staging))

        wait_until(none, SWEPT_SECONDS, f"the end of the staging tables of {theirs}")


def invariants(rig: Rig, days: Iterable[str]) -> None:
    """What `regen verify` asks of the tables holds for all dates from the first to the last."""
    known = [date.fromisoformat(day) for day in days]
    ledger = BigQueryLedger(Jobs(rig.reader.client, "judge"), rig.reader.names)
    findings = ledger.verify(min(known), max(known), datetime.now(UTC), 90.0)
    assert [finding for finding in findings if not finding.holds] == []


def before(rig: Rig, day: str) -> Before:
    """The state of a date that has first predictions, or has them made."""
    if not rig.batches(day):
        rig.start([day])
    wait_until(lambda: rig.settled(day), HEALED_SECONDS, f"what went on before on {day}")
    current = {key_of(row): row["prediction_id"] for row in rig.rows(_PREDICTIONS, day) if row["is_current"]}
    assert current
    return Before(rig, day, current, frozenset(rig.batches(day)))


def key_of(row: Mapping[str, Any]) -> Key:
    """What there may be one current row of."""
    return row["game_id"], row["player_lookup"], row["system_id"], row["line"]
