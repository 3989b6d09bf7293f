"""The rules that come from the platform itself: its APIs, its conditions, what it would destroy, how it judges series."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.deployment import Deployment, last
from infra.rules import ROOT, policy

#: The API that a resource of each kind is made through.
APIS = {
    "google_artifact_registry_repository": "artifactregistry",
    "google_artifact_registry_repository_iam_member": "artifactregistry",
    "google_bigquery_data_transfer_config": "bigquerydatatransfer",
    "google_bigquery_dataset": "bigquery",
    "google_bigquery_dataset_iam_member": "bigquery",
    "google_bigquery_routine": "bigquery",
    "google_bigquery_table": "bigquery",
    "google_bigquery_table_iam_member": "bigquery",
    "google_cloud_run_v2_job": "run",
    "google_cloud_run_v2_job_iam_member": "run",
    "google_cloud_run_v2_service": "run",
    "google_cloud_run_v2_service_iam_member": "run",
    "google_cloud_scheduler_job": "cloudscheduler",
    "google_cloudfunctions2_function": "cloudfunctions",
    "google_eventarc_trigger": "eventarc",
    "google_firestore_backup_schedule": "firestore",
    "google_firestore_database": "firestore",
    "google_firestore_field": "firestore",
    "google_logging_metric": "logging",
    "google_monitoring_alert_policy": "monitoring",
    "google_monitoring_dashboard": "monitoring",
    "google_monitoring_notification_channel": "monitoring",
    "google_project_iam_custom_role": "iam",
    "google_project_iam_member": "cloudresourcemanager",
    "google_project_service": "serviceusage",
    "google_project_service_identity": "serviceusage",
    "google_pubsub_subscription": "pubsub",
    "google_pubsub_subscription_iam_member": "pubsub",
    "google_iap_web_cloud_run_service_iam_member": "iap",
    "google_pubsub_topic": "pubsub",
    "google_pubsub_topic_iam_member": "pubsub",
    "google_secret_manager_secret": "secretmanager",
    "google_secret_manager_secret_iam_member": "secretmanager",
    "google_service_account": "iam",
    "google_service_account_iam_member": "iam",
    "google_storage_bucket": "storage",
    "google_storage_bucket_iam_member": "storage",
    "google_storage_bucket_object": "storage",
}
#: Of no API: they only wait.
WAITING = {"time_sleep"}
#: What no resource is made through, and the platform needs all the same: builds of functions, and Firestore's events.
BESIDES = {"cloudbuild", "eventarcpublishing"}
#: What the first resource is made through: nothing can enable them but a command.
BEFORE_TERRAFORM = {"cloudresourcemanager", "serviceusage"}


@policy
def apis_are_enabled(d: Deployment) -> Iterator[str]:
    """Each kind of resource has the API that it is made through, and what the platform needs besides is there too."""
    enabled = {r.values["service"].removesuffix(".googleapis.com") for r in d.of("google_project_service")}
    kinds = {r.kind for r in d.resources} - WAITING
    yield from (f"{kind}: nobody has said which API it needs" for kind in sorted(kinds - APIS.keys()))
    needed = {APIS[kind] for kind in kinds & APIS.keys()} | BESIDES
    if any(r.values["role"] == "roles/telemetry.tracesWriter" for r in d.of("google_project_iam_member")):
        needed.add("telemetry")
    yield from (f"{api}: not enabled" for api in sorted(needed - enabled))
    yield from (f"{api}: enabled, and nothing needs it" for api in sorted(enabled - needed))
    guide = (ROOT / "docs" / "deployment.md").read_text()
    commanded = re.search(r"^gcloud services enable ([a-z. ]+?) --project", guide, re.MULTILINE)
    if not commanded or {s.removesuffix(".googleapis.com") for s in commanded[1].split()} != BEFORE_TERRAFORM:
        yield "the guide does not enable what Terraform's first call needs"


#: What each kind that holds data says of itself, so that a plan which would remove it fails. A view holds none.
PROTECTED: dict[str, dict[str, object]] = {
    "google_bigquery_dataset": {"delete_contents_on_destroy": False},
    "google_bigquery_table": {"deletion_protection": True},
    "google_firestore_database": {
        "deletion_policy": "ABANDON",
        "delete_protection_state": "DELETE_PROTECTION_ENABLED",
    },
    "google_secret_manager_secret": {"deletion_protection": True},
    "google_storage_bucket": {"force_destroy": False},
}


@policy
def nothing_with_data_can_be_destroyed(d: Deployment) -> Iterator[str]:
    """A plan cannot remove or replace what holds data: the provider, or the platform, refuses.

    Topics and subscriptions have no such protection. Nothing that a variable says replaces them: their names, topics and
    filters are fixed. Images and archives are made again from the sources.
    """
    for r in d.resources:
        for name, wanted in PROTECTED.get(r.kind, {}).items():
            if not r.values.get("view") and r.values[name] != wanted:
                yield f"{r.address}: {name} is {r.values[name]}"
    for r in d.of("google_pubsub_topic", "google_pubsub_subscription"):
        if r.values["name"] != r.key or r.values.get("filter"):
            yield f"{r.address}: its name or filter follows a variable, and a change of it drops messages"


@policy
def records_can_be_restored(d: Deployment) -> Iterator[str]:
    """Firestore keeps every version of seven days, and a backup a day outlives the database."""
    for r in d.of("google_firestore_database"):
        if r.values["point_in_time_recovery_enablement"] != "POINT_IN_TIME_RECOVERY_ENABLED":
            yield f"{r.address}: no recovery to a point in time"
        schedules = [s for s in d.of("google_firestore_backup_schedule") if s.values["database"] == r.values["name"]]
        if not any(s.values["daily_recurrence"] and int(s.values["retention"][:-1]) >= 7 * 86_400 for s in schedules):
            yield f"{r.address}: no daily backup that is kept for a week"


@policy
def conditions_name_what_they_mean(d: Deployment) -> Iterator[str]:
    """The text of a condition is one that IAM takes, and lets in no more than what it is for."""
    project = d.environment("worker")["REGEN_PROJECT"]
    databases = {
        f'resource.name == "projects/{project}/databases/{r.values["name"]}"' for r in d.of("google_firestore_database")
    }
    buckets = " || ".join(
        f'resource.name.startsWith("projects/_/buckets/gcf-v2-{kind}-")' for kind in ("sources", "uploads")
    )
    wanted = {"roles/datastore.user": databases, "roles/storage.objectViewer": {buckets}}
    for r in d.resources:
        for condition in r.values.get("condition") or []:
            if condition["expression"] not in wanted.get(r.values["role"], set()):
                yield f"{r.address}: {condition['expression']}"
            if not 0 < len(condition["title"] or "") <= 100:
                yield f"{r.address}: a condition needs a title of at most 100 characters"


@policy
def every_signer_may_sign(d: Deployment) -> Iterator[str]:
    """Pub/Sub signs in the name of each account that a push or an event carries, and may."""
    agent = d.service_agent("pubsub")
    may = {
        last(r.values["service_account_id"])
        for r in d.of("google_service_account_iam_member")
        if r.values["member"] == agent and r.values["role"] == "roles/iam.serviceAccountTokenCreator"
    }
    signed = {t["service_account_email"] for r in d.pushes() for t in r.values["push_config"][0]["oidc_token"]}
    signed |= {r.values["service_account"] for r in d.of("google_eventarc_trigger")}
    yield from (f"{account}: Pub/Sub may not sign in its name" for account in sorted(signed - may))


#: What an alert may be split by: the thing that it names. Anything else ends, or is new, with a deployment.
NAMED = {"resource.label.service_name", "resource.label.subscription_id", "resource.label.topic_id"}


@policy
def alerts_judge_what_they_name(d: Deployment) -> Iterator[str]:
    """No condition on a metric judges series one by one: a revision's ends with it, and a code's is a part of the whole."""
    for r in d.of("google_monitoring_alert_policy"):
        for condition in r.values["conditions"]:
            kinds = {k for k, v in condition.items() if k.startswith("condition_") and v}
            if not kinds <= {"condition_absent", "condition_threshold", "condition_matched_log"}:
                yield f"{r.address}: {sorted(kinds)}: nobody has said how it judges series"
            for kind in kinds - {"condition_matched_log"}:
                judged = condition[kind][0]
                yield from (f"{r.address}: {problem}" for problem in _judged(judged["aggregations"]))
                if judged.get("denominator_filter"):
                    below = _judged(judged.get("denominator_aggregations") or [])
                    yield from (f"{r.address}: denominator: {problem}" for problem in below)
                metric = re.search(r"logging\.googleapis\.com/user/\w+/(\w+)", condition[kind][0]["filter"])
                if metric and not any(w.startswith("time_sleep.log_metrics") for w in r.waits_for):
                    yield f"{r.address}: does not wait until its metric is known"
                if metric and metric[1] not in {m.key for m in d.of("google_logging_metric")}:
                    yield f"{r.address}: no metric {metric[1]}"


def _judged(aggregations: list[dict[str, object]]) -> Iterator[str]:
    if not aggregations:
        yield "no aggregation: each series is judged alone"
    for aggregation in aggregations:
        if aggregation["cross_series_reducer"] in {None, "", "REDUCE_NONE"}:
            yield "no reducer: each series is judged alone"
        if aggregation["per_series_aligner"] in {None, "", "ALIGN_NONE"}:
            yield "no aligner: the platform refuses a reducer without one"
        groups = aggregation["group_by_fields"] or []
        if isinstance(groups, list) and not set(groups) <= NAMED:
            yield f"split by {sorted(set(groups) - NAMED)}, which no alert names"
