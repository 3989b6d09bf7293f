"""Which market a line is on, by every spelling that vendors use for a player's points."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=1024)
def is_points(market: str) -> bool:
    """Whether a market is that of a player's points; so is one that is not named."""
    words = [word for word in re.split(r"[^a-z0-9]+", market.lower()) if word not in _ABOUT]
    return market.strip() == "" or "".join(words) in _POINTS


_ABOUT = frozenset(
    ["player", "alternate", "alt", "alternates", "over", "under", "ou", "o", "u", "total", "scored", "prop", "props"]
)
"""Words beside the market's own that say nothing of what is counted."""
_POINTS = frozenset(
    [
        "points",
        "point",
        "pts",
        "p",
        "playerpoints",
        "playerpts",
        "playerpointsalternate",
        "pointsalternate",
        "alternatepoints",
        "altpoints",
        "playerpointsou",
        "playerpointsoverunder",
        "pointsoverunder",
        "pointsou",
        "totalpoints",
        "playertotalpoints",
        "pointsscored",
        "playerpointsscored",
        "playerpointsovers",
    ]
)
