"""Reads single values of a row that came as JSON: numbers may be text (BigQuery writes NUMERIC so), NaN may be there."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from regen.domain.soundness import is_moment, shown

T = TypeVar("T")


class Broken(ValueError):
    """A value is not what its column promises; the text names the column."""


def parsed(text: str | None, where: str) -> dict[str, Any]:
    """The JSON object; an empty one where there is none."""
    if text is None:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Broken(f"{where}: expected JSON ({error})") from None
    if not isinstance(value, dict):
        raise Broken(f"{where}: expected an object, got {shown(value)}")
    return value


def decoded(text: str | None, decoder: msgspec.json.Decoder[list[T]], where: str) -> list[T]:
    """A list of values that decode as they are; nothing where there is none."""
    if text is None:
        return []
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Broken(f"{where}: {error}") from None


def finite(value: object) -> float | None:
    """The number, None if it is none or not finite."""
    if value is None or isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def number(row: Mapping[str, Any], name: str, where: str = "", low: float | None = None) -> float | None:
    """A number or null."""
    value = row.get(name)
    if value is None:
        return None
    result = finite(value)
    if result is None:
        raise Broken(f"{where}{name}: expected a finite number, got {shown(value)}")
    if low is not None and result < low:
        raise Broken(f"{where}{name}: expected {low:g} or more, got {shown(value)}")
    return result


def required_number(row: Mapping[str, Any], name: str, where: str = "") -> float:
    """A number."""
    result = number(row, name, where)
    if result is None:
        raise Broken(f"{where}{name}: expected a number, got null")
    return result


def optional_text(row: Mapping[str, Any], name: str) -> str | None:
    """A text or null."""
    value = row.get(name)
    return None if value is None else str(value)


def text_value(row: Mapping[str, Any], name: str, where: str = "") -> str:
    """A text that says something."""
    value = optional_text(row, name)
    if not value:
        raise Broken(f"{where}{name}: expected a text, got {'null' if value is None else 'nothing'}")
    return value


def flag_value(row: Mapping[str, Any], name: str, where: str = "") -> bool | None:
    """True, false or null."""
    value = row.get(name)
    if value is not None and not isinstance(value, bool):
        raise Broken(f"{where}{name}: expected true or false, got {shown(value)}")
    return value


def moment(row: Mapping[str, Any], name: str, where: str = "") -> datetime | None:
    """A moment or null; without a zone it is UTC. Year 1, which some send for "unknown", is none that is known."""
    value = optional_text(row, name)
    if value is None:
        return None
    try:
        result = datetime.fromisoformat(value)
        result = result.replace(tzinfo=UTC) if result.tzinfo is None else result.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Broken(f"{where}{name}: expected a moment, got {shown(value)}") from None
    if not is_moment(result):
        raise Broken(f"{where}{name}: expected a moment of our times, got {shown(value)}")
    return result
