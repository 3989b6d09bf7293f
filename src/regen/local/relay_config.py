"""What the relay must know, as a file that the stack writes for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

ISSUER = "https://relay.local.invalid"
AUDIENCE = "regen"


def push_account(project: str) -> str:
    """The service account in whose name messages and events are delivered."""
    return f"regen-push@{project}.iam.gserviceaccount.com"


def scheduler_account(project: str) -> str:
    """The service account in whose name schedules call."""
    return f"regen-scheduler@{project}.iam.gserviceaccount.com"


@dataclass(frozen=True, slots=True)
class RelayConfig:
    """Durations in seconds.

    Attributes:
        targets: the base URLs of each service's instances.
        schedules: how often to run a schedule of the topology; those not named do not run.
        event_deadline: how long a service may take over a change event (Eventarc allows 10 s).
    """

    port: int
    project: str
    targets: Mapping[str, tuple[str, ...]]
    schedules: Mapping[str, float] = field(default_factory=dict)
    ack_deadline: float = 20
    event_deadline: float = 10
    min_backoff: float = 1
    max_backoff: float = 4
    issuer: str = ISSUER
    audience: str = AUDIENCE

    def write(self, path: Path) -> None:
        """Save it where `read` finds it."""
        path.write_text(json.dumps(asdict(self), indent=2))

    @classmethod
    def read(cls, path: Path) -> RelayConfig:
        """Read what `write` saved."""
        raw = json.loads(path.read_text())
        raw["targets"] = {service: tuple(urls) for service, urls in raw["targets"].items()}
        return cls(**raw)
