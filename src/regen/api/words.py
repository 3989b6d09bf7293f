"""What the structs are made of: their bases, and the words that stand in many of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from regen.domain.batch import Status


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What regen answers. All fields are sent but those that are UNSET; a reader ignores fields that it does not know."""


def one_of(*words: str) -> Meta:
    """Words for the document; a reader takes others, too: a later version may have more."""
    return Meta(extra_json_schema={"enum": list(words)})


def named(component: str) -> Meta:
    """A component of the document that its `paths` share."""
    return Meta(extra_json_schema={"$ref": f"#/components/schemas/{component}"})


Id: TypeAlias = Annotated[str, named("Id")]
Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]
BatchStatus: TypeAlias = Annotated[str, one_of(*Status)]
Count: TypeAlias = Annotated[int, Meta(ge=0)] | None
"""None until it is measured."""
