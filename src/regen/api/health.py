"""What the functions say of themselves: health, signs of life, a sweep; and what is wrong with a call."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from regen.api.halts import HaltView
from regen.api.words import Answer, Id, Moment, one_of


class Health(Answer, frozen=True, kw_only=True):
    """The process answers."""

    status: Annotated[str, one_of("healthy")] = "healthy"
    service: str
    version: str


class Heartbeat(Answer, frozen=True, kw_only=True):
    """The last sign of a function that has run.

    Attributes:
        live: of the sweep: live batches that it saw.
        trouble: of the sweep: things that it could not do.
    """

    code_version: str
    at: Moment
    live: int | UnsetType = UNSET
    trouble: int | UnsetType = UNSET
    age_seconds: float


class Outbox(Answer, frozen=True, kw_only=True):
    """Items that should have been carried out by now, that wait for another try, that were put aside."""

    late: int
    failing: int
    dead: int


class Vitals(Answer, frozen=True, kw_only=True):
    """The signs of life, or `error` where Firestore does not answer.

    Attributes:
        heartbeats: the last one of each function that has run, and of the sweep; `unreadable` where its record is broken.
        past_deadline: live batches past their deadline.
        unreadable: live batches whose record does not say their deadline; not there if there is none.
        halt: how the platform stands: running or halted.
    """

    heartbeats: dict[str, Heartbeat | Literal["unreadable"]] | UnsetType = UNSET
    outbox: Outbox | UnsetType = UNSET
    past_deadline: list[Id] | UnsetType = UNSET
    unreadable: list[Id] | UnsetType = UNSET
    halt: HaltView | UnsetType = UNSET
    error: str | UnsetType = UNSET


class Ready(Answer, frozen=True, kw_only=True):
    """Whether the dependencies answer: `ok`, or the name of the error.

    Attributes:
        version: the code that this function runs.
        instance: where one does not answer, the trace under which the log has it.
    """

    status: Annotated[str, one_of("ready", "not_ready")]
    version: str
    firestore: str
    bigquery: str
    vitals: Vitals | UnsetType = UNSET
    instance: str | UnsetType | None = UNSET


class SweepReport(msgspec.Struct, kw_only=True):
    """What a sweep saw and did.

    Attributes:
        healed: `batch_id: what` for each batch that was carried on, and the dates whose fence was mended.
        trouble: what could not be done now; the next sweep tries again.
        orphans: staging tables that no batch will look at again, in the sweeps that look for them.
        unreadable: records that this version cannot read, each with its path: left alone, alerted to once. Beyond the first
            ones, `trouble` says how many more there are.
    """

    live: int = 0
    flushed: int = 0
    healed: list[str] = []
    trouble: list[str] = []
    orphans: list[str] = []
    unreadable: list[str] = []


class Problem(Answer, frozen=True, kw_only=True):
    """An error, as RFC 9457 has it.

    Attributes:
        field: the field that is wrong.
        expected: what would have been accepted.
        batch_id: the batch that is in the way.
        dependency: BigQuery, Firestore, Pub/Sub or another service that failed.
        instance: the trace under which the log has it.
    """

    type: Annotated[str, Meta(extra_json_schema={"pattern": "^urn:regen:problem:[a-z-]+$"})] = "about:blank"
    title: str = ""
    status: int = 0
    detail: str = ""
    field: str | UnsetType = UNSET
    expected: str | UnsetType = UNSET
    batch_id: str | UnsetType = UNSET
    dependency: str | UnsetType = UNSET
    instance: str | UnsetType = UNSET
