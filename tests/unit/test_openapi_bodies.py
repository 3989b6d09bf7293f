"""The schemas of docs/openapi.yaml are those of the structs: a changed struct fails here until the page is written anew."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import UNSET, UnsetType

import openapi_bodies
from regen.api import health, looks
from regen.api.words import Answer
from support import openapi

BASES = {"Answer", "Batch"}
"""Structs that are answered by none, because others extend them."""


def schemas() -> dict[str, Any]:
    found: dict[str, Any] = openapi.document()["components"]["schemas"]
    return found


def test_every_answer_is_described() -> None:
    known = {name for name, kind in openapi_bodies.structs().items() if issubclass(kind, Answer)}
    assert known - schemas().keys() == BASES


@pytest.mark.parametrize("kind", [float, str | UnsetType, list[looks.GradedDate]], ids=["required", "unset", "nested"])
def test_one_more_field_of_an_answer_is_noticed(monkeypatch: pytest.MonkeyPatch, kind: Any) -> None:
    more = msgspec.defstruct("Health", [("age", kind, 0)], bases=(health.Health,), module=health.__name__, kw_only=True)
    monkeypatch.setattr(health, "Health", more)
    assert openapi_bodies.problems()


def test_fields_that_are_always_sent_are_required() -> None:
    batches, ready = schemas()["Batches"], schemas()["Ready"]
    assert batches["required"] == ["batches", "next", "halt"]
    assert {"waiting", "instance"} <= batches["properties"].keys() | ready["properties"].keys()
    assert not {"vitals", "instance"} & set(ready["required"])


class _Sample(Answer, frozen=True, kw_only=True):
    """A sample, or None."""

    number: int | float | None
    names: list[str] | None = None
    other: int | str | UnsetType = UNSET


def test_null_stands_beside_the_type() -> None:
    _, made = msgspec.json.schema_components([_Sample], ref_template="{name}")
    found = openapi_bodies._answer(_Sample, made)
    assert (found["description"], found["required"]) == ("A sample, or null.", ["number", "names"])
    assert found["properties"] == {
        "number": {"type": ["number", "null"]},
        "names": {"type": ["array", "null"], "items": {"type": "string"}},
        "other": {"type": ["integer", "string"]},
    }
