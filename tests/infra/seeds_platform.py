"""Mistakes against the platform's own rules, each with the rule that must catch it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from infra.deployment import Deployment
from infra.seeds import Seed

POLICY = "google_monitoring_alert_policy"
DATABASE = "google_firestore_database"
TRANSFER = "google_bigquery_data_transfer_config"


def _in(kind: str, key: str, **values: Any) -> Seed:
    def break_it(d: Deployment) -> Deployment:
        d.one(kind, key).values.update(values)
        return d

    return break_it


def _without(kind: str, key: str) -> Seed:
    return lambda d: d.without(kind, key)


def _in_aggregation(key: str, kind: str, **values: Any) -> Seed:
    def break_it(d: Deployment) -> Deployment:
        for condition in d.one(POLICY, key).values["conditions"]:
            for found in condition[kind] or []:
                found["aggregations"][0].update(values)
        return d

    return break_it


def _ratio(d: Deployment) -> Deployment:
    """A ratio whose lower part is judged series by series."""
    for condition in d.one(POLICY, "server_errors").values["conditions"]:
        for found in condition["condition_threshold"] or []:
            below = {**found["aggregations"][0], "cross_series_reducer": "REDUCE_NONE"}
            found.update(denominator_filter=found["filter"], denominator_aggregations=[below])
    return d


def _in_condition(account: str, **values: str) -> Callable[[Deployment], Deployment]:
    def break_it(d: Deployment) -> Deployment:
        d.one("google_project_iam_member", account).values["condition"][0].update(values)
        return d

    return break_it


def _in_script(old: str, new: str) -> Seed:
    def break_it(d: Deployment) -> Deployment:
        params = d.one(TRANSFER, "snapshots").values["params"]
        assert old in params["query"], f"the script has no {old}"
        params["query"] = params["query"].replace(old, new)
        return d

    return break_it


def _source_role(role: str) -> Seed:
    """A right on a table that is another than the role for copying it."""
    return _in("google_bigquery_table_iam_member", "promotion_fence", role=role)


def _more_permissions(d: Deployment) -> Deployment:
    d.one("google_project_iam_custom_role", "source").values["permissions"].append("bigquery.tables.delete")
    return d


def _at_once(d: Deployment) -> Deployment:
    """The alert is made with its metric, and not after it."""
    return Deployment(tuple(r if r.key != "sweep_missing" else r.waiting_for() for r in d.resources))


def _another_metric(d: Deployment) -> Deployment:
    for condition in d.one(POLICY, "sweep_missing").values["conditions"]:
        for found in condition["condition_absent"] or []:
            found["filter"] = found["filter"].replace("sweeps", "sweep")
    return d


PLATFORM_SEEDS: dict[str, dict[str, Seed]] = {
    "apis_are_enabled": {
        **{f"without {api}": _without("google_project_service", f"{api}.googleapis.com") for api in (
            "cloudresourcemanager", "serviceusage", "eventarcpublishing", "cloudbuild", "firestore",
        )},
        "a kind that nobody knows": lambda d: d.having("google_redis_instance", "x"),
        "one that nothing needs": lambda d: d.having("google_project_service", "x", service="redis.googleapis.com"),
    },
    "nothing_with_data_can_be_destroyed": {
        "database is deleted": _in(DATABASE, "this", deletion_policy="DELETE"),
        "database unprotected": _in(DATABASE, "this", delete_protection_state="DELETE_PROTECTION_DISABLED"),
        "table unprotected": _in("google_bigquery_table", "promotion_fence", deletion_protection=False),
        "secret unprotected": _in("google_secret_manager_secret", "api_keys", deletion_protection=False),
        "dataset with its tables": _in("google_bigquery_dataset", "nba_predictions", delete_contents_on_destroy=True),
        "staging with its tables": _in("google_bigquery_dataset", "staging", delete_contents_on_destroy=True),
        "sources with their bucket": _in("google_storage_bucket", "sources", force_destroy=True),
        "inputs with their bucket": _in("google_storage_bucket", "inputs", force_destroy=True),
        "models with their bucket": _in("google_storage_bucket", "models", force_destroy=True),
        "a filter of a variable": _in("google_pubsub_subscription", "prediction-request-worker", filter="x"),
        "a topic's name of a variable": _in("google_pubsub_topic", "prediction-request", name="staging-request"),
    },
    "records_can_be_restored": {
        "no recovery": _in(DATABASE, "this", point_in_time_recovery_enablement="POINT_IN_TIME_RECOVERY_DISABLED"),
        "no backup": _without("google_firestore_backup_schedule", "daily"),
        "kept for a day": _in("google_firestore_backup_schedule", "daily", retention="86400s"),
        "weekly only": _in("google_firestore_backup_schedule", "daily", daily_recurrence=[]),
    },
    "what_cannot_be_made_again_has_a_snapshot": {
        "a table is left out": _in_script("('nba_predictions', 'prediction_regeneration_audit'), ", ""),
        "of another dataset": _in_script("('nba_orchestration', 'pending", "('nba_predictions', 'pending"),
        "no script": _without(TRANSFER, "snapshots"),
        "switched off": _in(TRANSFER, "snapshots", disabled=True),
        "once a month": _in(TRANSFER, "snapshots", schedule="1 of month 09:30"),
        "kept for ever": _in_script("OPTIONS (expiration_timestamp = TIMESTAMP '%t')", ""),
        "gone before time travel is": _in_script("INTERVAL 14 DAY", "INTERVAL 2 DAY"),
        "each of its own moment": _in_script("FOR SYSTEM_TIME AS OF TIMESTAMP '%t'", ""),
        "beside the tables": _in_script("nba_predictions_backups", "nba_predictions"),
        "in another location": _in(TRANSFER, "snapshots", location="EU"),
        "as another account": _in(TRANSFER, "snapshots", service_account_name="regen-verifier@demo-project.iam.gserviceaccount.com"),
    },
    "snapshots_outlive_their_tables": {
        "in the dataset of the tables": _in("google_bigquery_dataset", "backups", dataset_id="nba_predictions"),
        "they expire at once": _in("google_bigquery_dataset", "backups", default_table_expiration_ms=3_600_000),
        "the verifier writes there": lambda d: d.having(
            "google_bigquery_dataset_iam_member", "x", dataset_id="nba_predictions_backups", role="r",
            member=f"serviceAccount:{d.account('verifier')}",
        ),
    },
    "the_account_of_backups_takes_snapshots_alone": {
        "it owns a table": _source_role("roles/bigquery.dataOwner"),
        "it may delete tables": _more_permissions,
        "a table that it may not read": _without("google_bigquery_table_iam_member", "promotion_fence"),
        "no jobs": _without("google_project_iam_member", "backups_jobs"),
        "nobody signs for it": _without("google_service_account_iam_member", "backups_tokens"),
    },
    "conditions_name_what_they_mean": {
        "every database": _in_condition("worker", expression="true"),
        "another database": _in_condition("worker", expression='resource.name == "projects/demo-project/databases/x"'),
        "without its project": _in_condition("worker", expression='resource.name == "databases/(default)"'),
        "no title": _in_condition("worker", title=""),
    },
    "every_signer_may_sign": {
        "events": _without("google_service_account_iam_member", "event_tokens"),
        "pushes": _without("google_service_account_iam_member", "worker"),
    },
    "alerts_judge_what_they_name": {
        "a ratio without a reducer below": _ratio,
        "absence of each series": _in_aggregation("sweep_missing", "condition_absent", cross_series_reducer=None),
        "absence by revision": _in_aggregation(
            "sweep_missing", "condition_absent", group_by_fields=["resource.label.revision_name"]
        ),
        "errors of each code": _in_aggregation("server_errors", "condition_threshold", cross_series_reducer=""),
        "errors by code": _in_aggregation(
            "server_errors", "condition_threshold", group_by_fields=["metric.label.response_code"]
        ),
        "messages of each series": _in_aggregation(
            "waiting_messages", "condition_threshold", cross_series_reducer="REDUCE_NONE"
        ),
        "no aligner": _in_aggregation("server_errors", "condition_threshold", per_series_aligner="ALIGN_NONE"),
        "with its metric": _at_once,
        "of a metric that is none": _another_metric,
    },
}  # fmt: skip
