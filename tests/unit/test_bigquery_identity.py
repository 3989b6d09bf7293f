"""Job ids belong to one service account: an account reads its own jobs, and no other's (platform: roles/bigquery.jobUser)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from google.api_core import exceptions as google_exceptions

from regen.adapters.bigquery.jobs import Jobs
from regen.adapters.bigquery.warehouse import BigQueryWarehouse
from regen.domain.errors import Conflict
from regen.web import bootstrap
from regen.web.settings import read_settings

google: Any = google_exceptions


@dataclass
class Job:
    """A job and the account that inserted it."""

    name: str
    creator: str
    error: Exception | None = None
    state: str = "DONE"

    @property
    def error_result(self) -> dict[str, str] | None:
        return {"reason": "invalidQuery", "message": str(self.error)} if self.error else None

    def result(self, **_: object) -> str:
        if self.error:
            raise self.error
        return f"{self.name} of {self.creator}"


@dataclass
class Project:
    """The jobs of a project; a client of it is one account."""

    jobs: dict[str, Job] = field(default_factory=dict)
    fails: list[Exception] = field(default_factory=list)

    def client(self, account: str) -> Any:
        return Client(self, account)


@dataclass
class Client:
    project: Project
    account: str

    def query(self, _: str, *, job_id: str, **__: object) -> Job:
        if job_id in self.project.jobs:
            raise google.Conflict(f"Already Exists: Job p:US.{job_id}")
        error = self.project.fails.pop(0) if self.project.fails else None
        self.project.jobs[job_id] = Job(job_id, self.account, error)
        return self.project.jobs[job_id]

    def get_job(self, name: str, **_: object) -> Job:
        job = self.project.jobs[name]
        if job.creator != self.account:
            raise google.Forbidden(
                f"Access Denied: Job p:US.{name}: User does not have bigquery.jobs.get permission",
                errors=[{"reason": "accessDenied"}],
            )
        return job


def jobs(project: Project, account: str, prefix: str = "regen") -> Jobs:
    return Jobs(project.client(account), prefix, sleep=lambda _: None)


def test_job_id_of_another_account_blocks_no_submission() -> None:
    """A1: 409, then 403 on reading the other's job: the audit entry ended aside although it was written, or never was."""
    project = Project()
    assert jobs(project, "coordinator").query("INSERT", [], "a") == "regen-a-1 of coordinator"
    assert jobs(project, "verifier").query("INSERT", [], "a") == "regen-a-2 of verifier"
    assert jobs(project, "verifier").query("INSERT", [], "a") == "regen-a-2 of verifier"


def test_failed_jobs_of_another_account_count_for_nothing() -> None:
    conflict = google.BadRequest("Transaction is aborted due to concurrent update")
    project = Project(fails=[conflict] * 12)
    for _ in range(12):
        with pytest.raises(Conflict):
            jobs(project, "coordinator").query("INSERT", [], "a")
    assert jobs(project, "verifier").query("INSERT", [], "a").endswith("of verifier")


def test_every_job_id_names_its_service(monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project()
    settings = read_settings({"REGEN_PROJECT": "a-project", "REGEN_DATASET_PREFIX": "new_"})
    monkeypatch.setattr("regen.adapters.bigquery.clients.bigquery_client", lambda *_: project.client("x"))
    prefixes = set()
    for service in ("regen-coordinator", "regen-verifier"):
        monkeypatch.setenv("K_SERVICE", service)
        prefixes.add(bootstrap._warehouse(settings).jobs.prefix)
    assert prefixes == {"regen-coordinator-new_", "regen-verifier-new_"}
    assert BigQueryWarehouse(project.client("x"), "a-project").jobs.prefix == "regen"
