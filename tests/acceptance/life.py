"""The steps of a date's and a backfill's life, as an operator types them. Each step checks its own effect."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from acceptance.conftest import REGEN, Local, clean_environment
from regen.domain.invariants import INVARIANTS
from support.polling import wait_until

TRIGGER_TOPIC = "nba-prediction-trigger"


@dataclass(frozen=True)
class Life:
    """A local stack and the folder whose data it imports.

    Attributes:
        folder: the CSV files that `import_files` imports.
        patience: seconds that a range of dates may take.
    """

    local: Local
    folder: Path
    patience: float = 120.0

    def regen(self, *arguments: str, code: int = 0) -> Any:
        """Run a command; return its JSON output."""
        return self.local.regen(*arguments, "--json", code=code, timeout=self.patience).data

    def verify(self, first: str, last: str | None = None) -> None:
        """Check that `regen verify` measured every invariant of these dates and that each holds."""
        answer = self.regen("verify", first, last or first)
        assert answer["holds"]
        assert {row["name"] for row in answer["invariants"]} == set(INVARIANTS)

    def import_files(self, first: str, last: str, *how: str) -> None:
        """Import the rows of these dates into the input tables."""
        self.local.regen("import", str(self.folder), "--from", first, "--to", last, *how, timeout=self.patience)

    def batches(self, day: str, reason: str) -> list[dict[str, Any]]:
        """The date's batches that have this reason, newest first."""
        return [b.record for b in self.local.coordinator.batches(day) if b.value.reason == reason]

    # one date

    def live_through(self, day: str) -> None:
        """Take a date from its import to the redrive of a rejected batch, and grade it."""
        self.start(day)
        first = self.local.current(day)
        late = self.regenerate_on_late_data(day)
        assert self.regen("diff", late)["replaced"] == len(first)

        better = self.local.current(day)
        again = self.regenerate_by_trigger(day, "pubsub_test")
        moved = self.regen("diff", day)
        assert (moved["batch_id"], moved["replaced"], moved["withdrawn"]) == (again, len(better), 0)
        self.verify(day)

        self.regen("rollback", again, "--yes", "--wait")
        assert sorted(self.local.current(day).values()) == sorted(better.values())
        self.verify(day)

        self.redrive_with_good_data(day, self.regenerate_damaged(day, "--fail-share", "0.5"))
        self.verify(day)
        (graded,) = self.regen("grade", day)["dates"]
        assert graded["graded"] == graded["gradable"] == len(self.local.current(day))
        assert graded["mae"] > 0

    def start(self, day: str) -> None:
        """Make the first predictions of a date, before its late data arrives."""
        self.import_files(day, day)
        opened = self.regen("start", day, "--wait")
        assert opened["counts"]["requested"] == len(self.regen("slate", day))
        assert opened["counts"]["superseded"] == 0

    def regenerate_on_late_data(self, day: str) -> str:
        """Import late data: the scan regenerates the date, and completes its games once the batch is promoted.

        Returns:
            The id of the batch that the scan opened.
        """
        assert {game["status"] for game in self.regen("bdb", "list", "--date", day)} == {"pending_bdb"}
        self.import_files(day, day, "--zones-arrive")
        assert {game["status"] for game in self.regen("bdb", "list", "--date", day)} == {"bdb_available"}
        before = self.local.current(day)
        assert day in self.regen("bdb", "scan", "--dry-run")["triggered"]
        assert not self.batches(day, "bdb_upgrade")
        assert day in self.regen("bdb", "scan")["triggered"]
        wait_until(lambda: self.batches(day, "bdb_upgrade"), 60, "the batch that the scan triggers")
        self.local.regen("wait", "--date", day, "--timeout", "100")
        (made,) = self.batches(day, "bdb_upgrade")
        assert made["status"] == "promoted"
        assert day not in self.regen("bdb", "scan")["triggered"]
        assert {game["status"] for game in self.regen("bdb", "list", "--date", day)} == {"completed"}
        assert not set(self.local.current(day)) & set(before)
        return str(made["batch_id"])

    def regenerate_by_trigger(self, day: str, reason: str) -> str:
        """Regenerate a date by a Pub/Sub message, as upstream does; without the emulator, by the command.

        Returns:
            The id of the promoted batch.
        """
        if "PUBSUB_EMULATOR_HOST" in self.local.env:
            self._publish({"game_date": day, "reason": reason, "mode": "regenerate_with_supersede"})
        else:
            self.local.regen("regenerate", day, "--reason", reason)
        wait_until(lambda: self.batches(day, reason), 60, "the triggered batch")
        self.local.regen("wait", "--date", day, "--timeout", "100")
        (made,) = self.batches(day, reason)
        assert made["status"] == "promoted"
        return str(made["batch_id"])

    def _publish(self, message: dict[str, Any]) -> None:
        from google.cloud import pubsub_v1  # noqa: PLC0415

        with patch.dict(os.environ, self.local.env):
            publisher = pubsub_v1.PublisherClient()
        topic = publisher.topic_path(self.local.env["PROJECT_ID"], TRIGGER_TOPIC)
        publisher.publish(topic, json.dumps(message).encode()).result(timeout=10)

    def regenerate_damaged(self, day: str, *damage: str) -> str:
        """Regenerate a date on damaged data; check that the batch is rejected and no current row changes.

        Returns:
            The id of the rejected batch.
        """
        before = self.local.current(day)
        self.import_files(day, day, "--zones-arrive", *damage)
        view = self.regen("regenerate", day, "--reason", "damaged", "--wait", code=1)
        assert view["status"] == "rejected"
        assert self.local.current(day) == before
        return str(view["batch_id"])

    def redrive_with_good_data(self, day: str, batch: str) -> None:
        """Import good data and redrive the batch, whose second round predicts the missing players."""
        self.import_files(day, day, "--zones-arrive")
        view = self.regen("redrive", batch, "--yes", "--wait")
        assert (view["status"], view["round"], view["counts"]["failed"]) == ("promoted", 2, 0)

    # a range of dates

    def begin_backfill(self, first: str, last: str, reason: str, *options: str) -> RunningBackfill:
        """Start `regen backfill` in a separate process; return when it has printed the backfill's id."""
        stderr = self.local.home / f"{reason}.err"
        with stderr.open("w") as sink:
            process = subprocess.Popen(
                [REGEN, "backfill", first, last, "--reason", reason, "--yes", *options],
                env=clean_environment(self.local.home),
                stdout=subprocess.DEVNULL,
                stderr=sink,
            )
        backfill = RunningBackfill(self, process, stderr)
        wait_until(lambda: backfill.backfill_id or process.poll() is not None, 60, "the backfill's id")
        assert backfill.backfill_id, stderr.read_text()
        return backfill

    def check_dates(self, answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Check a backfill's final figures against the warehouse.

        Returns:
            The backfill's dates by `game_date`.
        """
        dates = {day["game_date"]: day for day in answer["dates"]}
        covered = {row["game_date"]: row for row in self.regen("coverage", answer["from"], answer["to"])}
        for day, row in dates.items():
            if row["status"] == "no_slate":
                assert day not in covered
                continue
            seen = covered[day]
            assert row["requested_players"] == seen["expected_players"] + seen["skipped_players"]
            assert row["produced"] == seen["players_with_predictions"]
            assert row["inserted"] == len(self.local.current(day)) > 0
            assert row["mae_after"] > 0
        return dates

    def check_report(self, answer: dict[str, Any], page: Path) -> None:
        """Check that the report of a backfill lists all its dates and names those without a slate."""
        self.local.regen("report", answer["backfill_id"], "-o", str(page), timeout=self.patience)
        written = page.read_text()
        assert answer["backfill_id"] in written
        assert "<th scope=row>zone_matchup_v1</th>" in written, "accuracy before and after, system by system"
        for row in answer["dates"]:
            day = row["game_date"]
            assert f"{day}: no slate" in written if row["status"] == "no_slate" else day[5:] in written


@dataclass(frozen=True)
class RunningBackfill:
    """A running `regen backfill`.

    Attributes:
        stderr: the file with what the command printed there.
    """

    life: Life
    process: subprocess.Popen[bytes]
    stderr: Path

    @property
    def backfill_id(self) -> str:
        """The backfill's id; empty until the command has printed it."""
        lines = [line for line in self.stderr.read_text().splitlines() if line.startswith("backfill_")]
        return lines[0].partition(":")[0] if lines else ""

    def view(self) -> dict[str, Any]:
        """The backfill as the coordinator shows it."""
        return self.life.local.coordinator.get(f"/backfills/{self.backfill_id}")

    def count(self, status: str) -> int:
        """The number of its dates that have this status."""
        return int(self.view()["counts"].get(status, 0))

    def kill_after_first_promotion(self) -> None:
        """Kill the command after the first promotion, as closing its terminal would."""
        wait_until(lambda: self.count("promoted"), self.life.patience, "the first date's promotion")
        assert self.view()["status"] == "running"
        self.process.kill()
        assert self.process.wait() == -signal.SIGKILL

    def resume(self, code: int = 0) -> Any:
        """Run `regen backfill --resume` to the backfill's end; return its JSON output."""
        return self.life.regen("backfill", "--resume", self.backfill_id, code=code)
