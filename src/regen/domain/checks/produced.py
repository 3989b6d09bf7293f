"""Checks of the produced predictions, regardless of the current ones."""

from __future__ import annotations

import math
from collections import Counter

from regen.domain.checks.declared import fixed, limited
from regen.domain.checks.evidence import MAX_NAMES, CheckResult, Evidence, skipped
from regen.domain.lines import HOLLOW
from regen.domain.outcome import OutcomeKind, Prediction

MAX_POINTS = 100.0
WITHDRAWALS_ALONE = "the batch consists of withdrawals alone"
MIN_GOLD = 80.0
MIN_LINED = 50.0
MAX_FALLBACK = 20.0
MAX_HOLLOW = 10.0
MAX_MEAN_EDGE = 3.0


def coverage(evidence: Evidence, limit: float) -> CheckResult:
    """Coverage reaches the threshold.

    Fails when: too few of the players who could be predicted have predictions
    What to do: `regen status BATCH` names the missing players; fix their data, `regen redrive BATCH`
    """
    if evidence.withdrawals_alone:
        return skipped(WITHDRAWALS_ALONE, limit)
    value = evidence.tally().coverage_pct
    missing = [f"{o.player_lookup}:{o.reason}" for o in evidence.outcomes if o.kind is not OutcomeKind.PRODUCED]
    return CheckResult(value >= limit, round(value, 2), limit, missing[:MAX_NAMES])


def minimum_produced(evidence: Evidence, limit: float) -> CheckResult:
    """Enough players were produced, whatever the share.

    Fails when: too few players have predictions
    What to do: as `coverage`
    """
    if evidence.withdrawals_alone:
        return skipped(WITHDRAWALS_ALONE, limit)
    value = evidence.tally().produced
    return CheckResult(value >= limit, value, limit)


def every_system(evidence: Evidence) -> CheckResult:
    """Every produced player has rows or a reason for every system.

    Fails when: a produced player has neither rows nor a reason for a system
    What to do: a defect of the worker: look at its log
    """
    bad = [
        f"{o.player_lookup}:{s}"
        for o in evidence.produced
        for s in evidence.systems
        if s not in o.system_problems and all(p.system_id != s for p in o.predictions)
    ]
    return CheckResult(not bad, len(bad), 0, bad[:MAX_NAMES])


def in_range(evidence: Evidence) -> CheckResult:
    """Values are finite and in range (I-36, I-49).

    Fails when: a value is not finite, or out of range
    What to do: a defect of a system: do not waive
    """
    bad = [f"{o.player_lookup}:{p.system_id}" for o in evidence.produced for p in o.predictions if not sane(p)]
    return CheckResult(not bad, len(bad), 0, bad[:MAX_NAMES])


def sane(p: Prediction) -> bool:
    """Whether a prediction's numbers are finite and in range."""
    return (
        math.isfinite(p.points)
        and 0.0 <= p.points <= MAX_POINTS
        and math.isfinite(p.sd)
        and p.sd >= 0.0
        and math.isfinite(p.confidence)
        and 0.0 <= p.confidence <= 100.0
        and (p.over_probability is None or 0.0 <= p.over_probability <= 1.0)
    )


def direction(evidence: Evidence) -> CheckResult:
    """The recommendation agrees with its own row's value and line (I-46).

    Fails when: a recommendation contradicts its row's value and line
    What to do: a defect of a system: do not waive
    """
    bad = [f"{o.player_lookup}:{p.system_id}" for o in evidence.produced for p in o.predictions if not agrees(p)]
    return CheckResult(not bad, len(bad), 0, bad[:MAX_NAMES])


def agrees(p: Prediction) -> bool:
    """OVER lies above its line, UNDER below, and NO_LINE has none."""
    if p.line is None or p.recommendation == "NO_LINE":
        return p.line is None and p.recommendation == "NO_LINE"
    return {"OVER": p.points > p.line, "UNDER": p.points < p.line, "PASS": True}.get(p.recommendation, False)


def unique_keys(evidence: Evidence) -> CheckResult:
    """No two rows share (player, game, system, line).

    Fails when: a player has two rows of one system and line
    What to do: a defect of a system: do not waive
    """
    keys = Counter((o.player_lookup, o.game_id, p.system_id, p.line) for o in evidence.produced for p in o.predictions)
    bad = [f"{k[0]}:{k[2]}" for k, n in keys.items() if n > 1]
    return CheckResult(not bad, len(bad), 0, bad[:MAX_NAMES])


def rows_staged(evidence: Evidence) -> CheckResult:
    """The load wrote as many rows as were produced.

    Fails when: the load wrote another number of rows than were produced
    What to do: `regen redrive BATCH`; if it fails again, look at the verifier's log
    """
    return CheckResult(evidence.staged_rows == evidence.expected_rows, evidence.staged_rows, evidence.expected_rows)


def gold_share(evidence: Evidence) -> CheckResult:
    """Share of produced players whose features rest on the best source.

    Fails when: never; it warns if too few of the produced players have GOLD features
    What to do: look, before the games begin
    """
    tiers = [o.provenance.data_source_tier for o in evidence.produced if o.provenance]
    share = 100.0 * sum(t == "GOLD" for t in tiers) / len(tiers) if tiers else 0.0
    return CheckResult(share >= MIN_GOLD, round(share, 1), MIN_GOLD)


def lined_share(evidence: Evidence) -> CheckResult:
    """Share of rows that were predicted against a live line (I-47).

    Fails when: never; it warns if too few rows have a live line
    What to do: look, before the games begin: have the lines arrived?
    """
    lines = [p.line for o in evidence.produced for p in o.predictions]
    share = 100.0 * sum(line is not None for line in lines) / len(lines) if lines else 0.0
    return CheckResult(share >= MIN_LINED, round(share, 1), MIN_LINED)


def fallback_lines(evidence: Evidence) -> CheckResult:
    """Share of players with a line whose line is the slate's own, for want of bookmakers' offers.

    Fails when: never; it warns if too many players' lines are the slate's own (`current_points_line`), without price and time
    What to do: have the lines arrived (`prop_lines_input`)? Without them, no edge over the price is known
    """
    lined = {o.player_lookup: {p.is_fallback for p in o.predictions if p.line is not None} for o in evidence.produced}
    known = {player: found for player, found in lined.items() if found}
    names = sorted(player for player, found in known.items() if found == {True})
    value = 100.0 * len(names) / len(known) if known else 0.0
    return CheckResult(value <= MAX_FALLBACK, round(value, 1), MAX_FALLBACK, names[:MAX_NAMES])


def hollow_lines(evidence: Evidence) -> CheckResult:
    """Share of players of whose lines some were set aside as placeholders or averages.

    Fails when: never; it warns if the lines of too many players have placeholders (20.0) or averages among them
    What to do: look at their `source` in `prop_lines_input`: no bookmaker offers such lines
    """
    found = {
        o.player_lookup: sorted({w.removeprefix("line_") for p in o.predictions for w in p.warnings if is_hollow(w)})
        for o in evidence.produced
    }
    names = [f"{player}:{kind}" for player, kinds in sorted(found.items()) for kind in kinds]
    value = 100.0 * sum(map(bool, found.values())) / len(found) if found else 0.0
    return CheckResult(value <= MAX_HOLLOW, round(value, 1), MAX_HOLLOW, names[:MAX_NAMES])


def is_hollow(warning: str) -> bool:
    """Whether this is the warning of a placeholder or an average."""
    return warning.startswith(HOLLOW)


def mean_edge(evidence: Evidence) -> CheckResult:
    """Mean of prediction less line (I-47: -3.84 where the lines had not arrived).

    Fails when: never; it warns if predictions differ from lines by too much on average
    What to do: look, before the games begin: have the lines arrived?
    """
    edges = [p.points - p.line for o in evidence.produced for p in o.predictions if p.line is not None]
    value = sum(edges) / len(edges) if edges else 0.0
    return CheckResult(abs(value) <= MAX_MEAN_EDGE, round(value, 3), MAX_MEAN_EDGE)


def one_revision(evidence: Evidence) -> CheckResult:
    """All predictions were made by one version of the code (I-42).

    Fails when: never; it warns if several versions of the code made the predictions
    What to do: nothing during an upgrade; else look at what is deployed
    """
    versions = sorted({o.code_version for o in evidence.produced if o.code_version})
    return CheckResult(len(versions) <= 1, len(versions), 1, versions[:MAX_NAMES])


CHECKS = (
    limited(coverage, "coverage_pct", off=0),
    limited(minimum_produced, "minimum_produced"),
    fixed(every_system),
    fixed(in_range),
    fixed(direction),
    fixed(unique_keys),
    fixed(rows_staged),
    fixed(gold_share, "warn"),
    fixed(lined_share, "warn"),
    fixed(fallback_lines, "warn"),
    fixed(hollow_lines, "warn"),
    fixed(mean_edge, "warn"),
    fixed(one_revision, "warn"),
)
