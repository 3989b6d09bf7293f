"""The dependencies of the services: the ports, and the settings of the deployment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from msgspec import Struct, field

from regen.domain.batch import Thresholds
from regen.domain.errors import Defect
from regen.domain.estimate import System
from regen.domain.feature_versions import FeatureVersions
from regen.ports import Alerts, Archive, BatchStore, Clock, Heartbeat, Ids, Ledger, Queue, Warehouse

if TYPE_CHECKING:
    from regen.features.checkpoints import Histories
    from regen.services.state.models import Model

TRIGGER_TOPIC = "nba-prediction-trigger"
REQUEST_TOPIC = "prediction-request"
VERIFY_TOPIC = "prediction-verify"
COMPLETE_TOPIC = "prediction-batch-complete"
PHASE_TOPIC = "nba-phase5-predictions-complete"
"""The predecessor's topic, in its own form, for those who listened to it."""
ALERT_TOPIC = "prediction-alerts"
TOPICS = (TRIGGER_TOPIC, REQUEST_TOPIC, VERIFY_TOPIC, COMPLETE_TOPIC, PHASE_TOPIC, ALERT_TOPIC)

TRACEPARENT = "googclient_traceparent"
"""The message attribute that carries the trace; Google's clients use the same name."""


class Config(Struct, frozen=True, kw_only=True):
    """The configuration of a deployment; durations in seconds. `settings.json` has the meaning and default of its settings.

    Attributes:
        systems: ids of the systems that a batch runs if its trigger names none, in order.
        run_for: the systems to run for the given ids, in order, including those whose estimates they read, as fitted for
            features of a version.
        feature_versions: the feature versions that the systems were fitted on; None accepts any.
        artefacts: gives the artefacts of this release: their texts by their hashes.
        promotion_wait_seconds: how long a verification waits for the warehouse's lease while another batch promotes.
    """

    systems: Sequence[str]
    run_for: Callable[[Sequence[str], str], Sequence[System]]
    feature_versions: FeatureVersions | None
    lease_seconds: float
    deadline_seconds: float
    hold_down_seconds: float
    news_hold_down_seconds: float
    news_line_move: float
    news_near_hours: float
    news_near_seconds: float
    news_far_seconds: float
    republish_after_seconds: float
    players_per_request: int
    min_minutes: float
    zones_max_age_days: int
    zones_max_dates: int
    zones_hold_down_minutes: float
    zones_scope: str
    source_before_hours: float
    source_after_hours: float
    source_shrunk_pct: float
    quality_watch: str
    quality_mae_points: float
    quality_bias_points: float
    quality_hit_pct: float
    quality_calibration_pct: float
    quality_skew_pct: float
    quality_lined_pct: float
    quality_rise_pct: float
    min_quality: float
    retired_systems: tuple[str, ...]
    max_challengers: int
    retention_days: int
    thresholds: Thresholds
    code_version: str
    runbook_url: str
    artefacts: Callable[[], Mapping[str, str]] = dict
    promotion_wait_seconds: float = 60.0


class NoLedger(Defect):
    """A function used a port that it does not have."""


def no_heartbeat(beat: Callable[[], bool], seconds: float) -> AbstractContextManager[None]:  # noqa: ARG001
    """Do not run anything concurrently, as the simulator requires."""
    return nullcontext()


class Kept(Struct):
    """What a process keeps, made when it is first needed: most processes never make features.

    Attributes:
        histories: the league's box scores that the process has read, and the histories fed with them.
        artefacts: whether the process has seen to it that this release's artefacts are in the archive.
        packaged: likewise, in the store of models.
        models: those that the process has loaded, by hash.
    """

    histories: Histories | None = None
    artefacts: bool = False
    packaged: bool = False
    models: dict[str, Model] = field(default_factory=dict)


class Deps(Struct, frozen=True):
    """The ports and the configuration.

    Attributes:
        archive: where the inputs of promoted rows are kept; None if they are not.
        models: where published models are; None if a batch uses what the release ships.
        heartbeat: renews a lease during long calls. With `no_heartbeat` leases are renewed between calls only.
        kept: what this process keeps between readings.
        trace: gives the W3C `traceparent` of the current request or message, if known.
    """

    store: BatchStore
    queue: Queue
    warehouse: Warehouse
    clock: Clock
    ids: Ids
    config: Config
    alerts: Alerts | None = None
    ledger: Ledger | None = None
    archive: Archive | None = None
    models: Archive | None = None
    heartbeat: Heartbeat = no_heartbeat
    kept: Kept = field(default_factory=Kept)
    trace: Callable[[], str | None] = lambda: None

    @property
    def books(self) -> Ledger:
        """The ledger; NoLedger if this function has none."""
        if self.ledger is None:
            raise NoLedger("this function has no ledger")
        return self.ledger
