"""Box scores whose points have not come: a feed that sends minutes first leaves zeros, which are no form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

Side = tuple[str, str]
"""A game's id and one of its teams."""
SURE_MINUTES = 100.0
"""From this many minutes of a team on, its points can be judged."""
POINTS_A_MINUTE = 0.1
"""Half of what any team has scored since there is a shot clock: 49 points in 240 minutes (Chicago, 10 April 1999)."""


def unscored(rows: Iterable[tuple[str, str, float, int]]) -> set[Side]:
    """The sides that cannot have scored as few points in their minutes as their rows say.

    Args:
        rows: game id, team, minutes and points of each player.
    """
    minutes: defaultdict[Side, float] = defaultdict(float)
    points: defaultdict[Side, int] = defaultdict(int)
    for game_id, team, played, scored in rows:
        minutes[game_id, team] += played
        points[game_id, team] += scored
    return {
        side for side, played in minutes.items() if played >= SURE_MINUTES and points[side] < POINTS_A_MINUTE * played
    }
