"""Where the commands look: flags, then the environment, then the running local stack, then the profile file.

The local stack is left out as soon as a flag, the environment or a profile names another address or project: what is
read is never half of one system and half of another.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from getpass import getuser
from pathlib import Path
from socket import gethostname

from msgspec import Struct, field

from regen.client.errors import Misused
from regen.clock import VARIABLE as CLOCK
from regen.domain.addresses import address_fault, is_plain, on_loopback
from regen.domain.errors import InvalidInput
from regen.domain.nearest import nearest, the_nearest
from regen.domain.persons import claimed
from regen.domain.values import Secret
from regen.settings import declared, number

BYTES = "REGEN_MAXIMUM_BYTES_BILLED"
PROTECTED = "protected"
"""In a profile: the date has to be typed before anything is changed."""
DEFAULT_PROJECT = "nba-props-platform"
CHECKOUT = Path(__file__).parents[3]
VARIABLES = {
    "url": "COORDINATOR_URL",
    "key": "API_KEY",
    "project": "PROJECT_ID",
    "emulator": "BIGQUERY_EMULATOR_HOST",
    "prefix": "REGEN_DATASET_PREFIX",
    "maximum_bytes_billed": BYTES,
    "region": "REGEN_REGION",
    "name": "REGEN_NAME",
    "operator": "REGEN_OPERATOR",
    "inputs_store": "REGEN_INPUTS_STORE",
    "models_store": "REGEN_MODELS_STORE",
    "audience": "REGEN_OIDC_AUDIENCE",
}
"""Setting -> environment variable; a local stack's `env` file has the same names."""
ADDRESSES = {"url": "the coordinator's address", "emulator": "the BigQuery emulator's address"}
NAMES = frozenset({"project", "prefix", "region", "name", "audience"})
"""What becomes a part of addresses and of statements."""
STORES = frozenset({"inputs_store", "models_store"})


class Given(Struct, frozen=True):
    """What the command line says; None where it says nothing."""

    project: str | None = None
    url: str | None = None
    key: Secret | None = None
    profile: str | None = None
    confirm: str | None = None

    def over(self, other: Given) -> Given:
        """These words before those of `other`."""
        return Given(
            self.project or other.project,
            self.url or other.url,
            self.key or other.key,
            self.profile or other.profile,
            self.confirm or other.confirm,
        )


class Settings(Struct, frozen=True):
    """What the commands work with.

    Attributes:
        emulator: http address of the BigQuery emulator; None for the real thing.
        region: where the functions run; only `doctor --deployed` asks.
        name: begins the names of what is deployed; likewise.
        inputs_store: where the inputs of promoted rows are kept; None where nothing says so.
        models_store: where published models are; likewise.
        audience: what the coordinator takes for its own, for a process on Google Cloud that has no key.
        operator: the person who types, for the audit: the setting, else the user and the machine.
        origins: where each setting is from, in words.
        profile: the profile that something is taken from.
        clock: the moment from which the local stack lives, if this is about it.
        is_protected: whether that profile wants the date typed before anything is changed.
    """

    project: str
    url: str | None = None
    key: Secret | None = None
    emulator: str | None = None
    prefix: str = ""
    maximum_bytes_billed: int = int(number(BYTES))
    region: str | None = None
    name: str | None = None
    operator: str | None = None
    inputs_store: str | None = None
    models_store: str | None = None
    audience: str | None = None
    origins: Mapping[str, str] = field(default_factory=dict)
    profile: str | None = None
    is_protected: bool = False
    clock: str = ""

    @property
    def target(self) -> str:
        """The system that is spoken to, as its address tells it; a project's name alone does not."""
        if on_loopback(self.emulator) and (self.url is None or on_loopback(self.url)):
            return "LOCAL STACK"
        named = f"{self.project} at {self.url}" if self.url else self.project
        return f"{named} (profile {self.profile})" if self.profile else named


def local_home(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the local stack: `REGEN_LOCAL_HOME`, else `build/local` in the checkout."""
    return Path(environ.get("REGEN_LOCAL_HOME") or CHECKOUT / "build" / "local")


def profile_file(environ: Mapping[str, str] = os.environ) -> Path:
    """The file of profiles: `REGEN_CONFIG`, else where the desktop's rules put it."""
    if named := environ.get("REGEN_CONFIG"):
        return Path(named)
    home = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or Path.home()) / ".config"
    return Path(home) / "regen" / "config.toml"


def resolve(given: Given, environ: Mapping[str, str] = os.environ) -> Settings:
    """Put together what is said in the four places.

    Raises:
        Misused: a profile is named that does not exist, or its file cannot be read; or a setting holds what none of its kind can.
    """
    layers: list[tuple[str, Mapping[str, str]]] = []
    flags = {name: value for name in ("project", "url", "key") if (value := getattr(given, name))}
    layers.append(("the command line", flags))
    layers.append(("the environment", {n: environ[v] for n, v in VARIABLES.items() if environ.get(v)}))
    profile_name = given.profile or environ.get("REGEN_PROFILE")
    profile: dict[str, str] = {}
    clock = ""
    named = {**layers[1][1], **flags}
    local = read_env(local_home(environ) / "env")
    stack = {n: local[v] for n, v in VARIABLES.items() if v in local}
    if stack and not profile_name and all(named.get(n, stack.get(n)) == stack.get(n) for n in ("url", "project")):
        layers.append(("the local stack", stack))
        clock = local.get(CLOCK, "")
    else:
        profile = _profile(profile_file(environ), profile_name)
        layers.append((f"the profile {profile_name or 'default'}", profile))
    is_protected = _flag(profile.pop(PROTECTED, "false"))
    values: dict[str, str] = {}
    origins: dict[str, str] = {}
    for origin, layer in reversed(layers):
        values |= layer
        origins |= dict.fromkeys(layer, origin)
    if (emulator := values.get("emulator")) and "://" not in emulator:
        values["emulator"] = emulator = f"http://{emulator}"
    for name in sorted(values):
        _check(name, values[name], origins[name])
    return Settings(
        project=values.get("project", DEFAULT_PROJECT),
        url=values.get("url"),
        key=Secret(values["key"]) if "key" in values else None,
        emulator=emulator,
        prefix=values.get("prefix", ""),
        maximum_bytes_billed=_bytes(values.get("maximum_bytes_billed", str(number(BYTES)))),
        region=values.get("region"),
        name=values.get("name"),
        operator=operator(environ, values.get("operator")),
        inputs_store=values.get("inputs_store"),
        models_store=values.get("models_store"),
        audience=values.get("audience"),
        origins={"project": "the default", **origins},
        profile=(profile_name or "default") if profile_name or is_protected else None,
        is_protected=is_protected,
        clock=clock,
    )


def _check(name: str, value: str, origin: str) -> None:
    """Refuse what no header, address or name of the cloud can hold; the value is never quoted, since it may be a secret.

    Raises:
        Misused: says which setting, and where it is from.
    """
    if not value:
        return
    if name == "key" and not is_plain(value):
        raise Misused(
            f"the API key (from {origin}) has characters that no key has: keys are ASCII without blanks and line ends"
        )
    if name in ADDRESSES and (fault := address_fault(value)):
        raise Misused(f"{ADDRESSES[name]} (from {origin}) {fault}")
    is_name = name in NAMES or (name in STORES and value.startswith("gs://"))
    if (is_name and not value.isascii()) or (name in NAMES | STORES and not _on_one_line(value)):
        raise Misused(f"{VARIABLES[name]} (from {origin}) has characters that it cannot have")


def _on_one_line(value: str) -> bool:
    """Whether there is no control character; a folder's name may hold any other."""
    return all(ord(letter) >= ord(" ") for letter in value)


def clock_of(given: Given, environ: Mapping[str, str] = os.environ) -> str:
    """The moment from which the local stack lives that a command is about; empty for any other system."""
    try:
        return resolve(given, environ).clock
    except Misused:  # the command itself says so, if it asks where to look
        return ""


def operator(environ: Mapping[str, str] = os.environ, setting: str | None = None) -> str | None:
    """Who types: the setting or the variable, else `user@machine`; None where the machine does not say.

    Raises:
        Misused: the setting is no name.
    """
    given = setting or environ.get(VARIABLES["operator"]) or None
    try:
        if given is not None:
            return claimed(given).partition(":")[2]
        return claimed(f"{_user(environ)}@{gethostname()}").partition(":")[2]
    except (OSError, KeyError):  # the user has no name here
        return None
    except InvalidInput as error:
        if given is None:
            return None
        raise Misused(f"{VARIABLES['operator']}: expected {error.expected}") from None


def _user(environ: Mapping[str, str]) -> str:
    return environ.get("SUDO_USER") or environ.get("LOGNAME") or environ.get("USER") or getuser()


def _flag(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise Misused(f"{PROTECTED}: expected true or false, not {text[:60]}")
    return text.lower() == "true"


def _bytes(text: str) -> int:
    least = int(declared()[BYTES].minimum or 0)
    if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) < least:
        raise Misused(f"{BYTES}: expected a whole number from {least} on, not {text[:60]}")
    return int(text)


def read_env(path: Path) -> dict[str, str]:
    """The `KEY=value` lines of a file; nothing if there is none.

    Raises:
        Misused: it cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise Misused(f"{path}: {_unread(error)}") from None
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _unread(error: Exception) -> str:
    """Why a file was not read; what it holds is not quoted."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, UnicodeDecodeError):
        return f"no UTF-8 at byte {error.start}"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def profile_names(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The profiles of the file; none if it cannot be read."""
    try:
        return sorted(tomllib.loads(profile_file(environ).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        return []


def _profile(path: Path, name: str | None) -> dict[str, str]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        if name:
            raise Misused(f"no profile {name}: there is no {path}") from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise Misused(f"{path}: {_unread(error)}") from None
    found = content.get(name or "default", None if name else {})
    if not isinstance(found, dict):
        near = the_nearest(nearest(name or "", content))
        raise Misused(f"no profile {name} in {path}{near}; it has {', '.join(sorted(content)) or 'none'}")
    known = (*VARIABLES, PROTECTED)
    if unknown := sorted(set(found) - set(known)):
        raise Misused(f"{path}: no such setting: {', '.join(unknown)}; known: {', '.join(known)}")
    return {key: str(value) for key, value in found.items()}
