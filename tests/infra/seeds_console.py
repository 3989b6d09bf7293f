"""Mistakes around the console in the cloud, each with the rule that must catch it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from infra.deployment import Deployment
from infra.policies_console import ACCESS, SERVICE, account
from infra.seeds import Seed, _having, _in, _in_environment


def _template(**values: Any) -> Seed:
    def break_it(d: Deployment) -> Deployment:
        d.one(SERVICE, "console").values["template"][0].update(values)
        return d

    return break_it


def _own(name: str, value: str) -> Seed:
    def break_it(d: Deployment) -> Deployment:
        for entry in d.one(SERVICE, "console").values["template"][0]["containers"][0]["env"]:
            if entry["name"] == name:
                entry["value"] = value
        return d

    return break_it


def _given(kind: str, **values: Any) -> Seed:
    def break_it(d: Deployment) -> Deployment:
        member = f"serviceAccount:{account(d.one(SERVICE, 'console'))}"
        return d.having(kind, "seeded", member=member, **values)

    return break_it


def _scaling(**values: int) -> Seed:
    def break_it(d: Deployment) -> Deployment:
        d.one(SERVICE, "console").values["template"][0]["scaling"][0].update(values)
        return d

    return break_it


def _from_a_secret(d: Deployment) -> Deployment:
    d.one(SERVICE, "console").values["template"][0]["containers"][0]["env"][0]["value_source"] = [
        {"secret_key_ref": []}
    ]
    return d


def _as_the_verifier(d: Deployment) -> Deployment:
    return _template(service_account=d.account("verifier"))(d)


def _from_elsewhere(d: Deployment) -> Deployment:
    d.one(SERVICE, "console").values["build_config"][0]["source_location"] = "gs://elsewhere/console.zip"
    return d


CONSOLE_SEEDS: dict[str, dict[str, Callable[[Deployment], Deployment]]] = {
    "the_console_is_behind_the_proxy": {
        "no proxy": _in(SERVICE, "console", iap_enabled=False),
        "no rights are asked for": _in(SERVICE, "console", invoker_iam_disabled=True),
        "everybody invokes": _having(
            "google_cloud_run_v2_service_iam_member",
            "seeded",
            name="regen-console",
            role="roles/run.invoker",
            member="allUsers",
        ),
        "everybody is let in": _having(ACCESS, "seeded", role="roles/iap.httpsResourceAccessor", member="allUsers"),
    },
    "the_console_reads_alone": {
        "records": _given("google_project_iam_member", role="roles/datastore.user", condition=[]),
        "tables to write": _given("google_bigquery_table_iam_member", role="roles/bigquery.dataEditor", table_id="t"),
        "messages": _given("google_pubsub_topic_iam_member", role="roles/pubsub.publisher", topic="t"),
        "the keys": _given(
            "google_secret_manager_secret_iam_member", role="roles/secretmanager.secretAccessor", secret_id="s"
        ),
        "a secret in its environment": _from_a_secret,
        "the verifier's account": _as_the_verifier,
    },
    "console_and_coordinator_agree": {
        "another account": _in_environment("coordinator", REGEN_CONSOLE_ACCOUNT="x@example.com"),
        "another audience": _in_environment("coordinator", REGEN_IAP_AUDIENCE="/projects/1/locations/x/services/y"),
        "other operators": _in_environment("coordinator", REGEN_CONSOLE_OPERATORS="eve@example.com"),
        "a token for another": _own("REGEN_OIDC_AUDIENCE", "https://elsewhere.example"),
        "another coordinator": _own("REGEN_COORDINATOR_URL", "https://elsewhere.example"),
        "no address": _own("REGEN_CONSOLE_URL", ""),
        "keys of another": _own("REGEN_IAP_CERTS_URL", "https://elsewhere.example"),
    },
    "the_console_costs_nothing_when_idle": {
        "an instance that waits": _scaling(min_instance_count=1),
        "instances without end": _scaling(max_instance_count=100),
        "another archive": _from_elsewhere,
    },
}
