"""The settings of a function: the one place that reads the environment, all problems reported at once.

Every variable that a deployment sets is named here (`VARIABLES`), and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from regen.domain.errors import Defect

GOOGLE_ISSUER = "https://accounts.google.com"
GOOGLE_CERTS_URL = "https://www.googleapis.com/oauth2/v1/certs"


SIGNATURE = "signature"
CLAIMS = "claims"
CLAIMS_BEHIND_IAM = "claims_behind_iam"
"""As `claims`, for a coordinator that is not public: Terraform says so, and makes it so, by `coordinator_public`."""

_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,50}")
_KEY = re.compile(r"[!-~]{16,500}")
_ADDRESS = re.compile(r"https://[A-Za-z0-9\[][!-~]*")
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?([/?#][!-~]*)?")
"""An alert names players and dates: it leaves the machine encrypted, or not at all."""


class SettingsInvalid(Defect):
    """The environment is not usable; the message names every variable that is wrong."""


class Secret(str):
    """A string that does not show itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(***)"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; durations in seconds."""

    project: str
    backend: str
    dataset_prefix: str
    location: str
    api_keys: Mapping[str, Secret] = field(repr=False)
    oidc_issuer: str
    oidc_audience: str
    oidc_certs_url: str
    push_accounts: tuple[str, ...]
    scheduler_accounts: tuple[str, ...]
    token_check: str
    lease_seconds: float
    deadline_seconds: float
    hold_down_seconds: float
    republish_after_seconds: float
    players_per_request: int
    maximum_bytes_billed: int
    coverage_threshold: float
    minimum_produced: int
    mean_shift: float
    withdrawn_pct: float
    games_gone: int
    slate_drop_pct: float
    uneven_games: int
    game_coverage_pct: float
    excluded_pct: float
    out_pct: float
    system_share_pct: float
    systems_lost_pct: float
    lined_drop_pct: float
    lines_lost_pct: float
    tier_drop_pct: float
    rows_drop_pct: float
    line_shift: float
    min_minutes: float
    retention_days: int
    systems: tuple[str, ...]
    webhook_url: Secret | None = field(repr=False)
    code_version: str
    tracing: str
    on_cloud_run: bool


def _keys(text: str) -> dict[str, Secret]:
    """`id:key,id:key`: two keys are valid at once, for rotation. What is wrong is said without the value."""
    pairs = [tuple(part.strip() for part in pair.partition(":")[::2]) for pair in text.split(",") if pair.strip()]
    if not pairs or any(not _KEY_ID.fullmatch(k) or not _KEY.fullmatch(v) for k, v in pairs):
        raise ValueError("one or more id:key pairs joined by commas, keys of at least 16 characters of ASCII")
    if len({k for k, _ in pairs}) != len(pairs) or len({v for _, v in pairs}) != len(pairs):
        raise ValueError("id:key pairs of which each id and each key is another")
    return {k: Secret(v) for k, v in pairs}


def _address(text: str) -> Secret | None:
    address = text.strip()
    if address and not _ADDRESS.fullmatch(address) and not _LOOPBACK.fullmatch(address):
        raise ValueError("an address that begins with https:// (http:// on this machine only)")
    return Secret(address) if address else None


def _words(text: str) -> tuple[str, ...]:
    return tuple(w.strip() for w in text.split(",") if w.strip())


def _one_of(*words: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return text

    return check


def _matching(pattern: str, words: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(words)
        return text

    return check


def _number(low: float, high: float) -> Callable[[str], float]:
    def check(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"a number from {low:g} to {high:g}") from None
        if not low <= value <= high:
            raise ValueError(f"a number from {low:g} to {high:g}")
        return value

    return check


def _whole(low: int, high: int) -> Callable[[str], int]:
    def check(text: str) -> int:
        if not re.fullmatch(r"\d+", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return check


#: variable -> (field, parser, default); a default of None means that the variable must be set.
VARIABLES: dict[str, tuple[str, Callable[[str], Any], str | None]] = {
    "REGEN_PROJECT": ("project", _matching(r"[a-z][a-z0-9-]{3,40}", "a project id"), None),
    "REGEN_BACKEND": ("backend", _one_of("gcp", "memory"), "gcp"),
    "REGEN_DATASET_PREFIX": ("dataset_prefix", _matching(r"([a-z][a-z0-9_]{0,30}_)?", "a name ending in _"), ""),
    "REGEN_LOCATION": ("location", _matching(r"[A-Za-z0-9-]+", "a BigQuery location"), "US"),
    "REGEN_API_KEYS": ("api_keys", _keys, ""),
    "REGEN_OIDC_ISSUER": ("oidc_issuer", str, GOOGLE_ISSUER),
    "REGEN_OIDC_AUDIENCE": ("oidc_audience", str, "regen"),
    "REGEN_OIDC_CERTS_URL": ("oidc_certs_url", str, GOOGLE_CERTS_URL),
    "REGEN_PUSH_ACCOUNTS": ("push_accounts", _words, ""),
    "REGEN_SCHEDULER_ACCOUNTS": ("scheduler_accounts", _words, ""),
    "REGEN_TOKEN_CHECK": ("token_check", _one_of(SIGNATURE, CLAIMS, CLAIMS_BEHIND_IAM), SIGNATURE),
    "REGEN_LEASE_SECONDS": ("lease_seconds", _number(1, 600), "90"),
    "REGEN_DEADLINE_SECONDS": ("deadline_seconds", _number(1, 86_400), "1800"),
    "REGEN_HOLD_DOWN_SECONDS": ("hold_down_seconds", _number(0, 86_400), "900"),
    "REGEN_REPUBLISH_AFTER_SECONDS": ("republish_after_seconds", _number(1, 86_400), "180"),
    "REGEN_PLAYERS_PER_REQUEST": ("players_per_request", _whole(1, 200), "50"),
    # Of one query; BigQuery bills 10 MB at least for each table that it names.
    "REGEN_MAXIMUM_BYTES_BILLED": ("maximum_bytes_billed", _whole(10 * 2**20, 10**15), str(10 * 2**30)),
    "REGEN_COVERAGE_THRESHOLD": ("coverage_threshold", _number(0, 100), "90"),
    "REGEN_MINIMUM_PRODUCED": ("minimum_produced", _whole(1, 100_000), "1"),
    "REGEN_MEAN_SHIFT": ("mean_shift", _number(0, 100), "4"),
    "REGEN_WITHDRAWN_PCT": ("withdrawn_pct", _number(0, 100), "20"),
    "REGEN_GAMES_GONE": ("games_gone", _whole(0, 100), "0"),
    "REGEN_SLATE_DROP_PCT": ("slate_drop_pct", _number(0, 100), "20"),
    "REGEN_UNEVEN_GAMES": ("uneven_games", _whole(0, 100), "0"),
    "REGEN_GAME_COVERAGE_PCT": ("game_coverage_pct", _number(0, 100), "60"),
    "REGEN_EXCLUDED_PCT": ("excluded_pct", _number(0, 100), "20"),
    "REGEN_OUT_PCT": ("out_pct", _number(0, 100), "40"),
    "REGEN_SYSTEM_SHARE_PCT": ("system_share_pct", _number(0, 100), "80"),
    "REGEN_SYSTEMS_LOST_PCT": ("systems_lost_pct", _number(0, 100), "20"),
    "REGEN_LINED_DROP_PCT": ("lined_drop_pct", _number(0, 100), "30"),
    "REGEN_LINES_LOST_PCT": ("lines_lost_pct", _number(0, 100), "40"),
    "REGEN_TIER_DROP_PCT": ("tier_drop_pct", _number(0, 100), "30"),
    "REGEN_ROWS_DROP_PCT": ("rows_drop_pct", _number(0, 100), "40"),
    "REGEN_LINE_SHIFT": ("line_shift", _number(0, 100), "4"),
    "REGEN_MIN_MINUTES": ("min_minutes", _number(0, 48), "15"),
    "REGEN_RETENTION_DAYS": ("retention_days", _whole(1, 3650), "90"),
    "REGEN_SYSTEMS": ("systems", _words, ""),
    "REGEN_WEBHOOK_URL": ("webhook_url", _address, ""),
    "REGEN_CODE_VERSION": ("code_version", str, "unknown"),
    "REGEN_TRACING": ("tracing", _one_of("off", "otlp"), "off"),
}


def read_settings(environ: Mapping[str, str], *, public: bool = False) -> Settings:
    """Read and check every variable.

    Args:
        public: whether anybody may reach the function, so that its code alone decides who gets in.

    Raises:
        SettingsInvalid: names each variable that is missing, wrong, or unknown with our prefix.
    """
    problems = [f"{name}: no such variable" for name in environ if name.startswith("REGEN_") and name not in VARIABLES]
    values: dict[str, Any] = {"on_cloud_run": "K_SERVICE" in environ}
    for name, (key, parse, default) in VARIABLES.items():
        text = environ.get(name, default)
        if text is None:
            problems.append(f"{name}: must be set")
            continue
        try:
            values[key] = {} if name == "REGEN_API_KEYS" and not text else parse(text)
        except ValueError as error:
            problems.append(f"{name}: expected {error}")
    problems += _unsafe(values, public=public)
    if problems:
        raise SettingsInvalid("; ".join(problems))
    return Settings(**values)


def _unsafe(values: Mapping[str, Any], *, public: bool) -> list[str]:
    """What each variable for itself allows, but this deployment does not; a variable that is wrong is not among them."""
    problems = []
    if public and values.get("api_keys") == {}:
        problems.append("REGEN_API_KEYS: must be set")
    if not values["on_cloud_run"]:
        return problems
    only = {"oidc_issuer": GOOGLE_ISSUER, "oidc_certs_url": GOOGLE_CERTS_URL, "backend": "gcp"}
    for key, expected in only.items():
        if values.get(key, expected) != expected:
            problems.append(f"REGEN_{key.upper()}: expected {expected} on Cloud Run")
    if (values.get("webhook_url") or "https://").startswith("http://"):
        problems.append("REGEN_WEBHOOK_URL: expected an address that begins with https:// on Cloud Run")
    if public and values.get("token_check") == CLAIMS:
        problems.append(f"REGEN_TOKEN_CHECK: expected {SIGNATURE}: anybody can reach this function")
    return problems
