"""A deployment as Terraform's JSON has it, with the few questions that policies ask."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from regen.domain.values import replace

RUN_API = "run.googleapis.com"
"""Where jobs are started."""


class Resource(Struct, frozen=True):
    address: str
    kind: str
    key: str
    values: dict[str, Any]
    waits_for: tuple[str, ...] = ()

    def waiting_for(self, *addresses: str) -> Resource:
        """The same, made after these alone."""
        return replace(self, waits_for=addresses)


class Deployment(Struct, frozen=True):
    resources: tuple[Resource, ...]

    @classmethod
    def read(cls, path: Path) -> Deployment:
        root = json.loads(path.read_text())["values"]["root_module"]
        return cls(
            tuple(
                Resource(
                    r["address"],
                    r["type"],
                    str(r.get("index", r["name"])),
                    r["values"],
                    tuple(r.get("depends_on", ())),
                )
                for r in root["resources"]
                if r["mode"] == "managed"
            )
        )

    def copy(self) -> Deployment:
        """One to break."""
        return copy.deepcopy(self)

    def of(self, *kinds: str) -> list[Resource]:
        return [r for r in self.resources if r.kind in kinds]

    def one(self, kind: str, key: str) -> Resource:
        (found,) = (r for r in self.of(kind) if r.key == key)
        return found

    def without(self, kind: str, key: str) -> Deployment:
        left = tuple(r for r in self.resources if (r.kind, r.key) != (kind, key))
        assert len(left) < len(self.resources), f"no {kind} {key}"
        return Deployment(left)

    def having(self, kind: str, key: str, **values: Any) -> Deployment:
        return Deployment((*self.resources, Resource(f"{kind}.{key}", kind, key, values)))

    # -- functions
    def functions(self) -> dict[str, dict[str, Any]]:
        return {r.key: r.values["service_config"][0] for r in self.of("google_cloudfunctions2_function")}

    def environment(self, function: str) -> dict[str, str]:
        return dict(self.functions()[function]["environment_variables"])

    def secrets(self, function: str) -> set[str]:
        return {s["key"] for s in self.functions()[function]["secret_environment_variables"]}

    def account(self, function: str) -> str:
        return str(self.functions()[function]["service_account_email"])

    def function_at(self, url: str) -> tuple[str, str]:
        """Which function an address leads to, and the path."""
        parts = urlsplit(url)
        for key, config in self.functions().items():
            if urlsplit(config["uri"]).netloc == parts.netloc:
                return key, parts.path or "/"
        return "", parts.path

    # -- messages
    def topics(self) -> set[str]:
        return {r.values["name"] for r in self.of("google_pubsub_topic")}

    def schedules(self) -> list[Resource]:
        """The schedules that call a function."""
        jobs = self.of("google_cloud_scheduler_job")
        return [r for r in jobs if urlsplit(r.values["http_target"][0]["uri"]).netloc != RUN_API]

    def pushes(self) -> list[Resource]:
        return [r for r in self.of("google_pubsub_subscription") if r.values["push_config"]]

    # -- rights
    def grants(self) -> Iterator[tuple[Resource, str, str]]:
        """Each right: the resource, the role, the member."""
        for r in self.resources:
            if r.kind.endswith("_iam_member"):
                yield r, r.values["role"], r.values["member"]

    def service_agent(self, kind: str) -> str:
        return str(self.one("google_project_service_identity", kind).values["member"])


def last(path: str) -> str:
    """The name at the end of a resource's full name."""
    return path.rsplit("/", 1)[-1]


def seconds(text: str) -> float:
    assert text.endswith("s"), text
    return float(text[:-1])
