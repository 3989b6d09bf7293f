"""The rules of the console in the cloud: who gets in, what it may read, and that it acts through the coordinator alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infra.deployment import Deployment, Resource, last
from infra.rules import policy
from regen.console_host.wiring import settings_of
from regen.schemas import STAGING_DATASET
from regen.settings import declared
from regen.web.settings import SettingsInvalid

SERVICE = "google_cloud_run_v2_service"
ACCESS = "google_iap_web_cloud_run_service_iam_member"
SHARED = (
    *(
        "REGEN_CODE_VERSION",
        "REGEN_CONSOLE_OPERATORS",
        "REGEN_CONSOLE_URL",
        "REGEN_DATASET_PREFIX",
        "REGEN_IAP_AUDIENCE",
    ),
    *("REGEN_MAXIMUM_BYTES_BILLED", "REGEN_OIDC_AUDIENCE", "REGEN_PROJECT"),
)
READS = {"roles/bigquery.jobUser", "roles/bigquery.dataViewer"}


def consoles(d: Deployment) -> list[Resource]:
    return d.of(SERVICE)


def environment(console: Resource) -> dict[str, str]:
    return {e["name"]: e["value"] for e in _container(console)["env"]}


def account(console: Resource) -> str:
    return str(console.values["template"][0]["service_account"])


def _container(console: Resource) -> dict[str, Any]:
    found: dict[str, Any] = console.values["template"][0]["containers"][0]
    return found


@policy
def the_console_is_behind_the_proxy(d: Deployment) -> Iterator[str]:
    """Identity-Aware Proxy asks who comes, and it alone may invoke the service; those whom it lets in are named."""
    for console in consoles(d):
        if not console.values["iap_enabled"] or console.values["invoker_iam_disabled"]:
            yield f"{console.address}: anybody gets in"
        name = console.values["name"]
        invoking = {m for r, role, m in d.grants() if role == "roles/run.invoker" and r.values["name"] == name}
        if invoking != {d.service_agent("console")}:
            yield f"{name} is invoked by {sorted(invoking)}"
    for r in d.of(ACCESS):
        if not r.values["member"].startswith(("user:", "group:", "domain:")):
            yield f"{r.address}: {r.values['member']}"


@policy
def the_console_reads_alone(d: Deployment) -> Iterator[str]:
    """Its account reads inputs and outputs and has no other right: no secret, no record, no message, no staging."""
    for console in consoles(d):
        member = f"serviceAccount:{account(console)}"
        given = [(r, role) for r, role, m in d.grants() if m == member]
        yield from (f"{r.address}: the console has {role}" for r, role in given if role not in READS)
        seen = {r.values["dataset_id"] for r, role in given if role == "roles/bigquery.dataViewer"}
        if not seen or any(s.endswith(STAGING_DATASET) for s in seen):
            yield f"the console reads {sorted(seen)}"
        if any(e.get("value_source") for e in _container(console)["env"]):
            yield f"{console.address}: a secret"
        others = {d.account(key) for key in d.functions()}
        callers = {a for key in d.functions() for a in d.environment(key)["REGEN_PUSH_ACCOUNTS"].split(",")}
        if account(console) in others | callers or not account(console).split("@")[0].endswith("-console"):
            yield f"{console.address}: {account(console)} serves two purposes"


@policy
def console_and_coordinator_agree(d: Deployment) -> Iterator[str]:
    """Account, audience and operators are the same on both sides; the console starts with what it is given."""
    theirs = d.environment("coordinator")
    for console in consoles(d):
        own = environment(console)
        if theirs["REGEN_CONSOLE_ACCOUNT"] != account(console):
            yield f"the coordinator takes assertions from {theirs['REGEN_CONSOLE_ACCOUNT']}"
        for name in SHARED:
            if own.get(name) != theirs[name]:
                yield f"{name}: the console has {own.get(name)}, the coordinator {theirs[name]}"
        service = f"/locations/{console.values['location']}/services/{console.values['name']}"
        if not theirs["REGEN_IAP_AUDIENCE"].endswith(service):
            yield f"an assertion is meant for {theirs['REGEN_IAP_AUDIENCE']}"
        if d.function_at(own["REGEN_COORDINATOR_URL"])[0] != "coordinator":
            yield f"the console asks {own['REGEN_COORDINATOR_URL']}"
        let_in = {r.values["member"].lower() for r in d.of(ACCESS)}
        operators = [o for o in own["REGEN_CONSOLE_OPERATORS"].split(",") if o]
        yield from (f"{o} may act, and is not let in" for o in operators if f"user:{o}" not in let_in)
        lacking = {n for n, row in declared().items() if not row.secret} ^ (own.keys() - {"LOG_EXECUTION_ID"})
        if lacking:
            yield f"variables of the console: {sorted(lacking)}"
        try:
            settings_of({"K_SERVICE": "regen-console", **own})
        except SettingsInvalid as error:
            yield f"the console would not start: {error}"


@policy
def the_console_costs_nothing_when_idle(d: Deployment) -> Iterator[str]:
    """No instance waits, few can be made, CPU is billed while it answers; built from the archive of its content."""
    for console in consoles(d):
        template = console.values["template"][0]
        scaling = template["scaling"][0]
        if scaling["min_instance_count"] != 0 or not 1 <= scaling["max_instance_count"] <= 4:
            yield f"{console.address}: {scaling['min_instance_count']} to {scaling['max_instance_count']} instances"
        if not _container(console)["resources"][0]["cpu_idle"]:
            yield f"{console.address}: CPU is billed always"
        (build,) = console.values["build_config"]
        archives = {f"gs://{r.values['bucket']}/{r.values['name']}" for r in d.of("google_storage_bucket_object")}
        if build["source_location"] not in archives or build["function_target"] != "main":
            yield f"{console.address}: built from {build['source_location']}"
        if build["image_uri"] != _container(console)["image"]:
            yield f"{console.address}: another image is served than built"
        builders = {
            last(f.values["build_config"][0]["service_account"]) for f in d.of("google_cloudfunctions2_function")
        }
        if last(build["service_account"]) not in builders:
            yield f"{console.address}: built by {build['service_account']}"
