"""The plan is what the code reads and what the local stack runs; whatever is renamed on one side only is found."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from infra.code import Code, code, settings_of
from infra.deployment import Deployment
from infra.emulated import listing
from infra.equality import PLATFORM, differences, listed
from regen.domain.values import replace
from regen.local.emulators import Emulators, find_emulators
from regen.web.callers import Forbidden, Gatekeeper
from regen.web.settings import Settings
from regen.web.tokens import Unauthenticated
from support.emulators import pubsub

SECRETS = {"REGEN_API_KEYS": "me:0123456789abcdef", "REGEN_WEBHOOK_URL": "https://example.com/hook"}
TOPIC = "google_pubsub_topic"
JOB = "google_cloud_scheduler_job"


@pytest.fixture(scope="module")
def known() -> Code:
    return code()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found = find_emulators()
    if not isinstance(found, Emulators):
        pytest.skip(f"SKIPPED, Google's emulators are not here: {found}")
    with pubsub(found, tmp_path_factory.mktemp("pubsub")) as host:
        return listing(host)


def test_terraform_plan_agrees_with_the_code(deployed: Deployment, known: Code) -> None:
    assert list(differences(deployed, known)) == []


def test_terraform_plan_agrees_with_the_emulators(deployed: Deployment, running: dict[str, Any]) -> None:
    assert list(listed(deployed, running)) == []


def _renamed_in_plan(d: Deployment) -> dict[str, Callable[[Deployment], None]]:
    """Every topic, route and variable of the plan, each under another name."""
    found: dict[str, Callable[[Deployment], None]] = {}

    def rename(what: str, change: Callable[[Deployment], None]) -> None:
        found[what] = change

    for r in d.of(TOPIC):
        rename(f"topic {r.key}", lambda d, k=r.key: d.one(TOPIC, k).values.update(name=f"{k}-2"))  # type: ignore[misc]
    for r in d.pushes():
        rename(f"push {r.key}", lambda d, k=r.key: _push(d, k).update(push_endpoint=_push(d, k)["push_endpoint"] + "x"))  # type: ignore[misc]
    for r in d.schedules():
        rename(f"schedule {r.key}", lambda d, k=r.key: _target(d, k).update(uri=_target(d, k)["uri"] + "x"))  # type: ignore[misc]
    for r in d.of("google_eventarc_trigger"):
        rename(f"event {r.key}", lambda d, k=r.key: _event(d, k).update(path="/events"))  # type: ignore[misc]
    for function in d.functions():
        for name in set(d.environment(function)) - PLATFORM:
            rename(f"variable {function} {name}", lambda d, f=function, n=name: _rename(_env(d, f), n))  # type: ignore[misc]
        for name in d.secrets(function):
            rename(f"secret {function} {name}", lambda d, f=function, n=name: _rename_secret(d, f, n))  # type: ignore[misc]
    return found


def _push(d: Deployment, key: str) -> dict[str, Any]:
    config: dict[str, Any] = d.one("google_pubsub_subscription", key).values["push_config"][0]
    return config


def _target(d: Deployment, key: str) -> dict[str, Any]:
    target: dict[str, Any] = d.one(JOB, key).values["http_target"][0]
    return target


def _event(d: Deployment, key: str) -> dict[str, Any]:
    service: dict[str, Any] = d.one("google_eventarc_trigger", key).values["destination"][0]["cloud_run_service"][0]
    return service


def _env(d: Deployment, function: str) -> dict[str, str]:
    environment: dict[str, str] = d.functions()[function]["environment_variables"]
    return environment


def _rename(environment: dict[str, str], name: str) -> None:
    environment[f"{name}_2"] = environment.pop(name)


def _rename_secret(d: Deployment, function: str, name: str) -> None:
    for secret in d.functions()[function]["secret_environment_variables"]:
        if secret["key"] == name:
            secret["key"] = f"{name}_2"


def test_rename_in_the_plan_is_found(deployed: Deployment, known: Code) -> None:
    changes = _renamed_in_plan(deployed)
    assert len(changes) > 80
    missed = []
    for what, change in changes.items():
        broken = deployed.copy()
        change(broken)
        # A dead letter topic's name is not in the code: the listing of the emulators has it, and so the next test.
        if what.endswith(("dead-letter", "-parked")):
            continue
        if not list(differences(broken, known)):
            missed.append(what)
    assert missed == []


def test_rename_in_the_code_is_found(deployed: Deployment, known: Code) -> None:
    missed = []
    for field in ("published", "pushed", "scheduled", "variables", "secrets"):
        members: frozenset[Any] = getattr(known, field)
        assert members
        for member in members:
            other = f"{member}-2" if isinstance(member, str) else (member[0], f"{member[1]}-2")
            renamed: dict[str, Any] = {field: (members - {member}) | {other}}
            changed = replace(known, **renamed)
            if not list(differences(deployed, changed)):
                missed.append(f"{field}: {member}")
    assert missed == []
    assert list(differences(deployed, replace(known, batches="batches")))


def test_rename_in_the_emulators_is_found(deployed: Deployment, running: dict[str, Any]) -> None:
    for topic in running["topics"]:
        others = [f"{t}-2" if t == topic else t for t in running["topics"]]
        assert list(listed(deployed, {**running, "topics": others})), topic
    for part in ("subscriptions", "routes"):
        for name in running[part]:
            others_by_name = {f"{k}-2" if k == name else k: v for k, v in running[part].items()}
            assert list(listed(deployed, {**running, part: others_by_name})), f"{part} {name}"
    assert list(listed(deployed, {**running, "triggers": []}))


@pytest.mark.parametrize("function", ["coordinator", "verifier", "worker"])
def test_each_function_starts_with_its_planned_environment(function: str, deployed: Deployment) -> None:
    assert _settings(deployed, function).on_cloud_run


def _settings(d: Deployment, function: str) -> Settings:
    secrets = {name: SECRETS[name] for name in d.secrets(function)}
    environ = {**d.environment(function), **secrets, "K_SERVICE": f"regen-{function}"}
    return settings_of(environ, public=function == "coordinator")


def _token(account: str, audience: str) -> dict[str, str]:
    """As it reaches a private service: verified by the platform, and without its signature."""
    claims = {
        "iss": "https://accounts.google.com",
        "aud": audience,
        "email": account,
        "email_verified": True,
        "exp": time.time() + 600,
    }
    parts = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in ({"alg": "RS256"}, claims)]
    return {"Authorization": f"Bearer {'.'.join(parts)}.SIGNATURE_REMOVED_BY_GOOGLE"}


def test_private_function_admits_the_pushes_planned_for_it(deployed: Deployment) -> None:
    seen = set()
    for r in deployed.pushes():
        config = r.values["push_config"][0]
        function, _ = deployed.function_at(config["push_endpoint"])
        if function != "coordinator":
            (token,) = config["oidc_token"]
            headers = _token(token["service_account_email"], token["audience"])
            assert Gatekeeper(_settings(deployed, function)).by_push(headers)
            seen.add(function)
    assert seen == {"verifier", "worker"}


def test_a_push_for_one_function_is_refused_by_another(deployed: Deployment) -> None:
    token = deployed.one("google_pubsub_subscription", "prediction-request-worker").values["push_config"][0][
        "oidc_token"
    ][0]
    headers = _token(token["service_account_email"], token["audience"])
    with pytest.raises((Forbidden, Unauthenticated)):
        Gatekeeper(_settings(deployed, "verifier")).by_push(headers)
    with pytest.raises((Forbidden, Unauthenticated)):
        Gatekeeper(_settings(deployed, "verifier")).by_scheduler(headers)


def test_function_admits_the_scheduled_sweep(deployed: Deployment) -> None:
    token = _target(deployed, "regen-sweep")["oidc_token"][0]
    assert Gatekeeper(_settings(deployed, "verifier")).by_scheduler(
        _token(token["service_account_email"], token["audience"])
    )


def test_function_admits_a_change_event(deployed: Deployment) -> None:
    """Eventarc signs for the service's own address, which no deployment can know beforehand, and nobody can choose."""
    account = deployed.of("google_eventarc_trigger")[0].values["service_account"]
    headers = _token(account, deployed.functions()["verifier"]["uri"])
    assert Gatekeeper(_settings(deployed, "verifier")).by_push(headers)
