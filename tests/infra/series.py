"""Evaluates alert conditions on time series as Cloud Monitoring documents them.

A series is one combination of labels, and only the reducer joins several: without one, each is judged by itself. A
series that has ended has no points; it does not go on with zeros.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_COMPARISON = re.compile(r'([a-z_.]+)=(?:"([^"]*)"|one_of\(([^)]*)\))')

_COMPARE: Mapping[str, Callable[[float, float], bool]] = {"COMPARISON_GT": operator.gt, "COMPARISON_LT": operator.lt}
_JOIN: Mapping[str, Callable[[list[float]], float]] = {"REDUCE_SUM": math.fsum, "REDUCE_MAX": max}


@dataclass(frozen=True)
class Series:
    """What was measured in each minute: `labels` are written `resource.labels.x`, `metric.labels.x`."""

    metric: str
    resource: str
    labels: Mapping[str, str]
    points: Mapping[int, float]


def fires(condition: Mapping[str, Any], measured: Iterable[Series], until: int) -> set[int]:
    """The minutes before `until` in which the condition is met by any of its (reduced) series.

    Raises:
        ValueError: the condition has something that is not understood here.
    """
    (kind,) = (k for k in ("condition_absent", "condition_threshold") if condition.get(k))
    (values,) = condition[kind]
    (aggregation,) = values["aggregations"]
    found = [s for s in measured if _matches(values["filter"], s)]
    judged = list(_reduced(found, aggregation))
    if kind == "condition_absent":
        return {m for points in judged for m in range(until) if _absent(points, m, _minutes(values["duration"]))}
    return {m for points in judged for m in range(until) if _over(points, m, values)}


def _absent(points: Mapping[int, float], minute: int, duration: int) -> bool:
    """Data must have come once, and none may have come for the duration."""
    before = [m for m in points if m <= minute]
    return bool(before) and minute - max(before) >= duration


def _over(points: Mapping[int, float], minute: int, values: Mapping[str, Any]) -> bool:
    """The comparison holds at this minute and during the duration before it; a minute without data is no violation."""
    needed = range(minute - max(0, _minutes(values["duration"]) - 1), minute + 1)
    aligned = [_aligned(points, m, values["aggregations"][0]) for m in needed]
    limit = float(values["threshold_value"] or 0)
    return all(v is not None and _COMPARE[values["comparison"]](v, limit) for v in aligned)


def _aligned(points: Mapping[int, float], minute: int, aggregation: Mapping[str, Any]) -> float | None:
    period = _minutes(aggregation["alignment_period"])
    inside = [v for m, v in points.items() if minute - period < m <= minute]
    if not inside:
        return None
    aligner = aggregation["per_series_aligner"]
    if aligner == "ALIGN_MAX":
        return max(inside)
    if aligner == "ALIGN_DELTA":
        return sum(inside)
    if aligner == "ALIGN_RATE":
        return sum(inside) / (60 * period)
    raise ValueError(f"not understood: {aligner}")


def _reduced(found: Sequence[Series], aggregation: Mapping[str, Any]) -> Iterator[dict[int, float]]:
    reducer = aggregation["cross_series_reducer"]
    if reducer in {None, "", "REDUCE_NONE"}:
        yield from (dict(s.points) for s in found)
        return
    by = [name.replace(".label.", ".labels.") for name in aggregation["group_by_fields"] or ()]
    groups: dict[tuple[str, ...], list[Series]] = {}
    for series in found:
        groups.setdefault(tuple(series.labels[name] for name in by), []).append(series)
    for group in groups.values():
        minutes = {m for s in group for m in s.points}
        yield {m: _JOIN[reducer]([s.points[m] for s in group if m in s.points]) for m in minutes}


def _matches(filter_: str, series: Series) -> bool:
    known = {"metric.type": series.metric, "resource.type": series.resource, **series.labels}
    for part in filter_.split(" AND "):
        found = _COMPARISON.fullmatch(part.strip())
        if not found:
            raise ValueError(f"not understood: {part}")
        name, value, several = found.groups()
        if known.get(name) not in ({value} if several is None else set(re.findall(r'"([^"]*)"', several))):
            return False
    return True


def _minutes(text: str) -> int:
    return int(text.removesuffix("s")) // 60
