"""Errors of jobs in BigQuery's form: the reason and the text that the adapter must understand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.api_core import exceptions as google

from regen.adapters.memory.concurrency import TooManyStatements
from regen.domain.errors import FenceLost, RegenError, StagingMissing
from regen.schemas import STAGING_DATASET


@dataclass(frozen=True)
class Refusal:
    """The error of a failed job."""

    status: int
    reason: str
    text: str

    def error_result(self) -> Mapping[str, Any]:
        """The error as the job's `errorResult`."""
        return {"reason": self.reason, "message": self.text, "location": "query"}

    def error(self) -> google.GoogleAPICallError:
        """The error as the client raises it."""
        found: google.GoogleAPICallError = google.from_http_status(  # type: ignore[no-untyped-call]
            self.status, self.text, errors=[dict(self.error_result())]
        )
        return found


NO_COLUMN = Refusal(400, "invalidQuery", "Unrecognized name: no_such_column at [3:5]")
CANCELLED = Refusal(400, "invalidQuery", "Transaction is aborted due to concurrent update against table injected")


def refusal_of(error: RegenError) -> Refusal:
    """The error of BigQuery that corresponds to one of the memory warehouse."""
    text = str(error)
    if isinstance(error, StagingMissing):
        return Refusal(404, "notFound", f"Not found: Table simulated:{STAGING_DATASET}: {text}")
    if isinstance(error, TooManyStatements):
        return Refusal(400, "resourcesExceeded", text)
    if isinstance(error, FenceLost) and "FENCE_LOST:" not in text:
        text = f"FENCE_LOST: {text}"
    return Refusal(400, "invalidQuery", text)
