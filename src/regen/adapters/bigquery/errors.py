"""Translation of BigQuery's errors. Only this module decides whether trying again can help.

`reasons.json` holds the documented reasons and texts. The client derives an HTTP status from a job's reason, and uses 500
for an unknown one. Therefore a known text or reason takes precedence over the status.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any

import requests
from google.api_core import exceptions as google
from google.auth import exceptions as auth

from regen.domain import errors as ours
from regen.domain.errors import (
    AccessDenied,
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
#: Statuses of proxies, races and broken-off calls. Whether it ran is not known, and the same call may succeed later.
_FLEETING = frozenset({407, 408, 409, 412, 421, 423, 425, 499})
#: The request itself is too long: it never ran, nor will it.
_TOO_LONG = frozenset({411, 413, 414, 431})
BYTES = "exceeded limit for bytes billed"
BYTES_HINT = (
    "raise REGEN_MAXIMUM_BYTES_BILLED (Terraform: maximum_bytes_billed), or find out why the statement reads so much"
)

_SILENT = (
    google.RetryError,
    auth.TransportError,
    auth.RefreshError,
    requests.RequestException,
    OSError,
    TimeoutError,
)


class BrokenStatement(Defect):
    """A statement failed with an unknown error; it may or may not have run."""


@cache
def documented() -> Mapping[str, Any]:
    """The table of documented reasons and texts."""
    found: Mapping[str, Any] = json.loads((resources.files(__package__) / "reasons.json").read_text(encoding="utf-8"))
    return found


def sorted_error(error: Exception) -> RegenError:
    """The regen error for an error of the client."""
    if isinstance(error, RegenError):
        return error
    text = str(getattr(error, "message", "") or error)
    if isinstance(error, google.GoogleAPICallError):
        message = f"{text}: {BYTES_HINT}" if BYTES in text.lower() else text
        return _kind(error, text)(message).of(SERVICE)
    if isinstance(error, _SILENT):
        return Unavailable(f"BigQuery does not answer: {text or type(error).__name__}").of(SERVICE)
    return BrokenStatement(f"{type(error).__name__}: {text}").of(SERVICE)


def _kind(error: google.GoogleAPICallError, text: str) -> type[RegenError]:
    reasons = [str(item.get("reason")) for item in error.errors or () if isinstance(item, dict)]
    reasons += [error.reason] if error.reason else []
    if kind := _own(text) or _missing(error, text) or _kind_by_words(text.lower(), reasons):
        return kind
    kinds: tuple[tuple[type[RegenError], bool], ...] = (
        (RateLimited, isinstance(error, google.TooManyRequests) or any(map(_is_limit, reasons))),
        (AccessDenied, isinstance(error, google.Forbidden | google.Unauthorized)),
        (BrokenStatement, "already exists" in text.lower()),
        (Unavailable, isinstance(error, google.ServerError) or error.code in _FLEETING),
        (StatementRefused, error.code in _TOO_LONG),
    )
    return next((kind for kind, fits in kinds if fits), BrokenStatement)


def _is_limit(reason: str) -> bool:
    """Whether this is one of the rates that Google's interfaces share: `userRateLimitExceeded`, `RATE_LIMIT_EXCEEDED`."""
    return reason.replace("_", "").lower().endswith(("limitexceeded", "quotaexceeded"))


def _own(text: str) -> type[RegenError] | None:
    """The error of a RAISE in regen's own scripts; None for other texts."""
    marks = {"FENCE_LOST:": FenceLost, "PROMOTION_ABORTED:": PromotionAborted, "LOCK_MISSING:": Unavailable}
    return next((kind for mark, kind in marks.items() if mark in text), None)


def _missing(error: google.GoogleAPICallError, text: str) -> type[RegenError] | None:
    if not isinstance(error, google.NotFound):
        return None
    if "not found: job" in text.lower():
        return Unavailable
    return StagingMissing if STAGING_DATASET in text else TableMissing


def _kind_by_words(lowered: str, reasons: list[str]) -> type[RegenError] | None:
    """The error by the table of texts and reasons. Texts count first: one reason may cover several errors."""
    words = next((row for row in documented()["texts"] if row["words"] in lowered), None)
    known = words or next((row for row in documented()["reasons"] if row["reason"] in reasons), None)
    if known is None:
        return None
    kind: type[RegenError] = getattr(ours, known["error"])
    return kind


def last_word(job: Any) -> RegenError | None:  # noqa: ANN401
    """The error with which a job has ended, from the job itself rather than from a call about it; None without one.

    A refusal of a finished job is `final`: the job has changed nothing and never will.
    """
    failed = getattr(job, "error_result", None)
    if getattr(job, "state", None) != "DONE" or not isinstance(failed, Mapping):
        return None
    message, reason = str(failed.get("message", "")), str(failed.get("reason", ""))
    status = next((row["http"][0] for row in documented()["reasons"] if row["reason"] == reason), 500)
    found = sorted_error(google.from_http_status(max(status, 400), message, errors=[dict(failed)]))  # type: ignore[no-untyped-call]
    if isinstance(found, StatementRefused):
        found.final = True
    return found


@contextmanager
def translated() -> Iterator[None]:
    """Raise regen's errors instead of the client's."""
    try:
        yield
    except RegenError:
        raise
    except Exception as error:
        raise sorted_error(error) from error
