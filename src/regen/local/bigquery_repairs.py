"""Repairs of the BigQuery emulator's jobs, applied by its launcher, inside its own environment.

BigQuery takes a job's id once, and ends every job. The emulator looks for an id and then takes it, so that two submissions
at once break each other; and a job whose process or thread died stays `RUNNING` for ever, for whoever asks. Here ids are
taken one at a time, and such a job has failed with `backendError`, as BigQuery says of a job that it could not finish.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from local_bigquery import errors
from local_bigquery.jobs import runner, store
from local_bigquery.models import JobStatistics

_submitting = threading.Lock()


def apply() -> None:
    """Put the repairs in place; the emulator calls these functions by their module."""
    errors.STATUSES.setdefault("backendError", (503, "UNAVAILABLE"))
    runner.submit = _one_at_a_time(runner.submit)
    runner.get = _ended(runner.get)


def _one_at_a_time(original: Callable[..., Any]) -> Callable[..., Any]:
    def submit(*given: Any, **named: Any) -> Any:  # noqa: ANN401
        with _submitting:
            return original(*given, **named)

    return submit


def _ended(original: Callable[[str, str], Any]) -> Callable[[str, str], Any]:
    def get(project_id: str, job_id: str) -> Any:  # noqa: ANN401
        job = original(project_id, job_id)
        if job.status.state == "DONE":
            return job
        with _submitting:
            running = runner._running.get((project_id, job_id))  # noqa: SLF001
            if running and not running.future.done():
                return job
            job = original(project_id, job_id)  # its end is stored before it is forgotten
            if job.status.state == "DONE":
                return job
            runner._running.pop((project_id, job_id), None)  # noqa: SLF001
            nothing = JobStatistics.model_validate({job.configuration.jobType.lower(): {}})
            lost = errors.BigQueryError("backendError", "The job was lost when the emulator ended. Retrying may help.")
            return store.save(runner._done(job, nothing, lost))  # noqa: SLF001

    return get
