"""The demo dates: how many players are to be predicted on them, and how the news of the day brings that about.

Before the games of a demo date, the slate is drawn up from what has been published so far. If more players than wanted
would be predicted, the least of the largest group are reported out; if fewer, the best of those on the bench are lined.
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
    """Whom to report out, so that a slate shrinks by so many: the least of the teams that have most."""
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
    """Who gets a line although he would not have: those with most minutes among `able`."""
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
