"""Dollars per million predictions (one player of one date, all systems), from counted operations and list prices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

TIB = 2**40
KB = 1000
PRICES = {
    "pubsub_byte": 40 / TIB,
    "firestore_read": 0.03e-5,
    "firestore_write": 0.09e-5,
    "firestore_delete": 0.01e-5,
    "run_request": 0.40e-6,
    "vcpu_second": 24e-6,
    "gib_second": 2.5e-6,
    "bigquery_byte": 6.25 / TIB,
}
"""US dollars, us-central1, list, free tiers ignored; as of 2026-11."""
FLOOR_BYTES = 10 * 2**20
"""BigQuery bills at least this for every table that a statement references."""
GIB = 0.5
VCPU = 1.0
PUSH_OVERHEAD = 300
"""Attributes, ids and timestamp of a message, in bytes."""
STATEMENTS = ("read_slate", "current_predictions", "raise_fence", "promote", "record_entries")
TABLE = re.compile(r"\{([a-z_0-9]+)\}")
NOT_TABLES = frozenset(
    (
        "prediction_columns",
        "staged_columns",
        "run_columns",
        "staged_run_columns",
        "audit_columns",
        "audit_values",
        "quality_columns",
        "quality_values",
    )
)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch of N players used.

    Attributes:
        requests: messages of players (each is delivered once).
        worker_seconds: of all worker requests together, as billed: each rounded up to a tenth.
        other_seconds: of coordinator and verifier.
        calls: requests of the platform to all functions.
    """

    players: int
    requests: int
    reads: int
    writes: int
    message_bytes: int
    messages: int
    worker_seconds: float
    other_seconds: float
    calls: int


def table_references() -> int:
    """Tables that the statements of one batch reference, statement by statement, counted in the .sql files."""
    return sum(references(resources.files("regen.sql").joinpath(f"{name}.sql").read_text()) for name in STATEMENTS)


def references(text: str) -> int:
    """Tables that the statements of a script reference, each counted once a statement."""
    code = re.sub(r"--[^\n]*", "", text)
    return sum(len({t for t in TABLE.findall(part) if t not in NOT_TABLES}) for part in code.split(";"))


def dollars(batch: Batch) -> dict[str, Any]:
    """Dollars per million players, by what is billed; the floor of BigQuery as a line of its own."""
    per_million = 1e6 / batch.players
    moved = 2 * max(batch.messages * KB, batch.message_bytes + batch.messages * PUSH_OVERHEAD)
    second = VCPU * PRICES["vcpu_second"] + GIB * PRICES["gib_second"]
    lines = {
        "pubsub": moved * PRICES["pubsub_byte"],
        "firestore": batch.reads * PRICES["firestore_read"] + batch.writes * PRICES["firestore_write"],
        "worker": batch.worker_seconds * second,
        "coordinator_and_verifier": batch.other_seconds * second,
        "requests": batch.calls * PRICES["run_request"],
        "bigquery_floor": table_references() * FLOOR_BYTES * PRICES["bigquery_byte"],
    }
    priced = {name: round(value * per_million, 4) for name, value in lines.items()}
    total = sum(priced.values())
    return {**priced, "without_floor": round(total - priced["bigquery_floor"], 4), "total": round(total, 4)}


def scaled(one: Mapping[str, Any], fanout: Mapping[str, Any], players: int, per_request: int) -> Batch:
    """A batch of N players, from what one date alone used and the fan-out a request.

    The part of a batch that does not grow with its players is what that date used, less what its requests did.
    """
    big = fanout["runs"][-1]
    requests = -(-players // per_request)
    reads_each = big["operations"]["reads"] / big["requests"]
    writes_each = big["operations"]["writes"] / big["requests"]
    own = one["requests"]["worker"]
    fixed_reads = max(0.0, one["operations"]["reads"] - reads_each * own)
    fixed_writes = max(0.0, one["operations"]["writes"] - writes_each * own)
    worker_call = one["handler_seconds"]["worker"] / own
    other = one["handler_seconds"]["coordinator"] + one["handler_seconds"]["verifier"]
    other_calls = one["requests"]["coordinator"] + one["requests"]["verifier"]
    return Batch(
        players=players,
        requests=requests,
        reads=round(fixed_reads + reads_each * requests),
        writes=round(fixed_writes + writes_each * requests),
        message_bytes=round(one["operations"]["message_bytes"] / one["operations"]["messages"]) * (requests + 4),
        messages=requests + 4,
        worker_seconds=requests * _billed(worker_call),
        other_seconds=_billed(other),
        calls=round(requests + other_calls),
    )


def _billed(seconds: float) -> float:
    return max(0.1, -(-seconds // 0.1) * 0.1)
