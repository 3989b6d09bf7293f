"""Reading of single values from a JSON row. Numbers may be text (BigQuery's NUMERIC) or NaN."""

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
    """A value does not match its column; the text names the column."""


def parsed(text: str | None, where: str) -> dict[str, Any]:
    """The JSON object of a text; an empty one for None."""
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
    """The decoded list of a JSON text; an empty one for None."""
    if text is None:
        return []
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Broken(f"{where}: {error}") from None


def finite(value: object) -> float | None:
    """The value as a number; None if it is not a finite number."""
    if value is None or isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def number(row: Mapping[str, Any], name: str, where: str = "", low: float | None = None) -> float | None:
    """The number of a column, which may be null."""
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
    """The number of a column, which must not be null."""
    result = number(row, name, where)
    if result is None:
        raise Broken(f"{where}{name}: expected a number, got null")
    return result


def optional_text(row: Mapping[str, Any], name: str) -> str | None:
    """The text of a column, which may be null."""
    value = row.get(name)
    return None if value is None else str(value)


def text_value(row: Mapping[str, Any], name: str, where: str = "") -> str:
    """The text of a column, which must not be null or empty."""
    value = optional_text(row, name)
    if not value:
        raise Broken(f"{where}{name}: expected a text, got {'null' if value is None else 'an empty one'}")
    return value


def flag_value(row: Mapping[str, Any], name: str, where: str = "") -> bool | None:
    """The boolean of a column, which may be null."""
    value = row.get(name)
    if value is not None and not isinstance(value, bool):
        raise Broken(f"{where}{name}: expected true or false, got {shown(value)}")
    return value


def moment(row: Mapping[str, Any], name: str, where: str = "") -> datetime | None:
    """The timestamp of a column, which may be null; without a zone it is UTC. Some upstreams send year 1 for "unknown"."""
    value = optional_text(row, name)
    if value is None:
        return None
    try:
        result = datetime.fromisoformat(value)
        result = result.replace(tzinfo=UTC) if result.tzinfo is None else result.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Broken(f"{where}{name}: expected a timestamp, got {shown(value)}") from None
    if not is_moment(result):
        raise Broken(f"{where}{name}: expected a timestamp in range, got {shown(value)}")
    return result
