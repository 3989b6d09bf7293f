"""Translation of the official client's errors; what each means, `refusals` knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from google.api_core import exceptions as google
from google.auth import exceptions as auth

from regen.adapters.bigquery.refusals import SERVICE, BrokenStatement, documented, refused, silent
from regen.domain.errors import RegenError, StatementRefused

_SILENT = (
    google.RetryError,
    auth.TransportError,
    auth.RefreshError,
    requests.RequestException,
    OSError,
    TimeoutError,
)


def sorted_error(error: Exception) -> RegenError:
    """The regen error for an error of the client."""
    if isinstance(error, RegenError):
        return error
    text = str(getattr(error, "message", "") or error)
    if isinstance(error, google.GoogleAPICallError):
        return refused(_status(error), text, _reasons(error))
    if isinstance(error, _SILENT):
        return silent(error, text)
    return BrokenStatement(f"{type(error).__name__}: {text}").of(SERVICE)


def _status(error: google.GoogleAPICallError) -> int:
    """The status of the answer; the client's own errors of a server may have none."""
    return int(error.code or (500 if isinstance(error, google.ServerError) else 0))


def _reasons(error: google.GoogleAPICallError) -> list[str]:
    reasons = [str(item.get("reason")) for item in error.errors or () if isinstance(item, dict)]
    return [*reasons, error.reason] if error.reason else reasons


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
