"""The OpenAPI document of the repository, for tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from openapi_schema_validator import OAS31Validator, oas31_format_checker

PATH = Path(__file__).parents[2] / "docs" / "openapi.yaml"
METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace"})


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    services: tuple[str, ...]
    security: frozenset[str]
    spec: Mapping[str, Any]


@cache
def document() -> dict[str, Any]:
    """The whole document."""
    loaded: dict[str, Any] = yaml.safe_load(PATH.read_text())
    return loaded


def resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow the references of a node to its definition."""
    while "$ref" in node:
        found: Any = document()
        for part in str(node["$ref"]).removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def operations() -> Iterator[Operation]:
    """Yield every operation of the document."""
    for path, item in document()["paths"].items():
        for method, spec in item.items():
            if method in METHODS:
                security = frozenset(name for one in spec["security"] for name in one)
                yield Operation(method.upper(), path, tuple(spec["tags"]), security, spec)


def answers(operation: Operation, status: int) -> Mapping[str, Any]:
    """The documented response of a status, by content type; KeyError if there is none."""
    responses = operation.spec["responses"]
    found = resolved(responses[str(status)] if str(status) in responses or status < 400 else responses["default"])
    content: Mapping[str, Any] = found.get("content", {})
    return content


def examples(media: Mapping[str, Any]) -> list[Any]:
    """The examples of a media type."""
    return [media["example"]] if "example" in media else [e["value"] for e in media.get("examples", {}).values()]


def check(value: Any, schema: Mapping[str, Any]) -> None:
    """Raise unless a value matches a schema of the document."""
    whole = {**schema, "components": document()["components"]}
    OAS31Validator(whole, format_checker=oas31_format_checker).validate(value)
