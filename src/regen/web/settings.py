"""The settings of a function: the one place that reads the environment, all problems reported at once.

Every variable that a deployment sets is a row of `settings.json`, with its type, its bounds and its default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Struct

from regen import clock
from regen.domain.addresses import KEY, address_fault
from regen.domain.errors import Defect
from regen.domain.values import Secret
from regen.settings import Setting, declared, field_of, text_of

SIGNATURE = "signature"
CLAIMS = "claims"
GOOGLE_ISSUER = str(declared()["REGEN_OIDC_ISSUER"].default)
IAP_CERTS_URL = str(declared()["REGEN_IAP_CERTS_URL"].default)
GOOGLE_CERTS_URL = str(declared()["REGEN_OIDC_CERTS_URL"].default)

DEFAULT_KEY = "default"
"""Whose the key of a secret is that holds nothing else, as the predecessor's does: its operators send what the secret prints."""
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,50}")
_ADDRESS = re.compile(r"https://[A-Za-z0-9\[][!-~]*")
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?([/?#][!-~]*)?")
"""An alert names players and dates: it leaves the machine encrypted, or not at all."""
_ROUTING_KEY = re.compile(r"[?&]routing_key=[A-Za-z0-9]{32}(&|$)")


class SettingsInvalid(Defect):
    """The environment is not usable; the message names every variable that is wrong."""


class Settings(Struct, frozen=True, kw_only=True):
    """All settings; durations in seconds. Each field but the last two is a row of `settings.json`.

    Attributes:
        thresholds: the limits of the checks, by name: every row that belongs to a check.
        on_cloud_run: whether the process runs there.
    """

    project: str
    backend: str
    dataset_prefix: str
    location: str
    api_keys: Mapping[str, Secret]
    oidc_issuer: str
    oidc_audience: str
    oidc_certs_url: str
    push_accounts: tuple[str, ...]
    scheduler_accounts: tuple[str, ...]
    token_check: str
    lease_seconds: float
    deadline_seconds: float
    hold_down_seconds: float
    news_hold_down_seconds: float
    news_line_move: float
    news_near_hours: float
    news_near_seconds: float
    news_far_seconds: float
    republish_after_seconds: float
    players_per_request: int
    maximum_bytes_billed: int
    min_minutes: float
    zones_max_age_days: int
    zones_max_dates: int
    zones_hold_down_minutes: float
    zones_scope: str
    source_before_hours: float
    source_after_hours: float
    source_shrunk_pct: float
    quality_watch: str
    quality_mae_points: float
    quality_bias_points: float
    quality_hit_pct: float
    quality_calibration_pct: float
    quality_skew_pct: float
    quality_lined_pct: float
    quality_rise_pct: float
    min_quality: float
    retention_days: int
    systems: tuple[str, ...]
    external_systems: tuple[str, ...]
    onnx_systems: tuple[str, ...]
    retired_systems: tuple[str, ...]
    max_challengers: int
    webhook_url: Secret | None
    webhook_format: str
    runbook_url: str
    console_url: str
    inputs_store: str
    models_store: str
    refit_account: str
    refit_uses: str
    refit_weeks: int
    model_max_age_days: int
    gate_error_points: float
    gate_log_loss: float
    gate_interval_pct: float
    gate_min_rows: int
    coordinator_url: str
    console_account: str
    console_operators: tuple[str, ...]
    iap_audience: str
    iap_certs_url: str
    clock_start: str
    code_version: str
    tracing: str
    thresholds: Mapping[str, float]
    on_cloud_run: bool


class _Wrong(ValueError):
    """A value that its setting does not allow; the text says what is expected."""


def _keys(text: str) -> dict[str, Secret]:
    """`id:key,id:key`: two keys are valid at once, for rotation. A key without an id is that of `default`."""
    if not text:
        return {}
    named = [pair if ":" in pair else f"{DEFAULT_KEY}:{pair}" for pair in text.split(",") if pair.strip()]
    pairs = [tuple(part.strip() for part in pair.partition(":")[::2]) for pair in named]
    if not pairs or any(not _KEY_ID.fullmatch(k) or not KEY.fullmatch(v) for k, v in pairs):
        raise _Wrong("a key, or id:key pairs joined by commas, keys of at least 16 characters of ASCII")
    if len({k for k, _ in pairs}) != len(pairs) or len({v for _, v in pairs}) != len(pairs):
        raise _Wrong("id:key pairs of which each id and each key is another")
    return {k: Secret(v) for k, v in pairs}


def _address(text: str) -> Secret | None:
    address = text.strip()
    if address and not _ADDRESS.fullmatch(address) and not _LOOPBACK.fullmatch(address):
        raise _Wrong("an address that begins with https:// (http:// on this machine only)")
    if address and (fault := address_fault(address)):
        raise _Wrong(f"an address; what is set {fault}")
    return Secret(address) if address else None


def _words(text: str) -> tuple[str, ...]:
    return tuple(w.strip() for w in text.split(",") if w.strip())


def _whole(text: str) -> int:
    if not re.fullmatch(r"\d+", text):
        raise ValueError(text)
    return int(text)


_READERS: Mapping[str, Callable[[str], Any]] = {
    "number": float,
    "whole": _whole,
    "text": str,
    "choice": str,
    "words": _words,
    "keys": _keys,
    "address": _address,
}
_LINKS = frozenset({"REGEN_RUNBOOK_URL", "REGEN_COORDINATOR_URL", "REGEN_CONSOLE_URL"})
"""Addresses that are no secrets."""


@cache
def _kind(variable: str) -> Any:  # noqa: ANN401 - a type, or None
    """The type that `msgspec` holds a value to."""
    setting = declared()[variable]
    if setting.type == "choice":
        return Literal[setting.values]
    if setting.type == "text" and setting.pattern:
        return Annotated[str, msgspec.Meta(pattern=rf"\A(?:{setting.pattern})\Z")]
    if setting.type in {"number", "whole"}:
        kind = int if setting.type == "whole" else float
        return Annotated[kind, msgspec.Meta(ge=setting.minimum, le=setting.maximum)]
    return None


def read_value(variable: str, text: str) -> Any:  # noqa: ANN401 - as its type says
    """The value of one variable.

    Raises:
        ValueError: the text is not what `settings.json` allows; says what is expected and, but for secrets, what was found.
    """
    setting = declared()[variable]
    try:
        value, kind = _READERS[setting.type](text), _kind(variable)
        return _linked(variable, value if kind is None else msgspec.convert(value, kind))
    except _Wrong as error:
        raise ValueError(f"expected {error}") from None
    except ValueError:  # of which msgspec's is one
        raise ValueError(f"expected {_expected(setting)}, found {text[:60]!r}") from None


def _linked(variable: str, value: Any) -> Any:  # noqa: ANN401 - as its type says
    if variable in _LINKS and value and (fault := address_fault(value)):
        raise _Wrong(f"{declared()[variable].expected}; what is set {fault}")
    return value


def _expected(setting: Setting) -> str:
    if setting.type == "choice":
        return f"one of {', '.join(setting.values)}"
    if setting.type == "whole":
        return f"a whole number from {setting.minimum} to {setting.maximum}"
    if setting.type == "number":
        return f"a number from {setting.minimum:g} to {setting.maximum:g}"
    return str(setting.expected)


def read_settings(environ: Mapping[str, str], *, public: bool = False, keeps: bool = False) -> Settings:
    """Read and check every variable.

    Args:
        public: whether anybody may reach the function, so that its code alone decides who gets in.
        keeps: whether the function keeps the inputs of what it promotes, so that it must know where.

    Raises:
        SettingsInvalid: names each variable that is missing, wrong, or unknown with our prefix.
    """
    rows = declared()
    problems = [f"{name}: no such variable" for name in environ if name.startswith("REGEN_") and name not in rows]
    values: dict[str, Any] = {"on_cloud_run": "K_SERVICE" in environ, "thresholds": {}}
    for name, setting in rows.items():
        text = environ.get(name, None if setting.default is None else text_of(setting.default))
        if text is None:
            problems.append(f"{name}: must be set")
            continue
        try:
            value = read_value(name, text)
        except ValueError as error:
            problems.append(f"{name}: {error}")
            continue
        (values["thresholds"] if setting.check else values)[field_of(name)] = value
    problems += _unsafe(values, public=public, keeps=keeps)
    if problems:
        raise SettingsInvalid("; ".join(problems))
    if other := sorted(values.keys() ^ set(Settings.__struct_fields__)):
        raise SettingsInvalid(f"settings.json and regen.web.settings.Settings differ in {', '.join(other)}")
    return Settings(**values)


def _unsafe(values: Mapping[str, Any], *, public: bool, keeps: bool) -> list[str]:
    """What each variable for itself allows, but this deployment does not; a variable that is wrong is not among them."""
    problems = []
    if public and values.get("api_keys") == {}:
        problems.append("REGEN_API_KEYS: must be set")
    address = values.get("webhook_url")
    if values.get("webhook_format") == "pagerduty" and address and not _ROUTING_KEY.search(address):
        problems.append("REGEN_WEBHOOK_URL: expected ?routing_key= and 32 letters and digits, for pagerduty")
    if values.get("onnx_systems") and not values.get("models_store"):
        problems.append("REGEN_ONNX_SYSTEMS: needs the store of models (REGEN_MODELS_STORE)")
    try:
        clock.ahead_of(values.get("clock_start", ""))
    except ValueError as error:
        problems.append(f"{clock.VARIABLE}: {error}")
    return problems + (_unfit_for_the_cloud(values, public=public, keeps=keeps) if values["on_cloud_run"] else [])


def _unfit_for_the_cloud(values: Mapping[str, Any], *, public: bool, keeps: bool) -> list[str]:
    """What is for tests and the local stack alone, and what a deployment must say."""
    problems = []
    if values.get("clock_start"):
        problems.append(f"{clock.VARIABLE}: expected none on Cloud Run: another clock is for a local stack")
    only = {
        "oidc_issuer": GOOGLE_ISSUER,
        "oidc_certs_url": GOOGLE_CERTS_URL,
        "iap_certs_url": IAP_CERTS_URL,
        "backend": "gcp",
    }
    for key, expected in only.items():
        if values.get(key, expected) != expected:
            problems.append(f"REGEN_{key.upper()}: expected {expected} on Cloud Run, found {values[key][:60]!r}")
    kept = values.get("inputs_store", "gs://")
    if (kept or keeps) and not kept.startswith("gs://"):
        problems.append("REGEN_INPUTS_STORE: expected gs:// and a bucket on Cloud Run")
    if not (values.get("models_store") or "gs://").startswith("gs://"):
        problems.append("REGEN_MODELS_STORE: expected gs:// and a bucket on Cloud Run, or nothing")
    if (values.get("webhook_url") or "https://").startswith("http://"):
        problems.append("REGEN_WEBHOOK_URL: expected an address that begins with https:// on Cloud Run")
    if public and values.get("token_check") == CLAIMS:
        problems.append(f"REGEN_TOKEN_CHECK: expected {SIGNATURE}, found {CLAIMS!r}: anybody can reach this function")
    return problems
