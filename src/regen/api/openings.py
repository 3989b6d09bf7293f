"""What a request for a batch is answered, and an order on one."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import UNSET, UnsetType, field

from regen.api.words import Answer, BatchStatus, Count, Moment, one_of


class OpeningAnswer(Answer, frozen=True):
    """A batch is on its way (`accepted`), or the request waits for the one that is named (`coalesced`).

    Attributes:
        status: `accepted` or `coalesced`; `halted`: on record, and opened when the platform is resumed; `complete`: what was
            asked for is there, so that there is no batch; of a message, which has no caller who waits, also `rejected`, or `malformed` (it
            named players whom the slate did not have).
        batch_id: empty where there is none: `halted`, `complete`.
        requests: messages that the batch is made of.
        excluded: players who were asked for and are left out, by reason.
        trigger_id: the batch that carries it has it among its `trigger_ids`.
        superseded_count, regenerated_count, processing_time_seconds: null, as the predecessor's callers find them here; `note`
            says where they are once the batch has ended.
    """

    status: Annotated[str, one_of("accepted", "coalesced", "halted", "complete", "rejected", "malformed")]
    batch_id: str
    game_date: date
    requested_players: int
    requests: int
    excluded: dict[str, int] = field(default_factory=dict)
    trigger_id: str = ""
    status_url: str | UnsetType = UNSET
    superseded_count: Count | UnsetType = UNSET
    regenerated_count: Count | UnsetType = UNSET
    processing_time_seconds: float | UnsetType | None = UNSET
    note: str | UnsetType = UNSET


class Preview(Answer, frozen=True, kw_only=True):
    """What a request for a batch would do.

    Attributes:
        would: `record`: the platform is halted, and the request would wait for its resumption; `nothing`: no player is missing.
        excluded: players by reason.
    """

    status: Annotated[str, one_of("dry_run")] = "dry_run"
    game_date: date
    would: Annotated[str, one_of("open", "coalesce", "record", "nothing")]
    live_batch_id: str | None
    requested_players: int
    requests: int
    excluded: dict[str, int]
    players: list[str]
    systems: list[str]
    features_built_at: Moment | None


class WouldWithdraw(Answer, frozen=True, kw_only=True):
    """What a withdrawal would do.

    Attributes:
        would: `nothing`, if its idempotency key has given it before.
        players: those with current predictions that it would withdraw.
        rows: how many current predictions they have.
    """

    status: Annotated[str, one_of("dry_run")] = "dry_run"
    would: Annotated[str, one_of("withdraw", "nothing")]
    game_date: date
    reason: str
    games: list[str]
    players: list[str]
    rows: int


class Ordered(Answer, frozen=True, kw_only=True):
    """An order on a batch, on record; the verifier carries it out."""

    status: Annotated[str, one_of("accepted")] = "accepted"
    batch_id: str
    status_url: str | UnsetType = UNSET


class WouldOrder(Answer, frozen=True, kw_only=True):
    """The step that an order would take; `nothing`, if its idempotency key has given it before."""

    status: Annotated[str, one_of("dry_run")] = "dry_run"
    would: Annotated[str, one_of("cancel", "close", "redrive", "promote", "rollback", "nothing")]
    batch_id: str
    game_date: date | UnsetType = UNSET
    round: int | UnsetType = UNSET
    from_: BatchStatus | UnsetType = field(name="from", default=UNSET)
    to: BatchStatus | UnsetType = UNSET
    why: str
