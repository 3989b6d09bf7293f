"""What a service needs: the ports, and the few numbers that a deployment sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from regen.domain.batch import Thresholds
from regen.domain.errors import Defect
from regen.domain.estimate import System
from regen.ports import Alerts, BatchStore, Clock, Heartbeat, Ids, Ledger, Queue, Warehouse

TRIGGER_TOPIC = "nba-prediction-trigger"
REQUEST_TOPIC = "prediction-request"
VERIFY_TOPIC = "prediction-verify"
COMPLETE_TOPIC = "prediction-batch-complete"
ALERT_TOPIC = "prediction-alerts"

TRACEPARENT = "googclient_traceparent"
"""The attribute of a message that has its trace; Google's clients call it so too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Numbers of a deployment; durations in seconds. What a deployment sets has its meaning and default in `settings.json`.

    Attributes:
        systems: ids of the systems that a batch runs if its trigger names none, in order.
        run_for: the systems to run so that those of the given ids have all they read, in order.
        feature_version: the version of the features that the systems were made for; None accepts any.
        promotion_wait_seconds: how long a verification waits for the warehouse while another promotes.
    """

    systems: Sequence[str]
    run_for: Callable[[Sequence[str]], Sequence[System]]
    feature_version: str | None
    lease_seconds: float
    deadline_seconds: float
    hold_down_seconds: float
    republish_after_seconds: float
    players_per_request: int
    min_minutes: float
    retention_days: int
    thresholds: Thresholds
    code_version: str
    promotion_wait_seconds: float = 60.0


class NoLedger(Defect):
    """A function was asked for a port that it does not have."""


def no_heartbeat(beat: Callable[[], bool], seconds: float) -> AbstractContextManager[None]:  # noqa: ARG001
    """Nothing happens beside the work at hand: what the simulator needs."""
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Deps:
    """The ports and the configuration.

    Attributes:
        heartbeat: keeps a lease while a call takes long; without one (`no_heartbeat`) leases are renewed between calls only.
        trace: the W3C `traceparent` of what is being handled, if anybody knows.
    """

    store: BatchStore
    queue: Queue
    warehouse: Warehouse
    clock: Clock
    ids: Ids
    config: Config
    alerts: Alerts | None = None
    ledger: Ledger | None = None
    heartbeat: Heartbeat = no_heartbeat
    trace: Callable[[], str | None] = lambda: None

    @property
    def books(self) -> Ledger:
        """The ledger of a function that has one."""
        if self.ledger is None:
            raise NoLedger("this function has no ledger")
        return self.ledger
