"""Mistakes as people make them, each with the rule that must catch it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from infra.deployment import Deployment

FUNCTION = "google_cloudfunctions2_function"
SUBSCRIPTION = "google_pubsub_subscription"
REQUESTS = "prediction-request-worker"
INVOKER = "google_cloud_run_v2_service_iam_member"
Seed = Callable[[Deployment], Deployment]


def _config(d: Deployment, function: str) -> dict[str, Any]:
    config: dict[str, Any] = d.one(FUNCTION, function).values["service_config"][0]
    return config


def _in_config(function: str, **values: Any) -> Seed:
    def break_it(d: Deployment) -> Deployment:
        _config(d, function).update(values)
        return d

    return break_it


def _in_environment(function: str, **values: str) -> Seed:
    def break_it(d: Deployment) -> Deployment:
        _config(d, function)["environment_variables"].update(values)
        return d

    return break_it


def _in(kind: str, key: str, **values: Any) -> Seed:
    def break_it(d: Deployment) -> Deployment:
        d.one(kind, key).values.update(values)
        return d

    return break_it


def _without(kind: str, key: str) -> Seed:
    return lambda d: d.without(kind, key)


def _having(kind: str, key: str, **values: Any) -> Seed:
    return lambda d: d.having(kind, key, **values)


def _push(d: Deployment) -> dict[str, Any]:
    push: dict[str, Any] = d.one(SUBSCRIPTION, REQUESTS).values["push_config"][0]
    return push


def _unsigned(d: Deployment) -> Deployment:
    _push(d)["oidc_token"] = []
    return d


def _for_another(d: Deployment) -> Deployment:
    _push(d)["oidc_token"][0]["audience"] = "https://elsewhere.example"
    return d


def _by_another(d: Deployment) -> Deployment:
    _push(d)["oidc_token"][0]["service_account_email"] = d.account("verifier")
    return d


def _schedule_unsigned(d: Deployment) -> Deployment:
    d.one("google_cloud_scheduler_job", "regen-sweep").values["http_target"][0]["oidc_token"] = []
    return d


def _few_attempts(d: Deployment) -> Deployment:
    d.one(SUBSCRIPTION, REQUESTS).values["dead_letter_policy"][0]["max_delivery_attempts"] = 5
    return d


def _key_for_the_worker(d: Deployment) -> Deployment:
    keys = _config(d, "coordinator")["secret_environment_variables"]
    _config(d, "worker")["secret_environment_variables"] = [s for s in keys if s["key"] == "REGEN_API_KEYS"]
    return d


def _column_renamed(d: Deployment) -> Deployment:
    table = d.one("google_bigquery_table", "player_prop_predictions").values
    table["schema"] = json.dumps(
        [{**f, "name": f["name"].replace("batch_id", "batch")} for f in json.loads(table["schema"])]
    )
    return d


def _column_dropped(d: Deployment) -> Deployment:
    table = d.one("google_bigquery_table", "prediction_worker_runs").values
    table["schema"] = json.dumps(json.loads(table["schema"])[:-1])
    return d


def _old_view(d: Deployment) -> Deployment:
    d.one("google_bigquery_table", "current_predictions").values["view"][0]["query"] = "SELECT 1"
    return d


def _index_state(d: Deployment) -> Deployment:
    return d.having(
        "google_firestore_field",
        "requests.state",
        collection="requests",
        field="state",
        index_config=[{"indexes": []}],
        ttl_config=[],
    )


def _leases_expire(d: Deployment) -> Deployment:
    d.one("google_firestore_field", "leases.expires_at").values["ttl_config"] = [{}]
    return d


def _silent_alert(d: Deployment) -> Deployment:
    d.one("google_monitoring_alert_policy", "dead_letter").values["notification_channels"] = []
    return d


def _old_source(d: Deployment) -> Deployment:
    source = d.one(FUNCTION, "worker").values["build_config"][0]["source"][0]["storage_source"][0]
    source["object"] = "function-source.zip"
    return d


def _old_runtime(d: Deployment) -> Deployment:
    d.one(FUNCTION, "worker").values["build_config"][0]["runtime"] = "python39"
    return d


def _default_account(d: Deployment) -> Deployment:
    _config(d, "worker")["service_account_email"] = "123-compute@developer.gserviceaccount.com"
    return d


def _shared_account(d: Deployment) -> Deployment:
    _config(d, "worker")["service_account_email"] = d.account("verifier")
    return d


WORKER = "serviceAccount:regen-worker@demo-project.iam.gserviceaccount.com"
COORDINATOR = "serviceAccount:regen-coordinator@demo-project.iam.gserviceaccount.com"

#: rule -> mistakes that it must find
SEEDS: dict[str, dict[str, Seed]] = {
    "one_public_service": {
        "public worker": _having(INVOKER, "x", name="regen-worker", role="roles/run.invoker", member="allUsers"),
        "public bucket": _having(
            "google_storage_bucket_iam_member", "x", role="roles/storage.objectViewer", member="allUsers"
        ),
        "closed coordinator": _without(INVOKER, "everybody"),
    },
    "one_invoker_for_each_caller": {
        "coordinator may call worker": _having(
            INVOKER, "x", name="regen-worker", role="roles/run.invoker", member=COORDINATOR
        ),
        "scheduler may not sweep": _without(INVOKER, "scheduler"),
    },
    "private_services_are_unreachable": {
        "worker on the internet": _in_config("worker", ingress_settings="ALLOW_ALL"),
        "coordinator trusts claims": _in_environment("coordinator", REGEN_TOKEN_CHECK="claims"),
    },
    "no_wide_roles": {
        "editor": _having("google_project_iam_member", "x", role="roles/editor", member=WORKER, condition=[]),
        "project-wide publisher": _having(
            "google_project_iam_member", "x", role="roles/pubsub.publisher", member=WORKER, condition=[]
        ),
        "admin": _having("google_pubsub_topic_iam_member", "x", role="roles/pubsub.admin", member=WORKER, topic="t"),
        "binding": _having("google_project_iam_binding", "x", role="roles/logging.logWriter", members=[WORKER]),
    },
    "conditions_where_they_exist": {
        "every database": _in("google_project_iam_member", "worker", condition=[]),
    },
    "every_push_is_signed": {
        "no token": _unsigned,
        "another audience": _for_another,
        "another account": _by_another,
        "schedule without token": _schedule_unsigned,
        "function expects another": _in_environment("verifier", REGEN_PUSH_ACCOUNTS="x@example.com"),
        "events by another": _in(
            "google_eventarc_trigger", "prediction-batch-changed", service_account="x@example.com"
        ),
    },
    "subscriptions_last": {
        "expires": _in(SUBSCRIPTION, "prediction-alerts-sub", expiration_policy=[{"ttl": "2678400s"}]),
        "expires by default": _in(SUBSCRIPTION, REQUESTS, expiration_policy=[]),
        "no retry policy": _in(SUBSCRIPTION, REQUESTS, retry_policy=[]),
        "no dead letter": _in(SUBSCRIPTION, REQUESTS, dead_letter_policy=[]),
        "an hour of retention": _in(SUBSCRIPTION, REQUESTS, message_retention_duration="3600s"),
    },
    "dead_letters_are_observed": {
        "nobody reads": _without(SUBSCRIPTION, "prediction-parked-sub"),
        "agent may not write": _without("google_pubsub_topic_iam_member", "prediction-request-dead-letter"),
        "agent may not acknowledge": _without("google_pubsub_subscription_iam_member", REQUESTS),
        "no alert": _without("google_monitoring_alert_policy", "parked_messages"),
    },
    "nobody_publishes_into_the_void": {
        "topic without listener": _without(SUBSCRIPTION, "prediction-batch-complete-sub"),
    },
    "own_identities": {"default account": _default_account, "shared account": _shared_account},
    "only_the_verifier_writes_predictions": {
        "coordinator writes predictions": _having(
            "google_bigquery_table_iam_member",
            "x",
            table_id="player_prop_predictions",
            role="roles/bigquery.dataEditor",
            member=COORDINATOR,
        ),
        "coordinator writes the audit": _having(
            "google_bigquery_table_iam_member",
            "x",
            table_id="prediction_regeneration_audit",
            role="roles/bigquery.dataEditor",
            member=COORDINATOR,
        ),
        "dataset-wide": _having(
            "google_bigquery_dataset_iam_member",
            "x",
            dataset_id="nba_predictions",
            role="roles/bigquery.dataEditor",
            member="serviceAccount:regen-verifier@demo-project.iam.gserviceaccount.com",
        ),
        "worker publishes": _having(
            "google_pubsub_topic_iam_member", "x", topic="t", role="roles/pubsub.publisher", member=WORKER
        ),
        "verifier cannot write": _without("google_bigquery_table_iam_member", "verifier.player_prop_predictions"),
    },
    "writers_are_those_who_write": {
        "nobody grades": _without("google_bigquery_table_iam_member", "coordinator.prediction_accuracy"),
        "nobody keeps challengers": _without("google_bigquery_table_iam_member", "verifier.prediction_challengers"),
        "nobody audits": _without("google_bigquery_table_iam_member", "verifier.prediction_regeneration_audit"),
        "for nothing": _having(
            "google_bigquery_table_iam_member",
            "x",
            table_id="player_prop_lines",
            role="roles/bigquery.dataEditor",
            member=COORDINATOR,
        ),
    },
    "only_the_coordinator_reads_the_keys": {
        "worker has the key": _key_for_the_worker,
        "worker may read it": _having(
            "google_secret_manager_secret_iam_member",
            "x",
            secret_id="projects/p/secrets/regen-api-keys",
            role="roles/secretmanager.secretAccessor",
            member=WORKER,
        ),
        "coordinator may not read": _without("google_secret_manager_secret_iam_member", "api_keys"),
    },
    "no_secret_in_the_state": {
        "version": _having("google_secret_manager_secret_version", "x", secret_data="k"),
        "plain": _in_environment("coordinator", REGEN_API_KEYS="me:0123456789abcdef"),
        "account key": _having("google_service_account_key", "x"),
    },
    "deadlines_agree": {
        "function outlasts push": _in_config("worker", timeout_seconds=120),
        "short ack deadline": _in(SUBSCRIPTION, REQUESTS, ack_deadline_seconds=10),
        "five attempts": _few_attempts,
        "impatient": _in(SUBSCRIPTION, REQUESTS, retry_policy=[{"minimum_backoff": "1s", "maximum_backoff": "10s"}]),
        "sent again too soon": _in_environment("worker", REGEN_REPUBLISH_AFTER_SECONDS="60"),
        "long batches": _in_environment("worker", REGEN_DEADLINE_SECONDS="7200"),
        "scheduler hangs up": _in("google_cloud_scheduler_job", "regen-sweep", attempt_deadline="30s"),
    },
    "schedules_as_documented": {
        "another time": _in("google_cloud_scheduler_job", "regen-start", schedule="0 7 * * *"),
        "another zone": _in("google_cloud_scheduler_job", "regen-start", time_zone="Etc/UTC"),
        "no sweep": _without("google_cloud_scheduler_job", "regen-sweep"),
    },
    "tables_are_the_schema_files": {
        "column renamed": _column_renamed,
        "column dropped": _column_dropped,
        "no partition": _in("google_bigquery_table", "player_prop_predictions", time_partitioning=[]),
        "other cluster": _in("google_bigquery_table", "player_prop_predictions", clustering=["game_id"]),
        "table missing": _without("google_bigquery_table", "promotion_fence"),
        "unprotected": _in("google_bigquery_table", "player_prop_predictions", deletion_protection=False),
        "old view": _old_view,
    },
    "staging_expires": {
        "staging stays": _in("google_bigquery_dataset", "staging", default_table_expiration_ms=None),
        "predictions expire": _in("google_bigquery_dataset", "nba_predictions", default_table_expiration_ms=86_400_000),
        "partitions expire": _in("google_bigquery_dataset", "nba_predictions", default_partition_expiration_ms=1),
    },
    "records_expire_and_leases_do_not": {
        "requests stay": _without("google_firestore_field", "requests.expires_at"),
        "leases expire": _leases_expire,
    },
    "what_is_queried_is_indexed": {
        "query on an exempted field": _index_state,
        "inputs indexed": _without("google_firestore_field", "requests.inputs"),
        "idle index": _having("google_firestore_index", "x"),
    },
    "inputs_are_kept_as_long_as_rows": {
        "an end": _in("google_storage_bucket", "inputs", lifecycle_rule=[{"action": [{"type": "Delete"}]}]),
        "no versions": _in("google_storage_bucket", "inputs", versioning=[]),
        "another bucket": _in_environment("verifier", REGEN_INPUTS_STORE="gs://other"),
        "nobody writes": _without("google_storage_bucket_iam_member", "inputs_writer"),
        "an upload that is repeated fails": _without("google_storage_bucket_iam_member", "inputs_reader"),
        "may replace": _in("google_storage_bucket_iam_member", "inputs_writer", role="roles/storage.objectAdmin"),
        "the worker reads": _in(
            "google_storage_bucket_iam_member", "inputs_reader", member="serviceAccount:w@p.iam.gserviceaccount.com"
        ),
    },
    "models_are_kept_as_long_as_rows": {
        "an end": _in("google_storage_bucket", "models", lifecycle_rule=[{"action": [{"type": "Delete"}]}]),
        "no versions": _in("google_storage_bucket", "models", versioning=[]),
        "another bucket": _in_environment("worker", REGEN_MODELS_STORE="gs://other"),
        "the release's own are not kept": _without("google_storage_bucket_iam_member", "models_keeper"),
        "the worker loads nothing": _without("google_storage_bucket_iam_member", "worker"),
        "may replace": _in("google_storage_bucket_iam_member", "models_keeper", role="roles/storage.objectAdmin"),
    },
    "limits": {
        "no limit of instances": _in_config("worker", max_instance_count=None),
        "warm instance": _in_config("verifier", min_instance_count=1),
        "half a CPU": _in_config("worker", available_cpu="0.5"),
        "old runtime": _old_runtime,
        "too few threads": _in_environment("worker", THREADS="1"),
    },
    "sources_are_named_by_content": {
        "fixed name": _old_source,
        "open bucket": _in("google_storage_bucket", "sources", public_access_prevention="inherited"),
    },
    "defaults_are_the_codes": {
        "another threshold": _in_environment("verifier", REGEN_COVERAGE_THRESHOLD="50"),
        "another lease": _in_environment("coordinator", REGEN_LEASE_SECONDS="30"),
    },
    "alerts_say_what_to_do": {
        "to nobody": _silent_alert,
        "sweep unwatched": _without("google_monitoring_alert_policy", "sweep_missing"),
    },
}
