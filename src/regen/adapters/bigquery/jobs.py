"""Submitting jobs: with ids by which a repeated submission finds the first job, bounded retries, and a count."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from google.api_core import exceptions as google
from google.api_core.retry import Retry
from google.cloud import bigquery

from regen.adapters.bigquery.errors import last_word, sorted_error, translated
from regen.adapters.bigquery.params import Parameter
from regen.adapters.bigquery.refusals import LASTING
from regen.domain.errors import AccessDenied, Conflict, RegenError, Unavailable
from regen.domain.promotion import StagingTable

#: Number of predictable ids of a submission; after them come random ones, so that attempts never run out.
ATTEMPTS = 8
#: Pauses in seconds before a call is repeated that the platform asked to slow down; after the last one RateLimited is raised.
PATIENCE = (0.25, 0.5, 1.0, 2.0, 4.0)
#: Pauses in seconds before a script is run again that BigQuery cancelled because of a concurrent one.
MEETINGS = (0.2, 0.5, 1.0, 2.0)


def _fleeting(error: Exception) -> bool:
    """Whether the same call may succeed soon. A broken connection counts: the client raises an error of its own for it.

    A 409 is an answer. Where a table exists, `create_table(exists_ok=True)` catches it; a repeated call would get it again.
    """
    found = sorted_error(error)
    return isinstance(found, Unavailable) and not isinstance(found, LASTING) and not isinstance(error, google.Conflict)


#: The client repeats calls that do not submit a job; `_submit` repeats a submission, under its own id.
POLLING = Retry(predicate=_fleeting, initial=0.2, maximum=2.0, timeout=30.0)

ONCE = Retry(predicate=lambda _: False)


@dataclass
class Jobs:
    """The jobs of one warehouse.

    Attributes:
        prefix: the start of every job's id. Services and warehouses that share a project need different prefixes,
            because an account cannot read another account's jobs.
        submitted: number of jobs that this instance has inserted, without those that it found again.
        maximum_bytes_billed: BigQuery refuses a query that would bill more.
    """

    client: bigquery.Client
    prefix: str = "regen"
    location: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    maximum_bytes_billed: int | None = None
    timeout: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    submitted: int = 0

    def query(self, text: str, parameters: Sequence[Parameter], job_id: str | None = None) -> Any:  # noqa: ANN401
        """Run a statement or a script, and return its rows. With a `job_id`, a repeated submission finds the first job."""
        config = bigquery.QueryJobConfig(query_parameters=list(parameters), use_query_cache=False, labels=self.labels)
        if self.maximum_bytes_billed is not None:
            config.maximum_bytes_billed = self.maximum_bytes_billed

        def submit(name: str) -> bigquery.QueryJob:
            return self.client.query(
                text, job_config=config, job_id=name, location=self.location, retry=ONCE, job_retry=None,
                timeout=self.timeout,
            )  # fmt: skip

        return self._run(submit, job_id)

    def alone(self, text: str, parameters: Sequence[Parameter]) -> Any:  # noqa: ANN401
        """Run a script whose transaction changes a row of `statement_locks`; after a conflict run it again.

        Raises:
            Conflict: every run conflicted with another transaction.
        """
        for pause in MEETINGS:
            try:
                return self.query(text, parameters)
            except Conflict:
                self.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
        return self.query(text, parameters)

    def load(self, data: IO[bytes], size: int, config: bigquery.LoadJobConfig, table: str, job_id: str) -> None:
        """Load newline-delimited JSON into a table."""
        config.labels = self.labels

        def submit(name: str) -> bigquery.LoadJob:
            return self.client.load_table_from_file(
                data, table, rewind=True, size=size, num_retries=0, job_id=name, location=self.location,
                job_config=config, timeout=self.timeout,
            )  # fmt: skip

        self._run(submit, job_id)

    def columns_of(self, name: str) -> list[str]:
        """The names of a table's columns."""
        with translated():
            return [field.name for field in self.client.get_table(name).schema]

    def staging_tables(self, dataset: str) -> list[StagingTable]:
        """The tables of the dataset of staging."""
        with translated():
            items = list(self.client.list_tables(dataset, retry=POLLING))
        return [StagingTable(item.table_id, item.created, item.expires) for item in items]

    def _run(self, submit: Callable[[str], Any], job_id: str | None) -> Any:  # noqa: ANN401
        """Submit until a job has run. If an earlier job of that id has failed, use the next id."""
        for name in self._names(job_id):
            job, fresh = self._submit(submit, name)
            if job is None:
                continue
            try:
                return job.result(retry=POLLING, timeout=self.timeout, **_no_job_retry(job))
            except Exception as error:
                found = self._ended(job, name)
                if found is None:
                    raise sorted_error(error) from error
                if fresh:
                    raise found from error
        raise AssertionError("ids never run out")

    def _names(self, job_id: str | None) -> Iterator[str]:
        """The ids to try: first the predictable ones, then random ones without end."""
        if job_id:
            yield from (f"{self.prefix}-{job_id}-{attempt}" for attempt in range(1, ATTEMPTS + 1))
        while True:
            yield f"{self.prefix}-{job_id or 'once'}-{uuid.uuid4().hex}"

    def _ended(self, job: Any, name: str) -> RegenError | None:  # noqa: ANN401
        """The error with which the job has ended; None if it has not failed, or its state is unknown."""
        if found := last_word(job):
            return found
        if getattr(job, "state", None) == "DONE":
            return None
        try:
            with translated():
                return last_word(self.client.get_job(name, location=self.location, retry=ONCE, timeout=self.timeout))
        except RegenError:
            return None  # the caller reports the error of the first call

    def _submit(self, submit: Callable[[str], Any], name: str) -> tuple[Any, bool]:
        """Submit a job under an id.

        Returns:
            The job, and whether this call inserted it. The job is None if another account has used the id.
        """
        for pause in (*PATIENCE, None):
            try:
                job = submit(name)
            except google.Conflict as error:
                if "Job" not in str(error):
                    raise sorted_error(error) from error
                return self._found(name), False
            except Exception as error:
                problem = sorted_error(error)
                if pause is None or not isinstance(problem, Unavailable) or isinstance(problem, LASTING):
                    raise problem from error
                self.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
            else:
                self.submitted += 1
                return job, True
        raise AssertionError

    def _found(self, name: str) -> Any:  # noqa: ANN401
        """The job of that id; None if another account inserted it: this account may not read it.

        `roles/bigquery.jobUser` permits reading one's own jobs only (https://cloud.google.com/bigquery/docs/managing-jobs).
        """
        try:
            with translated():
                return self.client.get_job(name, location=self.location, retry=POLLING, timeout=self.timeout)
        except AccessDenied:
            return None


def _no_job_retry(job: bigquery.QueryJob | bigquery.LoadJob) -> dict[str, Any]:
    return {"job_retry": None} if isinstance(job, bigquery.QueryJob) else {}
