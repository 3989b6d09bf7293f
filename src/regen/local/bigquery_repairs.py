"""Repairs of the BigQuery emulator, applied by its launcher inside its own environment: two defects of its jobs, one of its
database.

Each function below is one patch, written so that the emulator's author could take it over: what is wrong, where, and the
mended behaviour. `WRITTEN_FOR` has the code that each was written for. tests/integration/test_emulator_patches.py names the
patches that another version no longer needs.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from typing import Any

from local_bigquery import errors
from local_bigquery.engine import database
from local_bigquery.jobs import runner, store
from local_bigquery.models import JobStatistics

_submitting = threading.Lock()


def take_ids_one_at_a_time() -> None:
    """Let one of two submissions of a job's id win.

    Wrong: `submit` looks for the id and then takes it, in two steps. Two submissions at once both find it free: one
    of them ends in an internal error, or both run.
    Where: `local_bigquery.jobs.runner.submit`.
    Mended: a lock around both steps. The second submission gets `duplicate`, as BigQuery answers.
    """
    original = runner.submit

    def submit(*given: Any, **named: Any) -> Any:  # noqa: ANN401
        with _submitting:
            return original(*given, **named)

    runner.submit = submit


def end_lost_jobs() -> None:
    """End a job whose process or thread has died.

    Wrong: the record of such a job says `RUNNING` for ever, so its caller waits for ever.
    Where: `local_bigquery.jobs.runner.get`, and `local_bigquery.errors.STATUSES`, which lacks `backendError`.
    Mended: a job that no thread of this process runs has failed with `backendError`, as BigQuery says of a job that it could
    not finish.
    """
    errors.STATUSES.setdefault("backendError", (503, "UNAVAILABLE"))
    original: Callable[[str, str], Any] = runner.get

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

    runner.get = get


def number_rows_as_written() -> None:
    """Keep `QUALIFY ROW_NUMBER() ... = 1` a window.

    Wrong: DuckDB turns it into an aggregate (`top_n_window_elimination`). If an UPDATE of rows that its own transaction
    has inserted reads two alike, DuckLake looks for their file in vain ("Could not find matching file for written delete
    file"), and the process dies.
    Where: DuckDB's optimizer; `local_bigquery.engine.database._connect` could switch it off.
    Mended: that optimizer is off.
    """
    _switch_off("top_n_window_elimination")


def plan_without_statistics() -> None:
    """Plan without the statistics of columns.

    Wrong: DuckLake keeps no statistics of an empty table, so that each plan asks the metadata for them once for each column: two thirds
    of the time of a promotion, whose tables of staging begin empty.
    Where: DuckLake's `GetTableStats`, which two of DuckDB's optimizers call; `local_bigquery.engine.database._connect` could switch them off.
    Mended: those optimizers are off, and tables are joined in the order in which a statement names them.
    """
    _switch_off("join_order", "statistics_propagation")


def _switch_off(*optimizers: str) -> None:
    original = database._connect  # noqa: SLF001

    @functools.cache
    def connect() -> Any:  # noqa: ANN401
        connection = original.__wrapped__()
        ((before,),) = connection.execute("SELECT current_setting('disabled_optimizers')").fetchall()
        connection.execute(f"SET GLOBAL disabled_optimizers = '{','.join(filter(None, (before, *optimizers)))}'")
        return connection

    database._connect = connect  # noqa: SLF001


PATCHES: tuple[Callable[[], None], ...] = (
    take_ids_one_at_a_time,
    end_lost_jobs,
    number_rows_as_written,
    plan_without_statistics,
)
WRITTEN_FOR: Mapping[str, Mapping[str, str]] = {
    "take_ids_one_at_a_time": {"local_bigquery.jobs.runner.submit": "01cfe56b4454806d"},
    "end_lost_jobs": {
        "local_bigquery.jobs.runner.get": "a4e0afcdb2811a50",
        "local_bigquery.jobs.runner._done": "327204021e885f51",
    },
    "number_rows_as_written": {"local_bigquery.engine.database._connect": "85e5e6307c1a9cda"},
    "plan_without_statistics": {"local_bigquery.engine.database._connect": "85e5e6307c1a9cda"},
}
"""The start of the SHA-256 of each function's source, by patch."""
