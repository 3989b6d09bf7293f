"""Mistakes around the weekly refit, each with the rule that must catch it."""

from __future__ import annotations

from typing import Any

from infra.deployment import Deployment
from infra.policies_refit import JOB, SCHEDULE, STARTS, account, container
from infra.seeds import Seed, _having, _in_environment, _without

KEY = "refit"


def _given(kind: str, **values: Any) -> Seed:
    def break_it(d: Deployment) -> Deployment:
        return d.having(kind, "seeded", member=f"serviceAccount:{account(d.one(JOB, KEY))}", **values)

    return break_it


def _to_the_starter(kind: str, **values: Any) -> Seed:
    def break_it(d: Deployment) -> Deployment:
        member = d.one(STARTS, KEY).values["member"]
        return d.having(kind, "seeded", member=member, **values)

    return break_it


def _own(name: str, value: str) -> Seed:
    def break_it(d: Deployment) -> Deployment:
        for entry in container(d.one(JOB, KEY))["env"]:
            if entry["name"] == name:
                entry["value"] = value
        return d

    return break_it


def _container(**values: Any) -> Seed:
    def break_it(d: Deployment) -> Deployment:
        container(d.one(JOB, KEY)).update(values)
        return d

    return break_it


def _task(**values: Any) -> Seed:
    def break_it(d: Deployment) -> Deployment:
        d.one(JOB, KEY).values["template"][0]["template"][0].update(values)
        return d

    return break_it


def _as_the_verifier(d: Deployment) -> Deployment:
    return _task(service_account=d.account("verifier"))(d)


def _a_secret(d: Deployment) -> Deployment:
    container(d.one(JOB, KEY))["env"][0]["value_source"] = [{"secret_key_ref": []}]
    return d


def _target(**values: Any) -> Seed:
    def break_it(d: Deployment) -> Deployment:
        d.one(SCHEDULE, KEY).values["http_target"][0].update(values)
        return d

    return break_it


def _starts_another(d: Deployment) -> Deployment:
    uri = d.one(SCHEDULE, KEY).values["http_target"][0]["uri"]
    return _target(uri=uri.replace("regen-refit:run", "another:run"))(d)


USES = ["models", "refit", "--from-warehouse", "--use", "--yes"]

REFIT_SEEDS: dict[str, dict[str, Seed]] = {
    "the_refit_reads_and_publishes_alone": {
        "records": _given("google_project_iam_member", role="roles/datastore.user", condition=[]),
        "tables to write": _given("google_bigquery_table_iam_member", role="roles/bigquery.dataEditor", table_id="t"),
        "staging": _given(
            "google_bigquery_dataset_iam_member", role="roles/bigquery.dataViewer", dataset_id="nba_predictions_staging"
        ),
        "the inputs that are kept": _given(
            "google_storage_bucket_iam_member", role="roles/storage.objectViewer", bucket="demo-project-regen-inputs"
        ),
        "may replace": _given(
            "google_storage_bucket_iam_member", role="roles/storage.objectAdmin", bucket="demo-project-regen-models"
        ),
        "messages": _given("google_pubsub_topic_iam_member", role="roles/pubsub.publisher", topic="t"),
        "the keys": _given(
            "google_secret_manager_secret_iam_member", role="roles/secretmanager.secretAccessor", secret_id="s"
        ),
        "a secret in its environment": _a_secret,
        "the verifier's account": _as_the_verifier,
    },
    "the_refit_and_the_coordinator_agree": {
        "another account": _in_environment("coordinator", REGEN_REFIT_ACCOUNT="x@example.com"),
        "another store": _own("REGEN_MODELS_STORE", "gs://other"),
        "another audience": _own("REGEN_OIDC_AUDIENCE", "https://elsewhere.example"),
        "another coordinator": _own("COORDINATOR_URL", "https://elsewhere.example"),
        "another project": _own("PROJECT_ID", "other-project"),
        "it may use, and does not": _in_environment("coordinator", REGEN_REFIT_USES="true"),
        "it uses, and may not": _container(args=USES),
        "another command": _container(args=["models", "rollback"]),
    },
    "the_schedule_alone_starts_the_refit": {
        "everybody starts it": _having(
            STARTS, "seeded", name="regen-refit", role="roles/run.invoker", member="allUsers"
        ),
        "nobody may": _without(STARTS, KEY),
        "another job": _starts_another,
        "no account": _target(oauth_token=[]),
        "as the sweep's": _target(
            oauth_token=[{"service_account_email": "regen-scheduler@demo-project.iam.gserviceaccount.com"}]
        ),
        "the starter reads": _to_the_starter("google_project_iam_member", role="roles/bigquery.jobUser"),
    },
    "the_refit_ends": {
        "for ever": _task(timeout="604800s"),
        "again and again": _task(max_retries=10),
        "no image": _container(image=None),
        "whatever is newest": _container(image="us-central1-docker.pkg.dev/p/r/refit:latest"),
    },
}
