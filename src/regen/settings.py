"""The settings of the functions: one definition (`settings.json`) for the code, Terraform, the local stack and the documents."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal, TypeAlias

import msgspec

Default: TypeAlias = float | int | str | tuple[str, ...]


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A row of `settings.json`; its key is the environment variable.

    Attributes:
        type: `words` are joined by commas, `keys` are id:key joined by commas.
        default: None means that the variable must be set.
        minimum: least value of a number; `maximum` likewise.
        pattern: regular expression that a text must match as a whole; `expected` describes it in words.
        functions: the functions that use the value, or `command line`. Every function gets every variable except other functions' secrets, and
            refuses invalid values.
        terraform: the Terraform variable that sets it, such as `tracing` or `settings.lease_seconds`.
        no_terraform: why no Terraform variable sets it.
        local: its value on the local stack, if that differs from the default.
        check: the check of which it is the limit.
        field: its name in the code and in records, if that does not follow from the variable's.
    """

    type: Literal["number", "whole", "text", "choice", "words", "keys", "address"]
    functions: tuple[str, ...]
    means: str
    unit: str | None = None
    default: Default | None = None
    minimum: float | int | None = None
    maximum: float | int | None = None
    values: tuple[str, ...] = ()
    pattern: str | None = None
    expected: str | None = None
    secret: bool = False
    terraform: str | None = None
    no_terraform: str | None = None
    local: Default | None = None
    check: str | None = None
    field: str | None = None


def text_of(value: Default) -> str:
    """A value as text for the environment."""
    return ",".join(value) if isinstance(value, tuple) else str(value)


def field_of(variable: str) -> str:
    """The name of a setting in the code and in records: `lease_seconds` for `REGEN_LEASE_SECONDS`."""
    return declared()[variable].field or variable.removeprefix("REGEN_").lower()


@cache
def declared() -> Mapping[str, Setting]:
    """Every setting, by the variable that carries it."""
    text = resources.files("regen").joinpath("settings.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, Setting])


@cache
def limits() -> Mapping[str, float]:
    """The default limits of the checks, by name. Cached, because every reading of a batch needs them."""
    return MappingProxyType({field_of(name): number(name) for name, setting in declared().items() if setting.check})


def number(variable: str) -> float:
    """The default of a setting that is a number.

    Raises:
        TypeError: the setting has no number as default.
    """
    setting = declared()[variable]
    if setting.type not in {"number", "whole"} or not isinstance(setting.default, int | float):
        raise TypeError(f"{variable}: expected a number as default in settings.json")
    return int(setting.default) if setting.type == "whole" else float(setting.default)
