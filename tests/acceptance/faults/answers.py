"""BigQuery's error answers: statuses, reasons and texts as it sends them."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

from acceptance.faults.calls import Call

ABORTED = (
    "Query error: Transaction is aborted due to concurrent update against table "
    "nba-props-platform:nba_predictions.player_prop_predictions. Transaction ID: 61e30eea-0000-2dab-8e60-94eb2c1b1a92 "
    "at [24:9]"
)
SERIAL = (
    "Could not serialize access to table nba-props-platform:nba_predictions.promotion_fence due to concurrent update"
)


class Fault(StrEnum):
    """A fault of one call.

    - `reset`: the connection is reset; the call never reaches BigQuery.
    - `lost`: BigQuery carries the call out; the caller gets no answer.
    - `rate`, `quota`, `busy`, `conflict`: the caller gets this error; the call never reaches BigQuery.
    - `job_conflict`, `job_rate`, `job_busy`: BigQuery accepts a job, which then fails.
    - `hold`: the call waits before BigQuery, until a test resumes or drops it.
    - `hold_answer`: the answer waits before the caller, until a test resumes or drops it.
    """

    RESET = "reset"
    LOST = "lost"
    RATE = "rate"
    QUOTA = "quota"
    BUSY = "busy"
    CONFLICT = "conflict"
    JOB_CONFLICT = "job_conflict"
    JOB_RATE = "job_rate"
    JOB_BUSY = "job_busy"
    HOLD = "hold"
    HOLD_ANSWER = "hold_answer"


#: fault -> status, reason, text
_REFUSALS = {
    Fault.RATE: (403, "rateLimitExceeded", "Exceeded rate limits: too many table update operations for this table."),
    Fault.QUOTA: (403, "quotaExceeded", "Quota exceeded: Your project exceeded quota for concurrent queries."),
    Fault.BUSY: (503, "backendError", "Error encountered during execution. Retrying may solve the problem."),
    Fault.CONFLICT: (400, "invalidQuery", SERIAL),
}
_FAILURES = {
    Fault.JOB_CONFLICT: ("invalidQuery", ABORTED),
    Fault.JOB_RATE: ("rateLimitExceeded", "Exceeded rate limits: too many concurrent queries for this project."),
    Fault.JOB_BUSY: ("backendError", "Error encountered during execution. Retrying may solve the problem."),
}

Answer = tuple[int, dict[str, str], bytes]


def refusal(fault: Fault) -> Answer | None:
    """The error answer of a fault; None if it has none."""
    return error(*_REFUSALS[fault]) if fault in _REFUSALS else None


def failed_job(fault: Fault, call: Call) -> dict[str, Any] | None:
    """The failed job of a fault; None if it has none."""
    if fault not in _FAILURES:
        return None
    reason, text = _FAILURES[fault]
    trouble = {"reason": reason, "location": "query", "message": text}
    reference = call.content["jobReference"]
    return {
        "kind": "bigquery#job",
        "id": f"{reference.get('projectId')}:{reference.get('location', 'US')}.{call.job}",
        "jobReference": reference,
        "configuration": call.content["configuration"],
        "status": {"state": "DONE", "errorResult": trouble, "errors": [trouble]},
        "statistics": {"creationTime": "0", "startTime": "0", "endTime": "0"},
    }


def known_job(job: dict[str, Any], call: Call) -> Answer:
    """The answer to a request for a failed job or its rows, or to a second insertion of it."""
    if call.statement.endswith(" again"):
        return content(200, job)
    if call.statement.endswith(" rows"):
        trouble = job["status"]["errorResult"]
        return error(400, trouble["reason"], trouble["message"])
    return error(409, "duplicate", f"Already Exists: Job {job['id']}")


def content(status: int, body: dict[str, Any]) -> Answer:
    """A JSON answer."""
    return status, {"Content-Type": "application/json; charset=UTF-8"}, json.dumps(body).encode()


def error(status: int, reason: str, text: str) -> Answer:
    """An error in BigQuery's form."""
    detail = {"message": text, "domain": "global", "reason": reason}
    return content(status, {"error": {"code": status, "message": text, "errors": [detail]}})
