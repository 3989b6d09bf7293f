"""The configuration of the relay, in a file that the stack writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from regen.domain.values import asdict

ISSUER = "https://relay.local.invalid"
AUDIENCE = "regen"


def push_account(project: str) -> str:
    """The service account that delivers messages and events."""
    return f"regen-push@{project}.iam.gserviceaccount.com"


def scheduler_account(project: str) -> str:
    """The service account of the schedules."""
    return f"regen-scheduler@{project}.iam.gserviceaccount.com"


class RelayConfig(Struct, frozen=True):
    """Durations in seconds.

    Attributes:
        targets: the base URLs of each service's instances.
        schedules: the intervals of the topology's schedules; those not named do not run.
        clock: the moment from which the stack lives (`regen.clock`).
        event_deadline: how long a service may take for a change event (Eventarc allows 10 s).
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
    clock: str = ""

    def write(self, path: Path) -> None:
        """Write it to a file."""
        path.write_text(json.dumps(asdict(self), indent=2))

    @classmethod
    def read(cls, path: Path) -> RelayConfig:
        """Read it from a file."""
        raw = json.loads(path.read_text())
        raw["targets"] = {service: tuple(urls) for service, urls in raw["targets"].items()}
        return cls(**raw)
