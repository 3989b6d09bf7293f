"""A promoted batch of players whom every system can predict, and its rows as the command line's statement reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from regen.client.wording import plain
from regen.domain.batch import Status
from regen.domain.slate_reading import SlateEntry
from regen.domain.values import replace
from regen.features.names import FEATURE_VERSION
from regen.ports import Archive
from regen.schemas import table
from regen.systems import by_version, shipped_texts, system_ids
from support.bench import Bench
from support.league import DAY, entry

FEATURES = {"points_ew_12": 21.3, "points_ew_30": 20.1, "minutes_ew_12": 33.0, "ppm_ew_30": 0.62, "minutes_ew_6": 34.0}
FEATURES |= {"minutes_ew_3": 34.5, "ppm_ew_12": 0.63, "points_ew_6": 22.0}
Row = dict[str, Any]


def able(name: str, form: float) -> SlateEntry:
    """A player whom every system can predict."""
    one = entry(name, games=20, lines=(19.5, 24.5))
    assert one.inputs
    features = {**FEATURES, "points_ew_12": form}
    return replace(one, inputs=replace(one.inputs, features=features, feature_version=FEATURE_VERSION))


def played_bench(models: Archive | None = None) -> Bench:
    """The batch, promoted."""
    names = system_ids()
    entries = [able(name, 15.0 + n) for n, name in enumerate(("playera", "playerb", "playerc"))]
    own = {"run_for": by_version(names), "artefacts": shipped_texts, "players_per_request": 2}
    bench = Bench(entries, systems=names, **own)
    bench.deps = replace(bench.deps, models=models)
    assert (batch := bench.run()).status is Status.PROMOTED, batch.error
    return bench


def as_read(row: Mapping[str, Any]) -> Row:
    """A row of the table as the statement reads it."""
    empty: Row = dict.fromkeys(table("player_prop_predictions").columns)
    texts = {name: json.dumps(row[name]) for name in ("key_factors", "warnings")}
    return {name: plain(value) for name, value in {**empty, **row, **texts}.items()}


def row_of(bench: Bench, system: str = "ensemble_v1", line: float = 19.5) -> Row:
    """The first player's row of a system and a line."""
    rows = bench.warehouse.predictions(DAY)
    return as_read(next(r for r in rows if (r["system_id"], r["current_points_line"]) == (system, line)))
