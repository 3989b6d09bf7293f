"""Checks that compare what the date would have after the promotion with what is current."""

from __future__ import annotations

from regen.domain.checks.evidence import Evidence, Finding, skipped
from regen.domain.checks.slate import NO_CURRENT


def mean_shift(evidence: Evidence) -> Finding:
    """The mean move against the current predictions stays within bounds (I-42: 29 points at once)."""
    limit = evidence.thresholds.mean_shift
    before: dict[tuple[str, str], float] = {(c.player_lookup, c.system_id): c.points for c in evidence.current}
    moves = [
        p.points - before[o.player_lookup, p.system_id]
        for o in evidence.produced
        for p in o.predictions
        if (o.player_lookup, p.system_id) in before
    ]
    if not moves:
        return skipped(NO_CURRENT if not before else "no produced player has a current row of the same system", limit)
    value = sum(moves) / len(moves)
    return Finding(abs(value) <= limit, round(value, 3), limit)
