"""What BigQuery's refusals mean. Only this module decides whether trying again can help.

`reasons.json` holds the documented reasons and texts. The client derives an HTTP status from a job's reason, and uses 500
for an unknown one. Therefore a known text or reason takes precedence over the status.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from regen.domain import errors as ours
from regen.domain.errors import (
    AccessDenied,
    Conflict,
    Defect,
    FenceLost,
    PromotionAborted,
    RateLimited,
    RegenError,
    StagingMissing,
    StatementRefused,
    TableMissing,
    Unavailable,
)
from regen.schemas import STAGING_DATASET

SERVICE = "BigQuery"
#: Errors that repeating the call cannot cure: the caller must read again, or an operator must act first.
LASTING = (AccessDenied, Conflict, TableMissing)
#: Statuses of proxies, races and broken-off calls. Whether it ran is not known, and the same call may succeed later.
_FLEETING = frozenset({407, 408, 409, 412, 421, 423, 425, 499})
#: The request itself is too long: it never ran, nor will it.
_TOO_LONG = frozenset({411, 413, 414, 431})
_NOT_FOUND = 404
_TOO_MANY = 429
_SERVER = 500
BYTES = "exceeded limit for bytes billed"
BYTES_HINT = (
    "raise REGEN_MAXIMUM_BYTES_BILLED (Terraform: maximum_bytes_billed), or find out why the statement reads so much"
)


class BrokenStatement(Defect):
    """A statement failed with an unknown error; it may or may not have run."""


@cache
def documented() -> Mapping[str, Any]:
    """The table of documented reasons and texts."""
    found: Mapping[str, Any] = json.loads((resources.files(__package__) / "reasons.json").read_text(encoding="utf-8"))
    return found


def refused(status: int, text: str, reasons: Sequence[str]) -> RegenError:
    """The regen error for an answer of BigQuery that is an error."""
    message = f"{text}: {BYTES_HINT}" if BYTES in text.lower() else text
    return _kind(status, text, reasons)(message).of(SERVICE)


def silent(error: Exception, text: str) -> RegenError:
    """The regen error for a call that had no answer."""
    return Unavailable(f"BigQuery does not answer: {text or type(error).__name__}").of(SERVICE)


def _kind(status: int, text: str, reasons: Sequence[str]) -> type[RegenError]:
    if kind := _own(text) or _missing(status, text) or _kind_by_words(text.lower(), reasons):
        return kind
    kinds: tuple[tuple[type[RegenError], bool], ...] = (
        (RateLimited, status == _TOO_MANY or any(map(_is_limit, reasons))),
        (AccessDenied, status in {401, 403}),
        (BrokenStatement, "already exists" in text.lower()),
        (Unavailable, status >= _SERVER or status in _FLEETING),
        (StatementRefused, status in _TOO_LONG),
    )
    return next((kind for kind, fits in kinds if fits), BrokenStatement)


def _is_limit(reason: str) -> bool:
    """Whether this is one of the rates that Google's interfaces share: `userRateLimitExceeded`, `RATE_LIMIT_EXCEEDED`."""
    return reason.replace("_", "").lower().endswith(("limitexceeded", "quotaexceeded"))


def _own(text: str) -> type[RegenError] | None:
    """The error of a RAISE in regen's own scripts; None for other texts."""
    marks = {"FENCE_LOST:": FenceLost, "PROMOTION_ABORTED:": PromotionAborted, "LOCK_MISSING:": Unavailable}
    return next((kind for mark, kind in marks.items() if mark in text), None)


def _missing(status: int, text: str) -> type[RegenError] | None:
    if status != _NOT_FOUND:
        return None
    if "not found: job" in text.lower():
        return Unavailable
    return StagingMissing if STAGING_DATASET in text else TableMissing


def _kind_by_words(lowered: str, reasons: Sequence[str]) -> type[RegenError] | None:
    """The error by the table of texts and reasons. Texts count first: one reason may cover several errors."""
    words = next((row for row in documented()["texts"] if row["words"] in lowered), None)
    known = words or next((row for row in documented()["reasons"] if row["reason"] in reasons), None)
    if known is None:
        return None
    kind: type[RegenError] = getattr(ours, known["error"])
    return kind
