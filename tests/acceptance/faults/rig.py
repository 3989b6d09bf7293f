"""The stack with its fronts: how a fault test acts on it, and what the test reads behind the functions."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import cycle
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psutil

from acceptance.faults.front import BigQueryFront
from acceptance.faults.wire import WireFront
from regen.client.coordinator import Coordinator
from regen.client.reader import Reader
from regen.client.waiting import ENDED
from regen.local.plan import Options
from regen.local.provision import Redelivery
from regen.local.stack import Stack
from support.polling import wait_until

REPEATS = int(os.environ.get("REPEATS", "3"))
"""How often a long test repeats a fault; set it by `make test-long REPEATS=10`."""
LEASE_SECONDS = 4.0
SWEEP_SECONDS = 1.0
ACK_SECONDS = 10
#: The longest a verification takes on a busy machine.
VERIFICATION_SECONDS = 20.0
HEALED_SECONDS = LEASE_SECONDS + 2 * SWEEP_SECONDS + VERIFICATION_SECONDS
DAYS = tuple(f"2026-01-{day:02}" for day in range(3, 13))
VARIABLES = {
    "REGEN_LEASE_SECONDS": f"{LEASE_SECONDS:g}",
    "REGEN_PLAYERS_PER_REQUEST": "5",
    "REGEN_REPUBLISH_AFTER_SECONDS": "120",
}


class Rig:
    """A stack whose functions reach the emulators through fronts."""

    def __init__(self, folder: Path) -> None:
        self.bigquery, self.firestore, self.pubsub = BigQueryFront(), WireFront(), WireFront()
        self._fronts: tuple[BigQueryFront | WireFront, ...] = (self.bigquery, self.firestore, self.pubsub)
        options = Options(
            home=folder / "local",
            packages=folder,
            processes={"coordinator": 2, "worker": 2, "verifier": 2},
            fronts={
                "bigquery": self.bigquery.host,
                "firestore": self.firestore.host,
                "pubsub": self.pubsub.host,
            },
            variables=VARIABLES,
            redelivery=Redelivery(ack_deadline=ACK_SECONDS),
            schedules={"regen-sweep": SWEEP_SECONDS},
        )
        self.stack = Stack(options)
        self.bigquery.upstream = self.stack.urls["bigquery"].removeprefix("http://")
        self.firestore.upstream = self.stack.env["FIRESTORE_EMULATOR_HOST"]
        self.pubsub.upstream = self.stack.env["PUBSUB_EMULATOR_HOST"]
        self.pool = ThreadPoolExecutor(32)
        self._days = cycle(DAYS)

    @contextmanager
    def running(self) -> Iterator[Rig]:
        """Run the stack; at the end drop all held calls and stop everything."""
        try:
            with self.stack:
                yield self
        finally:
            for front in self._fronts:
                front.close()
            self.pool.shutdown(wait=False, cancel_futures=True)

    # what an operator does

    @property
    def coordinator(self) -> Coordinator:
        """A client of the coordinator, which retries keyed requests."""
        return Coordinator(self.stack.env["COORDINATOR_URL"], self.stack.env["API_KEY"])

    def days(self, number: int) -> list[str]:
        """Take the next dates, and make their first predictions if they have none. Dates are reused in turn."""
        days = [next(self._days) for _ in range(number)]
        self.start([day for day in days if not self.batches(day)])
        return days

    def start(self, days: Sequence[str]) -> None:
        """Make the first predictions of dates that have none."""
        for answer in [self.pool.submit(self.coordinator.post, "/start", {"game_date": day}) for day in days]:
            answer.result()
        for day in days:
            wait_until(lambda d=day: self.settled(d), 60, f"the first predictions of {day}")  # type: ignore[misc]

    def regenerate(self, day: str, *, patient: bool = False) -> Future[dict[str, Any]]:
        """Request a regeneration of a date; with `patient`, retry until the coordinator answers."""
        body = {"game_date": day, "reason": "fault_test"}
        ask = self.coordinator.post_keyed if patient else self.coordinator.post
        return self.pool.submit(ask, "/regenerate-with-supersede", body)

    # what a test does to processes and calls

    def release(self) -> None:
        """Drop all held calls and inject no more faults."""
        for front in self._fronts:
            front.release()

    def process_of_connection(self, function: str, port: int) -> int:
        """The id of the function's process whose connection has this port."""
        for process in psutil.Process(self.stack.pid(function)).children(recursive=True):
            if any(c.laddr.port == port for c in process.net_connections("tcp")):
                return int(process.pid)
        raise AssertionError(f"no process of {function} has port {port}")

    def kill(self, function: str) -> None:
        """Kill all processes of a function, and restart it."""
        self.stack.kill(function, signal.SIGKILL)
        self.stack.restart(function)

    # what a test reads

    @cached_property
    def reader(self) -> Reader:
        """A reader of the warehouse, past the front."""
        return Reader(self.stack.env["PROJECT_ID"], self.stack.env["BIGQUERY_EMULATOR_HOST"])

    @cached_property
    def store(self) -> Any:
        """A Firestore client, past the front."""
        from google.cloud import firestore  # noqa: PLC0415

        with patch.dict(os.environ, self.stack.env):
            return firestore.Client(project=self.stack.env["PROJECT_ID"])

    @cached_property
    def publisher(self) -> Any:
        """A Pub/Sub publisher, past the front."""
        from google.cloud import pubsub_v1  # noqa: PLC0415

        with patch.dict(os.environ, self.stack.env):
            return pubsub_v1.PublisherClient()

    def rows(self, text: str, day: str) -> list[dict[str, Any]]:
        """The rows of a query about a date."""
        return self.reader.query(text, day=date.fromisoformat(day))

    def batches(self, day: str) -> dict[str, str]:
        """The status of each batch of a date, by id."""
        from google.cloud.firestore_v1.base_query import FieldFilter  # noqa: PLC0415

        of_day = FieldFilter("game_date", "==", day)
        found = self.store.collection("prediction_batches").where(filter=of_day).stream()
        return {batch.id: batch.get("status") for batch in found}

    def batch(self, batch_id: str) -> dict[str, Any]:
        """The document of a batch."""
        found: dict[str, Any] = self.store.collection("prediction_batches").document(batch_id).get().to_dict()
        return found

    def requests(self, batch_id: str) -> list[dict[str, Any]]:
        """The documents of a batch's requests."""
        batch = self.store.collection("prediction_batches").document(batch_id)
        return [request.to_dict() for request in batch.collection("requests").stream()]

    def settled(self, day: str) -> bool:
        """Return whether a date has batches, all have ended, and no trigger or due outbox item of it waits."""
        statuses = self.batches(day)
        if not statuses or not set(statuses.values()) <= ENDED:
            return False
        record = self.store.collection("game_dates").document(day).get().to_dict() or {}
        items = [item.to_dict() for item in self.store.collection("outbox").stream()]
        now = datetime.now(UTC)
        # The grade's outbox item becomes due half a minute later.
        due = [item for item in items if day in str(item) and item["due_at"] <= now]
        return not (record.get("live") or record.get("coalesced") or due)

    def answer_count(self, function: str, pid: int) -> int:
        """The number of calls that a process of a function has answered."""
        return self.log_count(function, f"'pid': {pid}")

    def log_count(self, part: str, words: str) -> int:
        """The number of times these words are in the log of a part of the stack."""
        return (self.stack.options.home / "logs" / f"{part}.log").read_text(errors="replace").count(words)
