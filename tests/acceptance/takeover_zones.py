"""What late shot zones change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

ENSEMBLE, ZONES = "ensemble_v1", "zone_matchup_v1"
Current = Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]


def only_zone_matchup_moves(before: Current, after: Current) -> None:
    """Late shot zones reach `zone_matchup_v1` alone: its weight in the ensemble is 0."""
    moved: dict[str, int] = {ENSEMBLE: 0, ZONES: 0}
    for key in before.keys() & after.keys():
        if key[1] in moved:
            old, new = ({row["predicted_points"] for row in found[key]} for found in (before, after))
            moved[key[1]] += old != new
    assert moved[ENSEMBLE] == 0, moved
    assert moved[ZONES] > 5, f"{moved} of {len(before)} before and {len(after)} after"
