"""The rules of the weekly refit: what it may read and write, who starts it, and that it uses a model only where a variable says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from infra.deployment import RUN_API, Deployment, Resource
from infra.rules import policy
from regen.schemas import STAGING_DATASET

JOB = "google_cloud_run_v2_job"
STARTS = "google_cloud_run_v2_job_iam_member"
SCHEDULE = "google_cloud_scheduler_job"
READS = {"roles/bigquery.jobUser", "roles/bigquery.dataViewer"}
PUBLISHES = {"roles/storage.objectCreator", "roles/storage.objectViewer"}


def account(job: Resource) -> str:
    return str(job.values["template"][0]["template"][0]["service_account"])


def container(job: Resource) -> dict[str, Any]:
    found: dict[str, Any] = job.values["template"][0]["template"][0]["containers"][0]
    return found


def environment(job: Resource) -> dict[str, str]:
    return {e["name"]: e["value"] for e in container(job)["env"]}


@policy
def the_refit_reads_and_publishes_alone(d: Deployment) -> Iterator[str]:
    """Its account reads inputs and publishes models: no table to write, no record, no message, no secret, no other's account."""
    for job in d.of(JOB):
        member = f"serviceAccount:{account(job)}"
        store = environment(job)["REGEN_MODELS_STORE"].removeprefix("gs://")
        for r, role, who in d.grants():
            if who != member:
                continue
            publishes = role in PUBLISHES and r.values.get("bucket") == store
            if not publishes and role not in READS:
                yield f"{r.address}: the refit has {role}"
            if role == "roles/bigquery.dataViewer" and str(r.values["dataset_id"]).endswith(STAGING_DATASET):
                yield f"{r.address}: it reads what is staged"
        callers = {a for key in d.functions() for a in d.environment(key)["REGEN_PUSH_ACCOUNTS"].split(",")}
        if account(job) in {d.account(key) for key in d.functions()} | callers:
            yield f"{job.address}: {account(job)} serves two purposes"
        if any(e.get("value_source") for e in container(job)["env"]):
            yield f"{job.address}: a secret"


@policy
def the_refit_and_the_coordinator_agree(d: Deployment) -> Iterator[str]:
    """The coordinator lets in this account, at this address and audience, with this store; nothing is used unless both say so."""
    theirs = d.environment("coordinator")
    jobs = d.of(JOB)
    if theirs["REGEN_REFIT_ACCOUNT"] != "".join(account(job) for job in jobs):
        yield f"the coordinator lets in {theirs['REGEN_REFIT_ACCOUNT']}"
    for job in jobs:
        own, arguments = environment(job), container(job)["args"]
        for name in ("REGEN_MODELS_STORE", "REGEN_DATASET_PREFIX", "REGEN_OIDC_AUDIENCE"):
            if own[name] != theirs[name]:
                yield f"{name}: the refit has {own[name]}, the coordinator {theirs[name]}"
        if own["PROJECT_ID"] != theirs["REGEN_PROJECT"]:
            yield f"it reads {own['PROJECT_ID']}"
        if d.function_at(own["COORDINATOR_URL"])[0] != "coordinator":
            yield f"it asks {own['COORDINATOR_URL']}"
        if arguments[:3] != ["models", "refit", "--from-warehouse"]:
            yield f"it does {arguments}"
        if ("--use" in arguments) != (theirs["REGEN_REFIT_USES"] == "true"):
            yield f"it may {'not ' if theirs['REGEN_REFIT_USES'] != 'true' else ''}have models used, and does {arguments}"


@policy
def the_schedule_alone_starts_the_refit(d: Deployment) -> Iterator[str]:
    """One account may start the job, the schedule's, which may do nothing else; each schedule that calls no function is this."""
    jobs = {job.values["name"]: job for job in d.of(JOB)}
    starters = set()
    for r in (r for r in d.of(SCHEDULE) if r not in d.schedules()):
        target = r.values["http_target"][0]
        path = urlsplit(target["uri"])
        name = path.path.rpartition("/")[2].removesuffix(":run")
        if path.netloc != RUN_API or name not in jobs or target["oidc_token"] or not target["oauth_token"]:
            yield f"{r.address}: {target['uri']}"
            continue
        starters.add(f"serviceAccount:{target['oauth_token'][0]['service_account_email']}")
    given = [(r, member) for r, role, member in d.grants() if r.kind == STARTS and role == "roles/run.invoker"]
    if {member for _, member in given} != starters or {r.values["name"] for r, _ in given} != jobs.keys():
        yield f"the refit is started by {sorted(member for _, member in given)}, its schedule acts as {sorted(starters)}"
    for r, role, member in d.grants():
        if member in starters and r.kind != STARTS:
            yield f"{r.address}: who starts the refit has {role}"


@policy
def the_refit_ends(d: Deployment) -> Iterator[str]:
    """One task at a time, with an end, from an image that is named."""
    for job in d.of(JOB):
        template = job.values["template"][0]
        task = template["template"][0]
        if template["task_count"] != 1 or task["max_retries"] > 1 or task["timeout"] not in {"1800s", "3600s"}:
            yield f"{job.address}: {template['task_count']} tasks, {task['max_retries']} retries, {task['timeout']}"
        if not container(job)["image"] or container(job)["image"].endswith(":latest"):
            yield f"{job.address}: image {container(job)['image']}"
