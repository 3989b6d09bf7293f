"""The demo dates: the number of players to be predicted on each, and the reports and lines that bring it about.

Before the games of a demo date, the slate is made from the data published so far. If it has more players to predict than
wanted, the players with the fewest minutes on the largest teams are reported out. If it has fewer, the bench players with
the most minutes get lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet
from datetime import date

from regen.data.slates import RosteredSlate
from regen.domain.slate import UNAVAILABLE

DEMO_PLAYERS = {
    date(2026, 1, 20): 81,
    date(2026, 1, 21): 52,
    date(2026, 1, 22): 88,
    date(2026, 1, 23): 116,
    date(2026, 1, 24): 116,
    date(2026, 1, 25): 55,
}
"""Players to be predicted by date."""


def to_rest(slate: RosteredSlate, able: AbstractSet[str], surplus: int) -> list[str]:
    """The players to report out, so that a slate shrinks by `surplus`: those with the fewest minutes on the largest teams."""
    fit = [player for player in slate.requested() if player.player_lookup in able]
    left = sorted(fit, key=lambda p: (p.minutes_last_7 or 0.0, p.player_lookup), reverse=True)
    keys = []
    for _ in range(surplus):
        per_team = Counter(player.team for player in left)
        team = max(sorted(per_team), key=per_team.__getitem__)
        player = next(p for p in reversed(left) if p.team == team)
        left.remove(player)
        keys.append(player.player_lookup)
    return keys


def to_line(slate: RosteredSlate, able: AbstractSet[str], missing: int) -> list[str]:
    """The players to give a line, so that a slate grows by `missing`: those with the most minutes among `able`."""
    asked = {player.player_lookup for player in slate.requested()}
    bench = [
        p
        for p in slate.players
        if p.player_lookup in able and p.player_lookup not in asked and p.status not in UNAVAILABLE
    ]
    bench.sort(key=lambda p: (-(p.minutes_last_7 or 0.0), p.player_lookup))
    if len(bench) < missing:
        raise ValueError(f"{slate.game_date}: {missing} more players wanted, {len(bench)} on the bench")
    return [player.player_lookup for player in bench[:missing]]
