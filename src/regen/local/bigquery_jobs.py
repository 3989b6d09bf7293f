"""The BigQuery emulator's records of jobs, applied by its launcher inside its own environment; a patch as those in the modules beside this one."""

from __future__ import annotations

import functools
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from local_bigquery.jobs import store
from local_bigquery.models import Job
from local_bigquery.settings import settings

_MOST = 10_000
"""Jobs of which a new process keeps the records."""


def keep_jobs_in_a_journal() -> None:
    """Append the records of jobs to a file.

    Wrong: each write of a job is a transaction of DuckDB, which waits for the disk: three for a query, and one more for each statement of a
    script, 10 ms each. That is a third of a small query.
    Where: `local_bigquery.jobs.store`.
    Mended: each write is a line of a file, which outlives the process; the last line of a job counts.
    """
    store.save, store.load, store.list_, store.delete = _save, _load, _list, _delete


class _Line(NamedTuple):
    """Where the last record of a job is, and what lists look for."""

    offset: int
    length: int
    parent: str | None
    state: str
    created: int


class _Journal:
    """The records of jobs by project and id, in a file."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._lines: dict[tuple[str, str], _Line] = {}
        kept = list(_last_lines(path))[-_MOST:]
        self._file = path.with_suffix(".new").open("w+b", buffering=0)
        for project_id, job_id, parent, state, created, resource in kept:
            self.put((project_id, job_id), parent, state, created, resource)
        path.with_suffix(".new").replace(path)

    def put(self, key: tuple[str, str], parent: str | None, state: str, created: int, resource: Any) -> None:  # noqa: ANN401
        """Write a record; one without a resource deletes."""
        line = json.dumps([*key, parent, state, created, resource]).encode() + b"\n"
        with self._lock:
            offset = self._file.seek(0, os.SEEK_END)
            self._file.write(line)
            self._lines.pop(key, None)
            if resource is not None:
                self._lines[key] = _Line(offset, len(line), parent, state, created)

    def get(self, key: tuple[str, str]) -> Any:  # noqa: ANN401
        """A job; None if there is none."""
        line = self._lines.get(key)
        if line is None:
            return None
        resource = json.loads(os.pread(self._file.fileno(), line.length, line.offset))[-1]
        return Job.model_validate_json(json.dumps(resource))

    def matching(self, fits: Callable[[tuple[str, str], _Line], bool]) -> list[tuple[str, str]]:
        """The keys of the jobs that fit, the newest first."""
        with self._lock:
            found = [(-line.created, key) for key, line in self._lines.items() if fits(key, line)]
        return [key for _, key in sorted(found)]


def _last_lines(path: Path) -> Iterator[Sequence[Any]]:
    """The last record of each job that is not deleted, in the order of their writing."""
    last: dict[tuple[str, str], Sequence[Any]] = {}
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            found = json.loads(line)
        except ValueError:
            continue  # the process was killed while it wrote
        last.pop((found[0], found[1]), None)
        last[found[0], found[1]] = found
    yield from (found for found in last.values() if found[-1] is not None)


@functools.cache
def _at(folder: Path) -> _Journal:
    folder.mkdir(parents=True, exist_ok=True)
    return _Journal(folder / "jobs.jsonl")


_opening = threading.Lock()


def _journal() -> _Journal:
    with _opening:
        return _at(Path(settings.data_dir))


def _save(job: Any) -> Any:  # noqa: ANN401
    key = job.jobReference.projectId, job.jobReference.jobId
    created = int(job.statistics.creationTime)
    _journal().put(key, job.statistics.parentJobId, job.status.state, created, job.dump())
    return job


def _load(project_id: str, job_id: str) -> Any:  # noqa: ANN401
    return _journal().get((project_id, job_id))


def _list(
    project_id: str,
    states: list[str] | None = None,
    parent_job_id: str | None = None,
    min_creation_time: int | None = None,
    max_creation_time: int | None = None,
) -> list[Any]:
    def fits(key: tuple[str, str], line: _Line) -> bool:
        return (
            key[0] == project_id
            and line.parent == parent_job_id
            and (states is None or line.state in states)
            and (min_creation_time is None or line.created >= min_creation_time)
            and (max_creation_time is None or line.created <= max_creation_time)
        )

    journal = _journal()
    found = [journal.get(key) for key in journal.matching(fits)]
    return [job for job in found if job is not None]


def _delete(project_id: str, job_id: str) -> None:
    journal = _journal()
    for key in journal.matching(lambda key, line: key[0] == project_id and job_id in (key[1], line.parent)):
        journal.put(key, None, "", 0, None)


PATCHES: tuple[Callable[[], None], ...] = (keep_jobs_in_a_journal,)
WRITTEN_FOR: Mapping[str, Mapping[str, str]] = {
    "keep_jobs_in_a_journal": {
        "local_bigquery.jobs.store.save": "6625157d08cc1248",
        "local_bigquery.jobs.store.load": "1774f3aa3970abb9",
        "local_bigquery.jobs.store.list_": "264314fe1e2b4e0f",
        "local_bigquery.jobs.store.delete": "8e30a6a8fbb97b65",
    },
}
"""The start of the SHA-256 of each function's source, by patch."""
