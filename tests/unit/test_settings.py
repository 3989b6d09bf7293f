"""Settings: every problem at once, no value in any of them, and nothing unsafe on Cloud Run."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from regen.domain.values import Secret
from regen.settings import declared
from regen.web import bootstrap
from regen.web.settings import GOOGLE_CERTS_URL, Settings, SettingsInvalid, read_settings

CANARY = "canary-0123456789abcdef"
FUNCTIONS = Path(__file__).parents[2] / "functions"
GOOD = {"REGEN_PROJECT": "my-project", "REGEN_API_KEYS": f"me:{CANARY}"}
DEPLOYED = {**GOOD, "K_SERVICE": "regen-coordinator"}


def problems(environ: dict[str, str], *, public: bool = False) -> list[str]:
    """The variables that are wrong, in the order in which they are told."""
    with pytest.raises(SettingsInvalid) as invalid:
        read_settings(environ, public=public)
    assert CANARY not in str(invalid.value)
    return [part.split(":")[0] for part in str(invalid.value).split("; ")]


def test_project_is_the_only_required_setting() -> None:
    settings = read_settings({"REGEN_PROJECT": "my-project"})
    assert (settings.backend, settings.token_check, settings.oidc_certs_url) == ("gcp", "signature", GOOGLE_CERTS_URL)


def test_every_problem_is_reported_at_once() -> None:
    environ = {
        "REGEN_PROJEKT": "my-project",
        "REGEN_LEASE_SECONDS": "a lot",
        "REGEN_PLAYERS_PER_REQUEST": "0",
        "REGEN_TOKEN_CHECK": "none",
        "REGEN_API_KEYS": "short:x",
        "REGEN_OIDC_ISSUER": "https://evil.example",
        "K_SERVICE": "x",
    }
    wanted = {*environ, "REGEN_PROJECT"} - {"K_SERVICE"}
    assert set(problems(environ)) == wanted


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("REGEN_LEASE_SECONDS", "a lot", "expected a number from 1 to 600, found 'a lot'"),
        ("REGEN_LEASE_SECONDS", "601", "expected a number from 1 to 600, found '601'"),
        ("REGEN_GAMES_GONE", "1.5", "expected a whole number from 0 to 100, found '1.5'"),
        ("REGEN_TRACING", "on", "expected one of off, otlp, found 'on'"),
        ("REGEN_DATASET_PREFIX", "shadow", "expected a name ending in _, found 'shadow'"),
    ],
)
def test_a_problem_says_what_was_found_and_what_is_expected(name: str, text: str, said: str) -> None:
    with pytest.raises(SettingsInvalid) as invalid:
        read_settings({**GOOD, name: text})
    assert str(invalid.value) == f"{name}: {said}"


WRONG = [
    *(("REGEN_API_KEYS", text) for text in (f"{CANARY} x", f":{CANARY}", "me:short", f"me:{CANARY} x", f"mé:{CANARY}")),
    *(("REGEN_API_KEYS", text) for text in (",", f"a:{CANARY},a:x{CANARY}", f"a:{CANARY},b:{CANARY}", f"a:{CANARY}é")),
    *(("REGEN_WEBHOOK_URL", text) for text in (f"hooks.example/{CANARY}", f"file:///{CANARY}", f"https://x/ {CANARY}")),
    *(
        ("REGEN_WEBHOOK_URL", f"http://{host}/{CANARY}")
        for host in ("hooks.example", "127.0.0.1.evil.example", "10.0.0.1")
    ),
    *(("REGEN_WEBHOOK_URL", f"http://{host}/{CANARY}") for host in ("localhost@evil.example", "127.0.0.1:80@evil", "")),
    *(("REGEN_LEASE_SECONDS", text) for text in ("", "0", "601", "nan", "inf", "-1", "1e9", "١٢ s")),
    *(("REGEN_PLAYERS_PER_REQUEST", text) for text in ("", "0", "1.5", "201", "-1", "+5")),
    *(("REGEN_PROJECT", text) for text in ("", "x", "My-Project", "my-project\n", "a/b/c/d")),
    *(("REGEN_DATASET_PREFIX", text) for text in ("x", "X_", "1_", "a b_")),
    ("REGEN_BACKEND", "aws"),
]


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_a_wrong_value_names_its_variable_and_not_the_value(name: str, text: str) -> None:
    assert problems({**GOOD, name: text}) == [name]


def test_keys_are_stripped_of_spaces_and_line_breaks() -> None:
    settings = read_settings({**GOOD, "REGEN_API_KEYS": f" old : {CANARY} ,new:{CANARY}:2\n"})
    assert dict(settings.api_keys) == {"old": CANARY, "new": f"{CANARY}:2"}


def test_a_secret_that_holds_a_key_alone_is_the_default_key() -> None:
    assert dict(read_settings({**GOOD, "REGEN_API_KEYS": f"{CANARY}\n"}).api_keys) == {"default": CANARY}
    both = read_settings({**GOOD, "REGEN_API_KEYS": f"{CANARY},new:{CANARY}2"}).api_keys
    assert dict(both) == {"default": CANARY, "new": f"{CANARY}2"}
    assert problems({**GOOD, "REGEN_API_KEYS": f"{CANARY},default:{CANARY}2"}) == ["REGEN_API_KEYS"]
    assert problems({**GOOD, "REGEN_API_KEYS": "too short"}) == ["REGEN_API_KEYS"]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"REGEN_OIDC_ISSUER": "https://evil.example"}, "REGEN_OIDC_ISSUER"),
        ({"REGEN_OIDC_ISSUER": "accounts.google.com"}, "REGEN_OIDC_ISSUER"),
        ({"REGEN_OIDC_CERTS_URL": "https://evil.example/certs"}, "REGEN_OIDC_CERTS_URL"),
        ({"REGEN_BACKEND": "memory"}, "REGEN_BACKEND"),
        ({"REGEN_TOKEN_CHECK": "claims"}, "REGEN_TOKEN_CHECK"),
        ({"REGEN_API_KEYS": ""}, "REGEN_API_KEYS"),
        ({"REGEN_WEBHOOK_URL": "http://127.0.0.1:9/x"}, "REGEN_WEBHOOK_URL"),
        ({"REGEN_WEBHOOK_URL": "http://localhost/x"}, "REGEN_WEBHOOK_URL"),
        ({"REGEN_INPUTS_STORE": "/var/inputs"}, "REGEN_INPUTS_STORE"),
    ],
)
def test_public_function_refuses_unsafe_settings(changes: dict[str, str], wrong: str) -> None:
    assert read_settings(DEPLOYED, public=True).on_cloud_run
    assert problems({**DEPLOYED, **changes}, public=True) == [wrong]
    if wrong != "REGEN_API_KEYS":
        assert read_settings({**GOOD, **changes}, public=True), "elsewhere, tests and the local stack need it"


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/x", "http://localhost", "http://[::1]:9", "https://chat.example/x"]
)
def test_loopback_webhook_may_use_http(address: str) -> None:
    assert read_settings({**GOOD, "REGEN_WEBHOOK_URL": f" {address}\n"}).webhook_url == address


def test_private_function_may_leave_signatures_to_the_platform() -> None:
    private = {"REGEN_PROJECT": "my-project", "REGEN_TOKEN_CHECK": "claims", "K_SERVICE": "regen-worker"}
    assert read_settings(private).token_check == "claims"
    assert problems({**private, "REGEN_OIDC_ISSUER": "https://evil.example"}) == ["REGEN_OIDC_ISSUER"]


def test_public_coordinator_may_run_behind_iam() -> None:
    environ = {**DEPLOYED, "REGEN_TOKEN_CHECK": "claims_behind_iam"}
    assert read_settings(environ, public=True).token_check == "claims_behind_iam"


def _load(name: str) -> None:
    spec = importlib.util.spec_from_file_location(f"main_of_{name}", FUNCTIONS / name / "main.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


@pytest.mark.parametrize("name", ["coordinator", "worker", "verifier"])
def test_unusable_settings_stop_the_start_on_cloud_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in declared():
        monkeypatch.delenv(variable, raising=False)
    _load(name)
    monkeypatch.setenv("K_SERVICE", f"regen-{name}")
    with pytest.raises(SettingsInvalid, match="REGEN_PROJECT"):
        _load(name)
    monkeypatch.setenv("REGEN_PROJECT", "my-project")
    monkeypatch.setenv("REGEN_TOKEN_CHECK", "claims")
    if name == "coordinator":
        with pytest.raises(SettingsInvalid, match=r"REGEN_API_KEYS.*REGEN_TOKEN_CHECK"):
            _load(name)
    elif name == "verifier":
        with pytest.raises(SettingsInvalid, match="REGEN_INPUTS_STORE: expected gs://"):
            _load(name)
        monkeypatch.setenv("REGEN_INPUTS_STORE", "gs://my-project-regen-inputs")
        _load(name)
    else:
        _load(name)


def test_settings_do_not_print_secrets() -> None:
    settings: Settings = read_settings({**GOOD, "REGEN_WEBHOOK_URL": f"https://hooks.example/{CANARY}"})
    assert CANARY not in repr(settings)
    assert CANARY not in repr(settings.api_keys)
    assert CANARY not in f"{settings!s}"
    assert repr(Secret(CANARY)) == "Secret(***)"
    assert settings.webhook_url == f"https://hooks.example/{CANARY}"


def test_no_query_bills_without_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_settings({**GOOD, "REGEN_MAXIMUM_BYTES_BILLED": "20000000"})
    monkeypatch.setattr("regen.adapters.bigquery.clients.bigquery_client", lambda *_: None)
    assert bootstrap._warehouse(settings).jobs.maximum_bytes_billed == 20_000_000
    assert bootstrap._warehouse(read_settings(GOOD)).jobs.maximum_bytes_billed == 10 * 2**30
    assert problems({**GOOD, "REGEN_MAXIMUM_BYTES_BILLED": "0"}) == ["REGEN_MAXIMUM_BYTES_BILLED"]
