"""The questions that no emulator answers: asked of Google Cloud with the operator's own rights, and read only.

On the local stack a row that has an equivalent there asks the emulator; the others say `n/a`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache

from regen.cli.doctor import delivery
from regen.cli.doctor.deployment import APPLY, INVOKE, Deployment
from regen.cli.doctor.looking import Look, known
from regen.cli.session import Session
from regen.cli.settings import local_home, read_env
from regen.client.platform import Platform, PlatformRefused, Record
from regen.client.vitals import Answer, State

SERVICES = ("coordinator", "verifier", "worker")
PERMISSIONS: Mapping[str, str] = {
    "bigquery.jobs.create": "every command that reads the tables (roles/bigquery.jobUser)",
    "cloudscheduler.jobs.get": "this command (roles/cloudscheduler.viewer)",
    "eventarc.triggers.list": "this command (roles/eventarc.viewer)",
    "logging.logEntries.list": "reading the functions' logs (roles/logging.viewer)",
    "monitoring.timeSeries.list": "this command (roles/monitoring.viewer)",
    "pubsub.subscriptions.get": "this command (roles/pubsub.viewer)",
    "run.services.get": "this command (roles/run.viewer)",
}
"""What an operator needs on the project, and for what. Rights on datasets show in the row `tables`."""
NOT_LOCAL = "the local stack has no such thing"
ROWS = ("functions", "subscriptions", "dead letters", "change events", "schedules", "your rights")


def looks(session: Session) -> Iterator[Look]:
    """The rows, in order."""
    settings = session.settings
    if settings.emulator:
        yield from _local(settings.project)
    elif not settings.region:
        for row in ROWS:
            yield known(row, State.MISSING, "the region is not known", "set REGEN_REGION: `terraform output -raw env`")
    else:
        name = settings.name or "regen"
        yield from cloud(Deployment(Platform(settings.project), settings.region, name))


def cloud(deployment: Deployment) -> Iterator[Look]:
    """The rows of a deployed system."""

    @cache
    def services() -> Mapping[str, Record]:
        return {service: deployment.service(service) for service in SERVICES}

    def asked(row: Callable[[], Answer]) -> Callable[[], Answer]:
        def ask() -> Answer:
            try:
                return row()
            except PlatformRefused as error:
                if error.status == 403:
                    return State.FAILED, f"not permitted: {error}", "ask for the roles that the row `your rights` names"
                raise

        return ask

    yield Look("functions", asked(lambda: _functions(services())), APPLY)
    yield Look("subscriptions", asked(lambda: delivery.subscriptions(deployment, services())), APPLY)
    yield Look("dead letters", asked(lambda: delivery.dead_letters(deployment)), "see `dead_letter` in the runbook")
    yield Look("change events", asked(lambda: delivery.change_events(deployment)), APPLY)
    yield Look("schedules", asked(lambda: delivery.schedules(deployment)), APPLY)
    yield Look("your rights", lambda: _rights(deployment))


def _local(project: str) -> Iterator[Look]:
    host = read_env(local_home() / "env").get("PUBSUB_EMULATOR_HOST")
    for row in ROWS:
        if row == "subscriptions" and host:
            yield Look(
                row, lambda: delivery.emulated_subscriptions(host, project), "stop the local stack and start it again"
            )
        else:
            yield known(row, State.NONE, NOT_LOCAL)


def _functions(services: Mapping[str, Record]) -> Answer:
    versions = {service: _variable(found, "REGEN_CODE_VERSION") for service, found in services.items()}
    wrong = [f"{service}: {problem}" for service, found in services.items() for problem in _not_serving(found)]
    if len(set(versions.values())) > 1:
        wrong.append("different code: " + ", ".join(f"{s} {v}" for s, v in versions.items()))
    if wrong:
        return State.FAILED, "; ".join(wrong), f"see the failed revision's log in Cloud Run, then {APPLY}"
    return State.OK, f"all three serve {next(iter(versions.values()))}", ""


def _not_serving(service: Record) -> Iterator[str]:
    created, ready = service.get("latestCreatedRevision", ""), service.get("latestReadyRevision", "")
    if created != ready:
        yield f"revision {created.rpartition('/')[2]} is not ready; {ready.rpartition('/')[2] or 'none'} serves"
    condition = service.get("terminalCondition", {})
    if condition.get("state") not in {None, "CONDITION_SUCCEEDED"}:
        yield str(condition.get("message") or condition["state"])
    latest = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
    if any(t.get("type", latest) != latest and t.get("percent") for t in service.get("traffic", ())):
        yield "traffic is held on an older revision"


def _variable(service: Record, name: str) -> str:
    containers = service.get("template", {}).get("containers", [])
    found = (v.get("value") for c in containers for v in c.get("env", ()) if v.get("name") == name)
    return next((str(value) for value in found if value), "unknown")


def _rights(deployment: Deployment) -> Answer:
    lacking = sorted(PERMISSIONS.keys() - deployment.platform.permitted(list(PERMISSIONS)))
    missing = [f"{name} for {PERMISSIONS[name]}" for name in lacking]
    if "run.services.get" not in lacking and not deployment.may_invoke("coordinator"):
        missing.append(f"{INVOKE} on {deployment.name}-coordinator for every command (roles/run.invoker)")
    if not missing:
        return State.OK, f"{len(PERMISSIONS)} permissions on the project, and {INVOKE} on the coordinator", ""
    each = "; ".join(missing)
    return State.FAILED, f"you lack {each}", "be made a member of the operators' group: docs/deployment.md says how"
