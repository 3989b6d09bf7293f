"""The relay between emulators and functions. It does the platform's part: identity, events, schedules.

It knows nothing of the functions' work. It passes deliveries on unchanged, with a token of the platform's account.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping

from msgspec import Struct

from regen import clock
from regen.adapters.memory.deliveries import Deliveries
from regen.local.forward import Services
from regen.local.relay_config import RelayConfig, push_account, scheduler_account
from regen.local.tokens import TokenSigner
from regen.topology import FirestoreTrigger, Schedule, Topology

log = logging.getLogger("relay")

#: How long an event is retried, in seconds.
EVENT_RETENTION = 600.0


class _Event(Struct):
    trigger: FirestoreTrigger
    body: bytes
    headers: Mapping[str, str]
    since: float
    attempts: int = 0


class Relay:
    """Delivers messages, change events and schedules to the services."""

    def __init__(self, config: RelayConfig, topology: Topology, services: Services, signer: TokenSigner) -> None:
        self._config, self._services, self._signer = config, services, signer
        self._subscriptions = {subscription.name: subscription for subscription in topology.push_subscriptions}
        self._triggers = {trigger.name: trigger for trigger in topology.firestore_triggers}
        self._push_account = push_account(config.project)
        self._events: Deliveries[_Event] = Deliveries(self._deliver_event, threads=4)
        self._stop = threading.Event()
        self._schedules = [s for s in topology.schedules if s.name in config.schedules]

    @property
    def certs(self) -> Mapping[str, str]:
        """Key id to certificate."""
        return self._signer.certs

    def start(self) -> None:
        """Start the schedules."""
        for schedule in self._schedules:
            threading.Thread(target=self._run_schedule, args=(schedule,), daemon=True).start()

    def stop(self) -> None:
        """Stop the schedules and the retries of events."""
        self._stop.set()
        self._events.close()

    def push(self, subscription: str, body: bytes) -> int | None:
        """Deliver a message, and return the status of the answer; None if there is no such subscription."""
        known = self._subscriptions.get(subscription)
        if known is None:
            return None
        headers = {"Content-Type": "application/json", "Authorization": self._signer.bearer(self._push_account)}
        return self._post(known.name, known.service, known.path, body, headers, self._config.ack_deadline)

    def event(self, trigger: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Accept a change event and deliver it, with retries; False if there is no such trigger."""
        known = self._triggers.get(trigger)
        if known is None:
            return False
        kept = {name: value for name, value in headers.items() if name.lower().startswith("ce-")}
        kept["Content-Type"] = "application/protobuf"
        self._events.put(_Event(known, body, kept, time.monotonic()))
        return True

    def _deliver_event(self, event: _Event) -> float | None:
        headers = {**event.headers, "Authorization": self._signer.bearer(self._push_account)}
        trigger = event.trigger
        status = self._post(
            trigger.name, trigger.service, trigger.path, event.body, headers, self._config.event_deadline
        )
        if 200 <= status < 300:
            return None
        if time.monotonic() - event.since > EVENT_RETENTION:
            log.error("%s: given up after %d attempts", trigger.name, event.attempts + 1)
            return None
        event.attempts += 1
        return min(self._config.max_backoff, self._config.min_backoff * 2.0 ** (event.attempts - 1))

    def _run_schedule(self, schedule: Schedule) -> None:
        interval = self._config.schedules[schedule.name]
        due = time.monotonic() + interval
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            self.tick(schedule)
            # A run longer than its interval skips the next one, as in Cloud Scheduler.
            due = max(due + interval, time.monotonic())

    def tick(self, schedule: Schedule) -> int:
        """Run a schedule once."""
        headers = {
            "Content-Type": "application/json",
            "Authorization": self._signer.bearer(scheduler_account(self._config.project)),
            "User-Agent": "Google-Cloud-Scheduler",
            "X-CloudScheduler": "true",
            "X-CloudScheduler-JobName": schedule.name,
            "X-CloudScheduler-ScheduleTime": clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        body = json.dumps(schedule.body).encode()
        return self._post(schedule.name, schedule.service, schedule.path, body, headers, self._config.ack_deadline)

    def _post(self, what: str, service: str, path: str, body: bytes, headers: Mapping[str, str], timeout: float) -> int:
        status = self._services.post(service, path, body, headers, timeout)
        if not 200 <= status < 300:
            log.warning("%s: %s%s answered %d", what, service, path, status)
        return status


def event_body(body: bytes) -> bytes:
    """The event's protobuf: the Firestore emulator sends it as base64 text, the platform as bytes."""
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        return body


Answer = tuple[int, bytes]


def respond(relay: Relay, method: str, path: str, headers: Mapping[str, str], body: Callable[[], bytes]) -> Answer:
    """The relay's routes."""
    parts = path.partition("?")[0].strip("/").split("/")
    match (method, *parts):
        case ("GET", "health"):
            return 200, b"{}"
        case ("GET", "certs"):
            return 200, json.dumps(relay.certs).encode()
        case ("POST", "push", name):
            return relay.push(name, body()) or 404, b""
        case ("POST", "functions", "projects", _, "triggers", name):
            return (202 if relay.event(name, headers, event_body(body())) else 404), b""
        case _:
            return 404, b""
