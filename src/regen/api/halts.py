"""How the platform stands: running or halted, and what a halt would do."""

from __future__ import annotations

from typing import Annotated

from msgspec import field

from regen.api.words import Answer, Moment, one_of


class HaltView(Answer, frozen=True, kw_only=True):
    """Whether the platform opens batches.

    Attributes:
        status: `unreadable`, if the record of the halt cannot be read: no batch is opened then, either.
        at: since when it is halted; null if it runs.
        by: the caller who has halted it.
        reason: why it is halted, or why the record cannot be read.
        waiting: game dates with triggers that are recorded, and opened after the resumption, or once their records can be read.
    """

    status: Annotated[str, one_of("running", "halted", "unreadable")]
    at: Moment | None = None
    by: str | None = None
    reason: str | None = None
    waiting: list[str] = field(default_factory=list)


class WouldHalt(Answer, frozen=True, kw_only=True):
    """What an order to halt or to resume would do; `nothing`, if its idempotency key has given it before.

    Attributes:
        waiting: how many game dates have triggers that wait for the resumption.
    """

    status: Annotated[str, one_of("dry_run")] = "dry_run"
    would: Annotated[str, one_of("halt", "resume", "nothing")]
    waiting: int
