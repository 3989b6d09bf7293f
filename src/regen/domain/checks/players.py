"""Checks by game and by system: a batch that reaches its coverage may still leave out a team or a system."""

from __future__ import annotations

from collections import Counter
from statistics import fmean, median, pstdev

from regen.domain.checks.declared import limited
from regen.domain.checks.evidence import (
    FLOOR,
    MAX_NAMES,
    RENEWED_FLOOR,
    CheckResult,
    Evidence,
    loss,
    share,
    skipped,
    worse,
)
from regen.domain.checks.slate import NO_CURRENT
from regen.domain.outcome import Outcome, OutcomeKind, is_forgiven
from regen.domain.values import replace
from regen.domain.words import counted

SHORT_HISTORY = 5
"""Games below which a system may say that a player has no history: of more it would be the system's defect."""
ENOUGH_TO_SPREAD = 10
"""Players from which on it is no accident that a system says the same of each."""


def system_share(evidence: Evidence, limit: float) -> CheckResult:
    """Every system produces rows for most of the produced players who are eligible for it.

    Fails when: a system produces rows for too few of the produced players who are eligible for it. Its errors count
        against it; players without a line are not eligible for a system that needs one
    What to do: the check names the system and its commonest error: a defect, or a feature that upstream dropped. Fix
        it, then `regen regenerate DATE`; or leave the system out: `--systems`, `REGEN_SYSTEMS`
    """
    shares: dict[str, float] = {}
    lacking_by_system: list[str] = []
    for system in evidence.systems:
        eligible = [o for o in evidence.produced if _eligible(o, system)]
        lacking = [o for o in eligible if _lacks(o, system)]
        if not eligible:
            continue
        shares[system] = share(len(eligible) - len(lacking), len(eligible))
        if len(lacking) >= FLOOR and shares[system] < limit:
            why = Counter(o.system_problems.get(system, "no row") for o in lacking).most_common(1)[0][0]
            lacking_by_system.append(f"{system}: {len(lacking)} of {len(eligible)} players lack it: {why}")
    if not shares:
        return skipped("no produced player is eligible for any system", limit)
    return CheckResult(not lacking_by_system, round(min(shares.values()), 2), limit, lacking_by_system[:MAX_NAMES])


def _lacks(outcome: Outcome, system: str) -> bool:
    return all(p.system_id != system for p in outcome.predictions)


def _eligible(outcome: Outcome, system: str) -> bool:
    """Whether the system must give rows: its own word is believed only where the player's inputs bear it out."""
    problem = outcome.system_problems.get(system)
    if problem == "no_line":
        return any(p.line is not None for p in outcome.predictions)
    if problem == "no_history":
        return outcome.provenance is not None and outcome.provenance.history_games >= SHORT_HISTORY
    return True


def system_spread(evidence: Evidence, limit: float) -> CheckResult:
    """No system predicts nearly the same for every player while the others tell the players apart.

    Fails when: the points that a system gives to ten players or more are spread (standard deviation) too little beside
        the batch's other systems
    What to do: the check names the system: a model that has lost its inputs says one number. Mend it, then `regen
        regenerate DATE`; or leave the system out: `--systems`, `REGEN_SYSTEMS`
    """
    spreads: dict[str, float] = {}
    for system in evidence.systems:
        points = [fmean(own) for o in evidence.produced if (own := _points(o, system))]
        if len(points) >= ENOUGH_TO_SPREAD:
            spreads[system] = pstdev(points)
    usual = median(spreads.values()) if len(spreads) > 1 else 0.0
    if not usual:
        return skipped("fewer than two systems tell ten players apart", limit)
    shares = {system: 100.0 * spread / usual for system, spread in spreads.items()}
    flat = sorted(system for system, value in shares.items() if value < limit)
    return CheckResult(not flat, round(min(shares.values()), 2), limit, flat[:MAX_NAMES])


def _points(outcome: Outcome, system: str) -> list[float]:
    return [p.points for p in outcome.predictions if p.system_id == system]


def history_lost(evidence: Evidence, limit: float) -> CheckResult:
    """Players who have predictions have had a history; not many of them lose it at once.

    Fails when: too many of the date's current players are skipped as without a history. Such skips leave coverage, so
        that half a table of box scores has a coverage of 100 %
    What to do: is `player_game_summary` loaded whole? Wait for it, then `regen redrive BATCH`
    """
    if not evidence.baseline:
        return skipped(NO_CURRENT, limit)
    without = {o.player_lookup for o in evidence.outcomes if o.reason == "no_history" and is_forgiven(o)}
    lost = without & evidence.baseline
    of_date = loss(lost, evidence.baseline, limit)
    asked = evidence.baseline & {o.player_lookup for o in evidence.outcomes}
    if evidence.scope.whole_slate or len(asked) < RENEWED_FLOOR:
        return of_date
    return worse(of_date, loss(lost, asked, limit))


def systems_lost(evidence: Evidence, limit: float) -> CheckResult:
    """Players who get new rows keep every system of the batch that they have now and are eligible for.

    Fails when: too many of the date's current players get new rows, but none of a system that they have now. Systems
        that the batch does not run are in no baseline; their rows stay, and the verdict names them, unless
        `REGEN_RETIRED_SYSTEMS` does
    What to do: as `system_share`
    """
    if not evidence.baseline:
        return skipped(NO_CURRENT, limit)
    renewed = {o.player_lookup: o for o in evidence.fresh if o.predictions}
    lost: set[str] = set()
    idle: dict[str, set[str]] = {}
    for row in evidence.current:
        if row.system_id in evidence.retired:
            continue
        if row.system_id not in evidence.systems:
            idle.setdefault(row.system_id, set()).add(row.player_lookup)
        elif (new := renewed.get(row.player_lookup)) and _lacks(new, row.system_id) and _keeps(new, row.system_id):
            lost.add(row.player_lookup)
    found = loss(lost, evidence.baseline, limit)
    part = evidence.renewed & evidence.baseline
    if len(part) >= RENEWED_FLOOR:
        found = worse(found, loss(lost & part, part, limit))
    kept = ", ".join(f"{system} ({counted(len(players), 'player')})" for system, players in sorted(idle.items()))
    unseen = f"systems that the batch does not run keep their rows: {kept}" if kept else None
    return replace(found, not_looked_at=unseen)


def _keeps(outcome: Outcome, system: str) -> bool:
    """Whether a player who has rows of the system must get new ones: a history that he had does not end, a line may."""
    return outcome.system_problems.get(system) == "no_history" or _eligible(outcome, system)


def excluded_players(evidence: Evidence, limit: float) -> CheckResult:
    """Not too many of the date's current players are excluded; they would keep rows that no batch renews.

    Fails when: too many of the date's current players are excluded as doubtful or under `min_minutes`, and would keep
        rows that no batch renews
    What to do: was `min_minutes` raised? `regen slate DATE --all` names the reasons
    """
    if not evidence.baseline:
        return skipped(NO_CURRENT, limit)
    gone = evidence.plan.withdrawn
    left = sorted({e.player_lookup for e in evidence.excluded if e.player_lookup not in gone} & evidence.baseline)
    value = share(len(left), len(evidence.baseline))
    return CheckResult(value <= limit or len(left) < FLOOR, round(value, 2), limit, left[:MAX_NAMES])


def out_at_once(evidence: Evidence, limit: float) -> CheckResult:
    """Players ruled out since the last promotion are not most of a game: injury reports never rule out a whole team.

    Fails when: too many of a game's current players have been ruled out since. They do not count as withdrawn, and
        most of a game at once means a broken injury report
    What to do: look at the report; if it is right, waive
    """
    if not evidence.baseline:
        return skipped(NO_CURRENT, limit)
    out = {player for player, why in evidence.plan.withdrawn.items() if why == "out"}
    games: dict[str, set[str]] = {}
    for row in evidence.plan.before:
        games.setdefault(row.game_id, set()).add(row.player_lookup)
    shares = {game: share(len(players & out), len(players)) for game, players in games.items()}
    bad = [g for g, players in sorted(games.items()) if shares[g] > limit and len(players & out) >= FLOOR]
    return CheckResult(not bad, round(max(shares.values()), 2), limit, bad[:MAX_NAMES])


def game_coverage(evidence: Evidence, limit: float) -> CheckResult:
    """Coverage is high enough within each game: a team without features is half a game, but little of a large date.

    Fails when: a game, of several, has too few of its requested players produced
    What to do: often a team has no feature rows: fix them, `regen redrive BATCH`
    """
    known = {row.player_lookup: row.game_id for row in evidence.current}
    games: dict[str, list[bool]] = {}
    lost: list[str] = []
    for o in evidence.outcomes:
        if is_forgiven(o):
            continue
        if game := o.game_id or known.get(o.player_lookup):
            games.setdefault(game, []).append(o.kind is OutcomeKind.PRODUCED)
        else:
            lost.append(o.player_lookup)
    unseen = f"{counted(len(lost), 'player')} without a game on record: {', '.join(lost[:MAX_NAMES])}" if lost else None
    if len(games) < 2:
        one = "the batch is about one game: its coverage is the batch's"
        return skipped(f"{one}; {unseen}" if unseen else one, limit)
    shares = {game: share(sum(made), len(made)) for game, made in games.items()}
    bad = [g for g, made in sorted(games.items()) if shares[g] < limit and made.count(False) >= FLOOR]
    names = [f"{g}: {shares[g]:.0f} %" for g in bad][:MAX_NAMES]
    return CheckResult(not bad, round(min(shares.values()), 2), limit, names, unseen)


CHECKS = (
    limited(game_coverage, "game_coverage_pct", off=0),
    limited(excluded_players, "excluded_pct", off=100),
    limited(out_at_once, "out_pct", off=100),
    limited(system_share, "system_share_pct", off=0),
    limited(systems_lost, "systems_lost_pct", off=100),
    limited(system_spread, "system_spread_pct", off=0),
    limited(history_lost, "history_lost_pct", off=100),
)
