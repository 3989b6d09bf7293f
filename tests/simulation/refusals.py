"""How a job fails, as BigQuery tells it: a reason and a text that the adapter has to understand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.api_core import exceptions as google

from regen.adapters.memory.concurrency import TooManyStatements
from regen.domain.errors import FenceLost, RegenError, StagingMissing
from regen.schemas import STAGING_DATASET


@dataclass(frozen=True)
class Refusal:
    """The error that a job has ended in."""

    status: int
    reason: str
    text: str

    def told(self) -> Mapping[str, Any]:
        """As the job's `errorResult`."""
        return {"reason": self.reason, "message": self.text, "location": "query"}

    def error(self) -> google.GoogleAPICallError:
        """As the client raises it."""
        found: google.GoogleAPICallError = google.from_http_status(  # type: ignore[no-untyped-call]
            self.status, self.text, errors=[dict(self.told())]
        )
        return found


NO_COLUMN = Refusal(400, "invalidQuery", "Unrecognized name: no_such_column at [3:5]")
CANCELLED = Refusal(400, "invalidQuery", "Transaction is aborted due to concurrent update against table injected")


def refusal_of(error: RegenError) -> Refusal:
    """What BigQuery says where the model raises this."""
    text = str(error)
    if isinstance(error, StagingMissing):
        return Refusal(404, "notFound", f"Not found: Table simulated:{STAGING_DATASET}: {text}")
    if isinstance(error, TooManyStatements):
        return Refusal(400, "resourcesExceeded", text)
    if isinstance(error, FenceLost) and "FENCE_LOST:" not in text:
        text = f"FENCE_LOST: {text}"
    return Refusal(400, "invalidQuery", text)
