"""What is taken of the rows that upstream writes into the feature store: the mapping is data (`upstream.json`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

import msgspec
from msgspec import Struct

from regen.domain.inputs import SourceTier
from regen.domain.soundness import shown

MAX_NAMED = 5


class Taken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value that the store alone knows.

    Attributes:
        low, high: what it can be upstream.
        times: what one of upstream's units is in regen's.
        because: why, if that is not 1.
    """

    low: float
    high: float
    times: float = 1.0
    because: str = ""


class Zones(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a row rests on shot zones: it is GOLD then, and its zones count; else it is SILVER, and they do not."""

    rows_at_least: int
    completeness_pct_at_least: float
    source: str


class StoreMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole mapping.

    Attributes:
        versions: how many of the names a version has, from the first on.
        names: all names, in upstream's order.
        taken, left: what becomes of each; why it is left.
    """

    versions: dict[str, int]
    names: tuple[str, ...]
    zones: Zones
    taken: dict[str, Taken]
    left: dict[str, str]


_MAPPING = msgspec.json.Decoder(StoreMapping)


class NotUsable(ValueError):
    """A value of the row cannot be what it is said to be; the text names the column."""


class FromStore(Struct, frozen=True):
    """What a row of the feature store gives.

    Attributes:
        features: under regen's names, in regen's units; empty without shot zones.
        warnings: names that the version does not have.
    """

    features: Mapping[str, float]
    tier: SourceTier
    shot_zones_source: str | None
    warnings: tuple[str, ...]


@cache
def mapping() -> StoreMapping:
    """The mapping, as its file has it."""
    text = resources.files("regen.features").joinpath("upstream.json").read_bytes()
    return _MAPPING.decode(text)


def upstream_versions() -> tuple[str, ...]:
    """The versions of upstream's feature rows that can be read."""
    return tuple(mapping().versions)


def stored(
    version: str,
    names: Sequence[object],
    values: Sequence[float | None],
    zone_rows: float | None,
    zone_completeness: float | None,
) -> FromStore:
    """Take what the store alone knows.

    Args:
        version: one of `upstream_versions`.
        values: as the row has them, None for what is no finite number.
        zone_rows: how many rows of shot zones upstream found for him.
        zone_completeness: how much of what it looked for, in percent; None counts as all of it.

    Raises:
        NotUsable: a value that is taken is out of its bounds, or none.
    """
    known = mapping()
    mine = known.names[: known.versions[version]]
    unknown = [str(name) for name in names if name not in mine]
    warnings = [f"feature_unknown:{shown(name)}" for name in unknown[:MAX_NAMED]]
    if len(unknown) > MAX_NAMED:
        warnings.append(f"feature_unknown: {len(unknown) - MAX_NAMED} more")
    zones = known.zones
    complete = zone_completeness is None or zone_completeness >= zones.completeness_pct_at_least
    if (zone_rows or 0) < zones.rows_at_least or not complete:
        return FromStore({}, SourceTier.SILVER, None, tuple(warnings))
    features = {
        str(name): _value(str(name), value, known.taken[str(name)])
        for name, value in zip(names, values, strict=True)
        if name in mine and name in known.taken
    }
    if not features:
        return FromStore({}, SourceTier.SILVER, None, tuple(warnings))
    return FromStore(features, SourceTier.GOLD, zones.source, tuple(warnings))


def _value(name: str, value: float | None, rule: Taken) -> float:
    if value is None or not math.isfinite(value):
        raise NotUsable(f"features.{name}: expected a finite number, got {shown(value)}")
    if not rule.low <= value <= rule.high:
        raise NotUsable(f"features.{name}: expected {rule.low:g} to {rule.high:g}, got {value:g}")
    return min(rule.high, max(rule.low, value * rule.times))
