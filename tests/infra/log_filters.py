"""Evaluates the part of Cloud Logging's query language that our filters use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

SEVERITIES = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")
_COMPARISON = re.compile(r'([A-Za-z_.]+)\s*(=~|!=|>=|=)\s*("(?:[^"\\]|\\.)*"|[A-Z]+|\d+)')


def matches(filter_: str, entry: Mapping[str, Any]) -> bool:
    """Whether the entry meets every comparison.

    Raises:
        ValueError: the filter has something that is not understood here.
    """
    return all(_meets(part, entry) for part in _parts(filter_))


def _parts(filter_: str) -> list[tuple[str, str, str]]:
    parts, rest = [], filter_.strip()
    while rest:
        found = _COMPARISON.match(rest)
        if not found:
            raise ValueError(f"not understood: {rest}")
        value = found[3]
        parts.append((found[1], found[2], value[1:-1].replace('\\"', '"') if value.startswith('"') else value))
        rest = rest[found.end() :].strip()
        if rest:
            if not rest.startswith("AND "):
                raise ValueError(f"not understood: {rest}")
            rest = rest[4:].strip()
    return parts


def _meets(part: tuple[str, str, str], entry: Mapping[str, Any]) -> bool:
    path, operator, wanted = part
    value: Any = entry
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return False
        value = value[name]
    if operator == "=~":
        return re.search(wanted, str(value)) is not None
    if operator == ">=" and wanted.isdigit():
        return isinstance(value, int | float) and value >= float(wanted)
    if operator == ">=":
        return SEVERITIES.index(str(value)) >= SEVERITIES.index(wanted)
    return (str(value) == wanted) == (operator == "=")


def as_entry(service: str, line: Mapping[str, Any]) -> dict[str, Any]:
    """A line that a function has printed, as Cloud Logging stores it."""
    payload = {k: v for k, v in line.items() if k not in {"severity", "time", "logging.googleapis.com/trace"}}
    return {
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": service}},
        "severity": line["severity"],
        "jsonPayload": payload,
    }
