"""What BigQuery answers, in our words: whether trying again can help is decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from google.api_core import exceptions as google
from google.auth import exceptions as auth

from regen.domain.errors import (
    AccessDenied,
    Conflict,
    Defect,
    FenceLost,
    PromotionAborted,
    RateLimited,
    RegenError,
    StagingMissing,
    TableMissing,
    Unavailable,
)
from regen.schemas import STAGING_DATASET

SERVICE = "BigQuery"

#: Texts of a transaction that met another one: BigQuery's, and those of the local emulator.
_CONFLICTS = (
    "aborted due to concurrent update",
    "could not serialize access",
    "failed to commit ducklake transaction",
    "transaction conflict",
)
_RATE_REASONS = frozenset({"rateLimitExceeded", "quotaExceeded", "jobRateLimitExceeded"})
_FLEETING_REASONS = frozenset(
    {"backendError", "internalError", "jobBackendError", "jobInternalError", "stopped", "timeout"}
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
    """BigQuery refuses a statement as it stands: a mistake of ours, or tables that are not as the schemas say."""


def sorted_error(error: Exception) -> RegenError:
    """The error of ours that says what happened."""
    if isinstance(error, RegenError):
        return error
    text = str(getattr(error, "message", "") or error)
    if isinstance(error, google.GoogleAPICallError):
        return _kind(error, text)(text).of(SERVICE)
    if isinstance(error, _SILENT):
        return Unavailable(f"BigQuery does not answer: {text or type(error).__name__}").of(SERVICE)
    return BrokenStatement(f"{type(error).__name__}: {text}").of(SERVICE)


def _kind(error: google.GoogleAPICallError, text: str) -> type[RegenError]:
    reasons = {str(item.get("reason")) for item in error.errors or () if isinstance(item, dict)}
    lowered = text.lower()
    missing = isinstance(error, google.NotFound)
    kinds: tuple[tuple[type[RegenError], bool], ...] = (
        (FenceLost, "FENCE_LOST:" in text),
        (PromotionAborted, "PROMOTION_ABORTED:" in text),
        (Unavailable, "LOCK_MISSING:" in text),
        (Unavailable, missing and "not found: job" in lowered),
        (StagingMissing, missing and STAGING_DATASET in text),
        (TableMissing, missing),
        (Conflict, any(words in lowered for words in _CONFLICTS)),
        (RateLimited, isinstance(error, google.TooManyRequests) or bool(reasons & _RATE_REASONS)),
        (AccessDenied, "accessDenied" in reasons),
        (Unavailable, isinstance(error, google.ServerError) or bool(reasons & _FLEETING_REASONS)),
    )
    return next((kind for kind, fits in kinds if fits), BrokenStatement)


@contextmanager
def translated() -> Iterator[None]:
    """Raise our errors in place of the client's."""
    try:
        yield
    except RegenError:
        raise
    except Exception as error:
        raise sorted_error(error) from error
