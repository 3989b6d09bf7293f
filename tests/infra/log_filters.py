"""Evaluates the part of Cloud Logging's query language that our filters use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

SEVERITIES = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")
_COMPARISON = re.compile(r'(NOT\s+)?([A-Za-z_.]+)\s*(=~|!=|>=|=)\s*("(?:[^"\\]|\\.)*"|[A-Z]+|\d+)')
_LOG_ID = re.compile(r'(NOT\s+)?log_id\("([^"]+)"\)')


@dataclass(frozen=True)
class _Part:
    """One comparison; `log_id("x")` compares the last part of `logName`."""

    negated: bool
    path: str
    operator: str
    wanted: str


def matches(filter_: str, entry: Mapping[str, Any]) -> bool:
    """Whether the entry meets every comparison.

    Raises:
        ValueError: the filter has something that is not understood here.
    """
    return all(_meets(part, entry) != part.negated for part in _parts(filter_))


def _parts(filter_: str) -> list[_Part]:
    parts, rest = [], filter_.strip()
    while rest:
        if found := _LOG_ID.match(rest):
            parts.append(_Part(bool(found[1]), "logName", "log_id", found[2]))
        elif found := _COMPARISON.match(rest):
            value = found[4]
            plain = value[1:-1].replace('\\"', '"') if value.startswith('"') else value
            parts.append(_Part(bool(found[1]), found[2], found[3], plain))
        else:
            raise ValueError(f"not understood: {rest}")
        rest = rest[found.end() :].strip()
        if rest:
            if not rest.startswith("AND "):
                raise ValueError(f"not understood: {rest}")
            rest = rest[4:].strip()
    return parts


def _meets(part: _Part, entry: Mapping[str, Any]) -> bool:
    value: Any = entry
    for name in part.path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return False
        value = value[name]
    if part.operator == "log_id":
        return str(value).rsplit("/logs/", 1)[-1] == quote(part.wanted, safe="")
    if part.operator == "=~":
        return re.search(part.wanted, str(value)) is not None
    if part.operator == ">=" and part.wanted.isdigit():
        return isinstance(value, int | float) and value >= float(part.wanted)
    if part.operator == ">=":
        return SEVERITIES.index(str(value)) >= SEVERITIES.index(part.wanted)
    return (str(value) == part.wanted) == (part.operator == "=")


def as_entry(service: str, line: Mapping[str, Any]) -> dict[str, Any]:
    """A line that a function has printed, as Cloud Logging stores it."""
    payload = {k: v for k, v in line.items() if k not in {"severity", "time", "logging.googleapis.com/trace"}}
    return {
        "logName": "projects/demo-project/logs/run.googleapis.com%2Fstdout",
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": service}},
        "severity": line["severity"],
        "jsonPayload": payload,
    }
