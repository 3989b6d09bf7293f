"""`zone_drift.sql` over the rows in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from regen.adapters.memory.promoting import Row, is_current
from regen.domain.slate_reading import SlateEntry
from regen.domain.soundness import is_moment
from regen.domain.zones import ZoneDrift


def zone_drifts(day: date, entries: Sequence[SlateEntry], rows: Iterable[Row]) -> list[ZoneDrift]:
    """The players of a date whose current predictions rest on other shot zones than their feature rows have."""
    stored = {e.player_lookup: e.inputs for e in entries if e.inputs is not None}
    made = (inputs.features_built_at for inputs in stored.values())
    written = max((moment for moment in made if moment is not None and is_moment(moment)), default=None)
    if written is None:
        return []
    behind: dict[str, set[str]] = {}
    for row in rows:
        was, inputs = row.get("source_shot_zones_hash"), stored.get(row["player_lookup"])
        if not is_current(row) or row.get("restored_from_prediction_id") or was is None or inputs is None:
            continue
        if inputs.shot_zones_hash is not None and inputs.shot_zones_hash != was and inputs.game_id == row["game_id"]:
            behind.setdefault(row["player_lookup"], set()).add(was)
    found = [
        ZoneDrift(day, stored[player].game_id, player, min(was), str(stored[player].shot_zones_hash), written)
        for player, was in behind.items()
    ]
    return sorted(found, key=lambda one: (one.game_id, one.player_lookup))
