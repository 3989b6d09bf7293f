"""The plan of a local stack: options, addresses, and the environment of its functions."""

from __future__ import annotations

import os
import random
import secrets
import socket
from collections.abc import Collection, Mapping
from pathlib import Path

from msgspec import Struct, field

from regen.clock import VARIABLE as CLOCK
from regen.local.packaging import ROOT
from regen.local.provision import Redelivery
from regen.local.relay_config import AUDIENCE, ISSUER, RelayConfig, push_account, scheduler_account
from regen.settings import declared, text_of
from regen.web.settings import SettingsInvalid, read_settings

DEFAULT_PROJECT = "nba-props-platform"
FUNCTIONS = ("coordinator", "worker", "verifier")
PORTS = (*FUNCTIONS, "relay", "pubsub", "firestore", "bigquery", "bigquery_grpc")
FRONTED = ("pubsub", "firestore", "bigquery")
INPUTS = "REGEN_INPUTS_STORE"
MODELS = "REGEN_MODELS_STORE"
OWN_PORTS = range(12_000, 32_000)


class Options(Struct, frozen=True, kw_only=True):
    """The options of a stack; the defaults are those of `regen local up`.

    Attributes:
        home: the run's own folder (data, logs, `env`); one stack at a time.
        build: files kept between runs: the BigQuery emulator's environment, caches.
        functions: the sources of the functions.
        packages: where they are packaged to (`functions/`, `packages/`); `build` unless given.
        emulators: False for the in-process adapters even if the emulators are installed.
        ports: ports by name (`PORTS`); names left out get free ports.
        variables: settings of the functions, added to the local ones or replacing them.
        schedules: the schedules of the topology that run, with their interval in seconds.
        processes: number of processes by function, which share its port; 1 by default.
        fronts: `host:port` by name (`FRONTED`). Only the functions call it instead of that emulator.
        start_seconds: longest wait until everything answers, without the first installation of the BigQuery emulator.
    """

    project: str = DEFAULT_PROJECT
    home: Path = ROOT / "build" / "local"
    build: Path = ROOT / "build"
    functions: Path = ROOT / "functions"
    packages: Path | None = None
    emulators: bool = True
    ports: Mapping[str, int] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    redelivery: Redelivery = field(default_factory=Redelivery)
    schedules: Mapping[str, float] = field(default_factory=lambda: {"regen-sweep": 5.0})
    processes: Mapping[str, int] = field(default_factory=lambda: {"worker": 2})
    fronts: Mapping[str, str] = field(default_factory=dict)
    start_seconds: float = 60


class Addresses(Struct, frozen=True):
    """The addresses of all parts: one port on loopback for each name of `PORTS`."""

    ports: Mapping[str, int]

    def host(self, name: str) -> str:
        """`127.0.0.1:port`."""
        return f"127.0.0.1:{self.ports[name]}"

    def url(self, name: str) -> str:
        """`http://127.0.0.1:port`."""
        return f"http://{self.host(name)}"


def addresses(given: Mapping[str, int]) -> Addresses:
    """The given ports, and free ones for the other names."""
    if unknown := sorted(set(given) - set(PORTS)):
        raise ValueError(f"no such port: {', '.join(unknown)}; known: {', '.join(PORTS)}")
    missing = [name for name in PORTS if name not in given]
    return Addresses({**given, **dict(zip(missing, _free_ports(len(missing), given.values()), strict=True))})


def _free_ports(count: int, taken: Collection[int]) -> list[int]:
    """Free ports below the range for outgoing connections, where a port may be taken before the stack uses it."""
    found: list[int] = []
    for port in random.SystemRandom().sample(OWN_PORTS, len(OWN_PORTS)):
        if len(found) == count:
            break
        if port not in taken and _is_free(port):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as sock:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def new_api_key() -> str:
    """A key for this run."""
    return secrets.token_urlsafe(24)


OWN = frozenset(
    {
        "REGEN_PROJECT",
        "REGEN_BACKEND",
        "REGEN_API_KEYS",
        "REGEN_OIDC_ISSUER",
        "REGEN_OIDC_AUDIENCE",
        "REGEN_OIDC_CERTS_URL",
        "REGEN_PUSH_ACCOUNTS",
        "REGEN_SCHEDULER_ACCOUNTS",
        "REGEN_TOKEN_CHECK",
        "REGEN_CODE_VERSION",
        "REGEN_DATASET_PREFIX",
        INPUTS,
        MODELS,
    }
)
"""Settings that the stack itself makes: where its parts are, and who may call them."""


def variables_of(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings of the functions that the environment of the stack's starter has, such as `REGEN_WEBHOOK_URL`.

    Raises:
        ValueError: the functions would not start with them; names each that is wrong, and not the value of a secret.
    """
    found = {name: environ[name] for name in sorted(declared().keys() - OWN) if environ.get(name)}
    try:
        read_settings({"REGEN_PROJECT": DEFAULT_PROJECT, MODELS: str(ROOT), **found})
    except SettingsInvalid as error:
        raise ValueError(str(error)) from error
    return found


def function_environment(
    options: Options, where: Addresses, *, memory: bool, api_key: str, code_version: str
) -> dict[str, str]:
    """The whole environment of a function, as a deployment would set it.

    Raises:
        ValueError: a variable of the options is not one that functions read.
    """
    variables = {
        **_declared_values(),
        "REGEN_PROJECT": options.project,
        "REGEN_BACKEND": "memory" if memory else "gcp",
        "REGEN_API_KEYS": f"local:{api_key}",
        "REGEN_OIDC_ISSUER": ISSUER,
        "REGEN_OIDC_AUDIENCE": AUDIENCE,
        "REGEN_OIDC_CERTS_URL": where.url("relay") + "/certs",
        "REGEN_PUSH_ACCOUNTS": push_account(options.project),
        "REGEN_SCHEDULER_ACCOUNTS": scheduler_account(options.project),
        "REGEN_CODE_VERSION": code_version,
        INPUTS: str(options.home / "inputs"),
        MODELS: str(options.home / "models"),
        **options.variables,
    }
    if unknown := sorted(variables.keys() - declared().keys()):
        raise ValueError(f"functions do not read {', '.join(unknown)}")
    if unknown := sorted(set(options.fronts) - set(FRONTED)):
        raise ValueError(f"no front can stand before {', '.join(unknown)}")
    reached = {name: options.fronts.get(name, where.host(name)) for name in FRONTED}
    platform = {
        "BIGQUERY_EMULATOR_HOST": f"http://{reached['bigquery']}",
        "GOOGLE_CLOUD_PROJECT": options.project,
        "HOME": str(options.home / "home"),
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONUNBUFFERED": "1",
        "LANG": "C.UTF-8",
    }
    if not memory:
        platform["PUBSUB_EMULATOR_HOST"] = reached["pubsub"]
        platform["FIRESTORE_EMULATOR_HOST"] = reached["firestore"]
    return {**platform, **variables}


def _declared_values() -> dict[str, str]:
    """The local value of each setting, or its default."""
    values = {name: row.default if row.local is None else row.local for name, row in declared().items()}
    return {name: text_of(value) for name, value in values.items() if value is not None}


def user_environment(options: Options, where: Addresses, *, memory: bool, api_key: str) -> dict[str, str]:
    """The variables for curl, the Google clients and a notebook: the content of the `env` file."""
    emulators = {"PUBSUB_EMULATOR_HOST": where.host("pubsub"), "FIRESTORE_EMULATOR_HOST": where.host("firestore")}
    return {
        **{f"{name.upper()}_URL": where.url(name) for name in FUNCTIONS},
        "API_KEY": api_key,
        "PROJECT_ID": options.project,
        **({} if memory else emulators),
        "BIGQUERY_EMULATOR_HOST": where.url("bigquery"),
        INPUTS: str(options.home / "inputs"),
        MODELS: str(options.home / "models"),
        **({CLOCK: options.variables[CLOCK]} if options.variables.get(CLOCK) else {}),
    }


def relay_config(options: Options, where: Addresses) -> RelayConfig:
    """The configuration of the relay."""
    return RelayConfig(
        port=where.ports["relay"],
        project=options.project,
        targets={name: (where.url(name),) for name in FUNCTIONS},
        schedules=options.schedules,
        ack_deadline=options.redelivery.ack_deadline,
        min_backoff=options.redelivery.min_backoff,
        max_backoff=options.redelivery.max_backoff,
        clock=options.variables.get(CLOCK, ""),
    )
