"""The official client's face towards our adapters: whatever runs the statements stands behind it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import IO, Any

from google.api_core import exceptions as google
from google.cloud import bigquery
from google.cloud.bigquery.table import Row

Parameters = Sequence[Mapping[str, Any]]
Loaded = Callable[[str, IO[bytes], bigquery.LoadJobConfig], None]


class Rows(list[Row]):
    """What a job answers."""

    num_dml_affected_rows: int | None = None


def answer(rows: Iterable[Mapping[str, Any]], affected: int | None = None) -> Rows:
    made = Rows(Row(list(row.values()), {name: i for i, name in enumerate(row)}) for row in rows)
    made.num_dml_affected_rows = affected
    return made


@dataclass
class Job:
    """A job that is over."""

    job_id: str
    answer: Rows | None = None
    error: Exception | None = None
    state: str = "DONE"

    @property
    def error_result(self) -> Mapping[str, str] | None:
        """How the job ended, by its own word."""
        if self.error is None:
            return None
        reason = "notFound" if isinstance(self.error, google.NotFound) else "invalidQuery"
        return {"reason": reason, "message": getattr(self.error, "message", str(self.error))}

    def result(self, **_: Any) -> Rows:
        if self.error is not None:
            raise self.error
        return self.answer if self.answer is not None else Rows()


class FakeClient:
    """Runs each query at once; a job's id is taken once."""

    def __init__(self, run: Callable[[str, Parameters], Rows], load: Loaded | None = None) -> None:
        self._run = run
        self._load = load
        self.jobs: dict[str, Job] = {}
        self.tables: dict[str, datetime] = {}
        self.expires: dict[str, datetime | None] = {}
        self.schemas: dict[str, Sequence[bigquery.SchemaField]] = {}

    def query(self, text: str, job_config: bigquery.QueryJobConfig | None = None, job_id: str = "", **_: Any) -> Job:
        sent = [p.to_api_repr() for p in job_config.query_parameters] if job_config else []
        return self._job(job_id, lambda: self._run(text, sent))

    def query_and_wait(self, text: str, job_config: bigquery.QueryJobConfig | None = None, **_: Any) -> Rows:
        return self.query(text, job_config).result()

    def load_table_from_file(
        self, data: IO[bytes], table: str, job_id: str = "", job_config: Any = None, **_: Any
    ) -> Job:
        def load() -> Rows:
            data.seek(0)
            if self._load is not None:
                self._load(table, data, job_config)
            return Rows()

        return self._job(job_id, load)

    def get_job(self, job_id: str, **_: Any) -> Job:
        return self.jobs[job_id]

    def create_table(self, table: bigquery.Table, **_: Any) -> SimpleNamespace:
        name = f"{table.project}.{table.dataset_id}.{table.table_id}"
        if name not in self.tables:
            self.expires[name] = table.expires
        created = self.tables.setdefault(name, datetime.now(UTC))
        return SimpleNamespace(created=created)

    def get_table(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(num_rows=1, schema=self.schemas.get(name, ()))

    def list_tables(self, dataset: str, **_: Any) -> list[SimpleNamespace]:
        found = [(n.rpartition(".")[2], at) for n, at in self.tables.items() if n.startswith(f"{dataset}.")]
        return [
            SimpleNamespace(table_id=n, created=at, expires=self.expires.get(f"{dataset}.{n}"))
            for n, at in sorted(found)
        ]

    def delete_table(self, name: str, **_: Any) -> None:
        self.tables.pop(name, None)

    def create_dataset(self, dataset: bigquery.Dataset, **_: Any) -> None:
        """Datasets are there."""

    def close(self) -> None:
        """Nothing is open."""

    def _job(self, job_id: str, run: Callable[[], Rows]) -> Job:
        name = job_id or uuid.uuid4().hex
        if name in self.jobs:
            raise google.Conflict(f"Already Exists: Job {name}")  # type: ignore[no-untyped-call]
        job = self.jobs[name] = Job(name)
        try:
            job.answer = run()
        except google.GoogleAPICallError as error:
            job.error = error
        return job


@dataclass
class Recorder:
    """Remembers what the adapters send, and answers what an act needs to go on."""

    sent: list[tuple[str, Parameters]] = field(default_factory=list)
    rows: list[Mapping[str, Any]] = field(default_factory=list)

    def __call__(self, text: str, parameters: Parameters) -> Rows:
        self.sent.append((text, parameters))
        return answer(self.rows, 1)
