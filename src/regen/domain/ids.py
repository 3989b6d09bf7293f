"""Ids derived from the content that they identify, so that repeating an act finds the same id (P12)."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from typing import TypeGuard

from regen.domain.batch import Kind
from regen.domain.errors import InvalidInput

_BATCH_ID = re.compile(r"(batch|regen)_\d{4}-\d\d-\d\d_([a-z][a-z0-9_]{0,39}_)?[0-9a-f]{8}")
_BACKFILL_ID = re.compile(r"backfill_\d{4}-\d\d-\d\d_\d{4}-\d\d-\d\d_[0-9a-f]{8}")
REASON = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DOCUMENT_ID = re.compile(r"(?!__)[A-Za-z0-9_-]{1,200}")


def digest(*parts: object, length: int = 32) -> str:
    """Hex SHA-256 over the parts, each with its length, so that ("a", "bc") and ("ab", "c") differ."""
    joined = "".join(f"{len(str(p))}:{p};" for p in parts)
    return hashlib.sha256(joined.encode()).hexdigest()[:length]


def is_batch_id(value: str) -> bool:
    """Whether this has the form of a batch id made by regen. The batch's records may have expired."""
    return _BATCH_ID.fullmatch(value) is not None


def is_backfill_id(value: str) -> bool:
    """Whether this has the form of a backfill id made by regen. The backfill's record may have expired."""
    return _BACKFILL_ID.fullmatch(value) is not None


def batch_id(kind: Kind, game_date: date, reason: str, suffix: str) -> str:
    """`batch_{date}_{suffix}` for a first run, `regen_{date}_{reason}_{suffix}` for a regeneration."""
    if kind is Kind.DAILY:
        return f"batch_{game_date.isoformat()}_{suffix}"
    return f"regen_{game_date.isoformat()}_{reason}_{suffix}"


def request_id(batch: str, round_: int, opening: str, index: int) -> str:
    """A document id that does not grow with time (Firestore hot spots)."""
    return digest("request", batch, round_, opening, index, length=20)


def prediction_id(batch: str, round_: int, player: str, game: str, system: str, line: float | None) -> str:
    """The id of one row, in UUID form. 24.5 and 25.0 are different lines; "no line" counts as a line, too (I-41)."""
    h = digest("prediction", batch, round_, player, game, system, "none" if line is None else f"{line:.2f}")
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:32]}"


def staging_prefix(batch: str, round_: int | None = None) -> str:
    """The prefix of the names of a batch's staging tables, or of those of one round."""
    name = f"{batch.replace('-', '_')}_r"
    return name if round_ is None else f"{name}{round_}_t"


def staging_table(batch: str, round_: int, token: int) -> str:
    """The staging table of one owner of one round of a batch."""
    return f"{staging_prefix(batch, round_)}{token}"


def event_id(batch: str, round_: int, what: str) -> str:
    """The id of an event in the life of a batch."""
    return digest("event", batch, round_, what, length=24)


def is_document_id(value: object) -> TypeGuard[str]:
    """Whether this can be the id of one of regen's documents."""
    return isinstance(value, str) and _DOCUMENT_ID.fullmatch(value) is not None


def checked_reason(value: object) -> str:
    """The reason, if it is one; else raise InvalidInput. Free text belongs in the metadata (I-71)."""
    if not isinstance(value, str) or not REASON.fullmatch(value):
        raise InvalidInput("reason", "lower-case letters, digits and _, at most 40, beginning with a letter")
    return value
