"""The rules that a deployment keeps. Each yields what is wrong, so that a seeded mistake can show that it bites."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator

from infra.deployment import Deployment, Resource, last, seconds
from infra.rules import ROOT, policy
from infra.writing import written_by
from regen.schemas import STAGING_DATASET
from regen.settings import declared, text_of

PUBLIC = {"allUsers", "allAuthenticatedUsers"}
INVOKER = "roles/run.invoker"
PREDICTIONS = "player_prop_predictions"
AUDIT = "prediction_regeneration_audit"

#: Every role that is given, and on what: anything else is too wide, or not thought about.
ROLES = {
    "google_artifact_registry_repository_iam_member": {"roles/artifactregistry.writer"},
    "google_bigquery_dataset_iam_member": {
        "roles/bigquery.dataEditor",
        "roles/bigquery.dataViewer",
        "roles/bigquery.metadataViewer",
    },
    "google_bigquery_table_iam_member": {"roles/bigquery.dataEditor"},
    "google_cloud_run_v2_job_iam_member": {INVOKER},
    "google_cloud_run_v2_service_iam_member": {INVOKER},
    "google_iap_web_cloud_run_service_iam_member": {"roles/iap.httpsResourceAccessor"},
    "google_project_iam_member": {
        "roles/bigquery.jobUser",
        "roles/cloudscheduler.viewer",
        "roles/datastore.user",
        "roles/eventarc.eventReceiver",
        "roles/eventarc.serviceAgent",
        "roles/eventarc.viewer",
        "roles/logging.logWriter",
        "roles/logging.viewer",
        "roles/monitoring.viewer",
        "roles/pubsub.viewer",
        "roles/run.viewer",
        "roles/storage.objectViewer",
    },
    "google_pubsub_subscription_iam_member": {"roles/pubsub.subscriber"},
    "google_pubsub_topic_iam_member": {"roles/pubsub.publisher"},
    "google_secret_manager_secret_iam_member": {"roles/secretmanager.secretAccessor"},
    "google_service_account_iam_member": {"roles/iam.serviceAccountTokenCreator"},
    "google_storage_bucket_iam_member": {"roles/storage.objectCreator", "roles/storage.objectViewer"},
}


@policy
def one_public_service(d: Deployment) -> Iterator[str]:
    """Exactly one service is public: the coordinator."""
    public = [(r, role) for r, role, member in d.grants() if member in PUBLIC]
    where = {r.values.get("name") for r, role in public if role == INVOKER}
    if where != {"regen-coordinator"} or len(public) != 1:
        yield f"public: {[r.address for r, _ in public]}"


@policy
def one_invoker_for_each_caller(d: Deployment) -> Iterator[str]:
    """A private service lets in one account for each kind of caller, and no account serves two purposes."""
    project = d.environment("worker")["REGEN_PROJECT"]
    wanted = {
        "regen-worker": {"regen-push-worker"},
        "regen-verifier": {"regen-push-verifier", "regen-events", "regen-scheduler"},
    }
    for service, names in wanted.items():
        got = {m for r, role, m in d.grants() if role == INVOKER and r.values["name"] == service}
        if got != {f"serviceAccount:{n}@{project}.iam.gserviceaccount.com" for n in names}:
            yield f"{service} lets in {sorted(got)}"


@policy
def private_services_are_unreachable(d: Deployment) -> Iterator[str]:
    """Worker and verifier take requests from inside the project only, and leave signatures to the platform."""
    for key, config in d.functions().items():
        private = key != "coordinator"
        if private and config["ingress_settings"] != "ALLOW_INTERNAL_ONLY":
            yield f"{key}: {config['ingress_settings']}"
        if d.environment(key)["REGEN_TOKEN_CHECK"] != ("claims" if private else "signature"):
            yield f"{key}: token check {d.environment(key)['REGEN_TOKEN_CHECK']}"


@policy
def no_wide_roles(d: Deployment) -> Iterator[str]:
    """Only roles of the list, each on the narrowest thing; members, never bindings.

    A role of the deployment's own is narrower than any of these: a policy says which permissions it has.
    """
    own = {r.values["id"] for r in d.of("google_project_iam_custom_role")}
    for r, role, _ in d.grants():
        if role not in ROLES.get(r.kind, set()) | own:
            yield f"{r.address}: {role}"
    for r in d.resources:
        if r.kind.endswith(("_iam_binding", "_iam_policy", "_dataset_access")):
            yield f"{r.address}: takes away what others have given"


@policy
def conditions_where_they_exist(d: Deployment) -> Iterator[str]:
    """What can only be given on the project is narrowed by a condition."""
    for r in d.of("google_project_iam_member"):
        if r.values["role"] in {"roles/datastore.user", "roles/storage.objectViewer"} and not r.values["condition"]:
            yield f"{r.address}: no condition"


@policy
def every_push_is_signed(d: Deployment) -> Iterator[str]:
    """Each push and each schedule carries a token that its function accepts: that account, that audience."""
    for r in d.pushes():
        config = r.values["push_config"][0]
        key, _ = d.function_at(config["push_endpoint"])
        yield from _signed(d, r.address, key, config["oidc_token"], "REGEN_PUSH_ACCOUNTS")
    for r in d.schedules():
        target = r.values["http_target"][0]
        key, _ = d.function_at(target["uri"])
        yield from _signed(d, r.address, key, target["oidc_token"], "REGEN_SCHEDULER_ACCOUNTS")
    for r in d.of("google_eventarc_trigger"):
        if r.values["service_account"] not in d.environment("verifier")["REGEN_PUSH_ACCOUNTS"].split(","):
            yield f"{r.address}: {r.values['service_account']} is not let in"


def _signed(d: Deployment, address: str, function: str, token: list[dict[str, str]], accounts: str) -> Iterator[str]:
    if not function or not token:
        yield f"{address}: no token, or no function"
        return
    environment = d.environment(function)
    if token[0]["service_account_email"] not in environment[accounts].split(","):
        yield f"{address}: {function} does not let in {token[0]['service_account_email']}"
    if token[0]["audience"] != environment["REGEN_OIDC_AUDIENCE"]:
        yield f"{address}: {function} is not {token[0]['audience']}"


@policy
def subscriptions_last(d: Deployment) -> Iterator[str]:
    """No subscription expires; each push one retries with backoff and has a dead letter; a week of retention."""
    for r in d.of("google_pubsub_subscription"):
        if r.values["expiration_policy"] != [{"ttl": ""}]:
            yield f"{r.address}: expires"
        if seconds(r.values["message_retention_duration"]) < 7 * 86_400:
            yield f"{r.address}: keeps messages for {r.values['message_retention_duration']}"
        if r.values["push_config"] and not (r.values["retry_policy"] and r.values["dead_letter_policy"]):
            yield f"{r.address}: no retry, or no dead letter"


@policy
def dead_letters_are_observed(d: Deployment) -> Iterator[str]:
    """Each dead letter topic has a subscriber, Pub/Sub may write there and acknowledge, and the last stop has an alert."""
    read = {last(r.values["topic"]) for r in d.of("google_pubsub_subscription")}
    agent = d.service_agent("pubsub")
    publish = {last(r.values["topic"]) for r in d.of("google_pubsub_topic_iam_member") if r.values["member"] == agent}
    acknowledge = {
        last(r.values["subscription"])
        for r in d.of("google_pubsub_subscription_iam_member")
        if r.values["member"] == agent
    }
    for r in d.pushes():
        for dead in r.values["dead_letter_policy"]:
            topic = last(dead["dead_letter_topic"])
            if topic not in read:
                yield f"{topic}: nobody reads it"
            if topic not in publish:
                yield f"{topic}: Pub/Sub may not write there"
        if r.values["name"] not in acknowledge:
            yield f"{r.address}: Pub/Sub may not acknowledge a dead letter"
    filters = [
        c["condition_threshold"][0]["filter"]
        for r in d.of("google_monitoring_alert_policy")
        for c in r.values["conditions"]
        if c["condition_threshold"]
    ]
    if not any("prediction-parked-sub" in f and "num_undelivered_messages" in f for f in filters):
        yield "prediction-parked: no alert"


@policy
def nobody_publishes_into_the_void(d: Deployment) -> Iterator[str]:
    """Each topic has a subscription."""
    read = {last(r.values["topic"]) for r in d.of("google_pubsub_subscription")}
    yield from (f"{topic}: no subscription" for topic in sorted(d.topics() - read))


@policy
def own_identities(d: Deployment) -> Iterator[str]:
    """Each function has its own identity, none is a caller's or the build's, and none is the default one."""
    running = [d.account(key) for key in d.functions()]
    accounts = {r.values["email"] for r in d.of("google_service_account")}
    building = {f.values["build_config"][0]["service_account"] for f in d.of("google_cloudfunctions2_function")}
    calling = {s for key in d.functions() for s in d.environment(key)["REGEN_PUSH_ACCOUNTS"].split(",")}
    if len(set(running)) != 3 or not set(running) <= accounts:
        yield f"functions run as {running}"
    if {last(b) for b in building} & set(running) or calling & set(running) or len(building) != 1:
        yield "an identity serves two purposes"


def _loads_models(r: Resource, role: str) -> bool:
    return role == "roles/storage.objectViewer" and str(r.values.get("bucket")).endswith("-models")


@policy
def only_the_verifier_writes_predictions(d: Deployment) -> Iterator[str]:
    """Predictions, runs, audit, fence and staging are the verifier's alone; no right to write is wider than it needs."""
    writers: dict[str, set[str]] = {}
    for r, role, member in d.grants():
        if not role.startswith("roles/bigquery.") or role.endswith(("Viewer", "jobUser")):
            continue
        if r.kind == "google_bigquery_table_iam_member":
            writers.setdefault(last(r.values["table_id"]), set()).add(member)
        elif r.kind == "google_bigquery_dataset_iam_member" and r.values["dataset_id"].endswith(STAGING_DATASET):
            writers.setdefault(STAGING_DATASET, set()).add(member)
        else:
            yield f"{r.address}: {role}"
    verifier = {f"serviceAccount:{d.account('verifier')}"}
    for table in (PREDICTIONS, AUDIT, "prediction_worker_runs", "promotion_fence", STAGING_DATASET):
        if writers.get(table) != verifier:
            yield f"{table}: written by {sorted(writers.get(table, set()))}"
    worker = f"serviceAccount:{d.account('worker')}"
    yield from (
        f"{r.address}: the worker has no business with {role}"
        for r, role, m in d.grants()
        if m == worker and role != "roles/datastore.user" and not _loads_models(r, role)
    )


@policy
def writers_are_those_who_write(d: Deployment) -> Iterator[str]:
    """A function may change exactly the tables that its statements change."""
    for function in d.functions():
        member = f"serviceAccount:{d.account(function)}"
        may = {r.values["table_id"] for r in d.of("google_bigquery_table_iam_member") if r.values["member"] == member}
        does = written_by(function) if function != "worker" else set()
        if may != does:
            yield f"{function} may write {sorted(may - does)} for nothing, and may not write {sorted(does - may)}"


@policy
def only_the_coordinator_reads_the_keys(d: Deployment) -> Iterator[str]:
    """API keys reach the coordinator alone; each secret's readers are those that have it in their environment."""
    for key in d.functions():
        if ("REGEN_API_KEYS" in d.secrets(key)) != (key == "coordinator"):
            yield f"{key}: secrets {sorted(d.secrets(key))}"
    readers: dict[str, set[str]] = {}
    for r in d.of("google_secret_manager_secret_iam_member"):
        readers.setdefault(last(r.values["secret_id"]), set()).add(r.values["member"])
    used: dict[str, set[str]] = {}
    for key, config in d.functions().items():
        for secret in config["secret_environment_variables"]:
            used.setdefault(secret["secret"], set()).add(f"serviceAccount:{d.account(key)}")
    if readers != used:
        yield f"secrets are read by {readers}, used by {used}"


@policy
def no_secret_in_the_state(d: Deployment) -> Iterator[str]:
    """Secrets have no versions here, and no plain variable carries one."""
    yield from (f"{r.address}: a value in the state" for r in d.of("google_secret_manager_secret_version"))
    yield from (f"{r.address}: a key in the state" for r in d.of("google_service_account_key"))
    for key in d.functions():
        yield from (
            f"{key}: {name} in plain" for name in {"REGEN_API_KEYS", "REGEN_WEBHOOK_URL"} & set(d.environment(key))
        )


@policy
def deadlines_agree(d: Deployment) -> Iterator[str]:
    """A function gives up before its push does; redelivery outlasts a batch; a request is not sent again too soon."""
    deadline = float(d.environment("worker")["REGEN_DEADLINE_SECONDS"])
    for r in d.pushes():
        key, _ = d.function_at(r.values["push_config"][0]["push_endpoint"])
        timeout = d.functions()[key]["timeout_seconds"]
        if not timeout < r.values["ack_deadline_seconds"] <= 600:
            yield f"{r.address}: {key} may take {timeout} s, its push waits {r.values['ack_deadline_seconds']} s"
        for dead, retry in itertools.product(r.values["dead_letter_policy"], r.values["retry_policy"]):
            lasts = redelivery_seconds(
                seconds(retry["minimum_backoff"]), seconds(retry["maximum_backoff"]), dead["max_delivery_attempts"]
            )
            if lasts <= deadline:
                yield f"{r.address}: redelivers for {lasts:.0f} s, a batch may take {deadline:.0f} s"
            if not 5 <= dead["max_delivery_attempts"] <= 100:
                yield f"{r.address}: {dead['max_delivery_attempts']} attempts"
            if lasts > seconds(r.values["message_retention_duration"]):
                yield f"{r.address}: redelivers for longer than messages are kept"
        if (
            key == "worker"
            and float(d.environment(key)["REGEN_REPUBLISH_AFTER_SECONDS"]) < r.values["ack_deadline_seconds"]
        ):
            yield f"{r.address}: requests are published again while a worker is at them"
    for r in d.schedules():
        key, _ = d.function_at(r.values["http_target"][0]["uri"])
        if not d.functions()[key]["timeout_seconds"] < seconds(r.values["attempt_deadline"]) <= 1800:
            yield f"{r.address}: waits {r.values['attempt_deadline']} for {key}"


def redelivery_seconds(shortest: float, longest: float, attempts: int) -> float:
    """How long the attempts last, at least: the backoff doubles from the shortest to the longest."""
    return sum(min(longest, shortest * 2.0**i) for i in range(attempts - 1))


@policy
def schedules_as_documented(d: Deployment) -> Iterator[str]:
    """The deployment guide's table of schedules is what is deployed."""
    text = (ROOT / "docs" / "deployment.md").read_text()
    rows = re.findall(
        r"^\| `(regen-[a-z-]+)` \| `([^`]+)` \| ([A-Za-z_/]+) \| `POST ([^`]+)` of the (\w+) \|", text, re.MULTILINE
    )
    documented = {row[0]: row[1:] for row in rows}
    planned = {}
    for r in d.schedules():
        key, path = d.function_at(r.values["http_target"][0]["uri"])
        planned[r.values["name"]] = (r.values["schedule"], r.values["time_zone"], path, key)
        if r.values["http_target"][0]["http_method"] != "POST":
            yield f"{r.address}: {r.values['http_target'][0]['http_method']}"
    if planned != documented:
        yield f"planned {planned}, documented {documented}"


@policy
def limits(d: Deployment) -> Iterator[str]:
    """Each function has a runtime, a limit of instances, enough CPU for its concurrency, and costs nothing when idle."""
    for r in d.of("google_cloudfunctions2_function"):
        config = r.values["service_config"][0]
        if r.values["build_config"][0]["runtime"] != "python313":
            yield f"{r.key}: {r.values['build_config'][0]['runtime']}"
        if not 1 <= (config["max_instance_count"] or 0) <= 100 or config["min_instance_count"] != 0:
            yield f"{r.key}: {config['min_instance_count']} to {config['max_instance_count']} instances"
        if config["max_instance_request_concurrency"] > 1 and float(config["available_cpu"]) < 1:
            yield f"{r.key}: {config['available_cpu']} CPU for {config['max_instance_request_concurrency']} requests"
        if config["environment_variables"].get("THREADS") != str(config["max_instance_request_concurrency"]):
            yield f"{r.key}: requests are let in that no thread serves"


@policy
def sources_are_named_by_content(d: Deployment) -> Iterator[str]:
    """An archive's name has its hash, so that a change is deployed and nothing else is; the bucket is closed."""
    manifest = json.loads((ROOT / "build" / "infra" / "checkout" / "build" / "packages" / "manifest.json").read_text())
    for r in d.of("google_cloudfunctions2_function"):
        source = r.values["build_config"][0]["source"][0]["storage_source"][0]
        if source["object"] != f"{r.key}-{manifest['functions'][r.key]['sha256']}.zip":
            yield f"{r.key}: deployed from {source['object']}"
    for r in d.of("google_storage_bucket"):
        if r.values["public_access_prevention"] != "enforced" or not r.values["uniform_bucket_level_access"]:
            yield f"{r.address}: open"


@policy
def defaults_are_the_codes(d: Deployment) -> Iterator[str]:
    """What a deployment does not set is given to the functions as the default of settings.json."""
    for key in d.functions():
        for name, text in d.environment(key).items():
            row = declared().get(name)
            # A console that is deployed has an address that no variable says.
            derived = name == "REGEN_CONSOLE_URL" and bool(d.of("google_cloud_run_v2_service"))
            if row and row.terraform and row.default is not None and text != text_of(row.default) and not derived:
                yield f"{key}: {name} is {text}, in settings.json {text_of(row.default)}"


@policy
def alerts_say_what_to_do(d: Deployment) -> Iterator[str]:
    """Each alert explains itself and reaches somebody; one on logs is bounded; the sweep's absence is noticed."""
    absent = False
    for r in d.of("google_monitoring_alert_policy"):
        if not r.values["documentation"] or not r.values["notification_channels"] or not r.values["severity"]:
            yield f"{r.address}: says nothing, or to nobody"
        for condition in r.values["conditions"]:
            absent |= bool(condition["condition_absent"])
            if condition["condition_matched_log"] and not r.values["alert_strategy"][0]["notification_rate_limit"]:
                yield f"{r.address}: no rate limit"
    if not absent:
        yield "nobody notices that the sweep stays away"
