"""Checks that compare the date's rows after the promotion with its current rows.

They consider the systems of the batch only; a retired system is in no baseline. A player with new rows is judged by these
alone: old rows that stay because a system produced nothing do not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from statistics import fmean

from regen.domain.checks.declared import fixed, limited
from regen.domain.checks.evidence import (
    FLOOR,
    MAX_NAMES,
    RENEWED_FLOOR,
    CheckResult,
    Evidence,
    loss,
    share,
    skipped,
    too_few,
    worse,
)
from regen.domain.checks.slate import NO_CURRENT
from regen.domain.plan import Row
from regen.domain.values import replace

MAX_BOOKMAKERS_CHANGED = 50.0
NO_PAIR = "no player has rows of the batch's systems both before and after"
TIERS: Mapping[str | None, int] = {"BRONZE": 1, "SILVER": 2, "GOLD": 3}

Rows = Sequence[Row]
Pairs = Mapping[str, tuple[Rows, Rows]]


def pairs(evidence: Evidence) -> Pairs:
    """The rows before and after, by player, for each player who has both; other checks cover withdrawn players."""
    before, new = defaultdict(list), defaultdict(list)
    for row in evidence.plan.before:
        if row.system_id in evidence.systems and row.player_lookup not in evidence.plan.withdrawn:
            before[row.player_lookup].append(row)
    for row in evidence.plan.new:
        new[row.player_lookup].append(row)
    return {player: (rows, new.get(player, rows)) for player, rows in before.items()}


def compared(look: Callable[[Pairs, float], CheckResult]) -> Callable[[Evidence, float], CheckResult]:
    """A check over pairs: over all of the date, and over those alone whom the batch renews, if these are enough.

    By the date's share alone a date that is regenerated game by game could lose all its lines.
    """

    @wraps(look)
    def over_pairs(evidence: Evidence, limit: float) -> CheckResult:
        if not evidence.current:
            return skipped(NO_CURRENT, limit)
        found = pairs(evidence)
        if not found:
            return skipped(NO_PAIR, limit)
        of_date = look(found, limit)
        part = {player: both for player, both in found.items() if player in evidence.renewed}
        if len(part) in {0, len(found)} or of_date.not_looked_at:
            return of_date
        if len(part) < RENEWED_FLOOR:
            return replace(of_date, not_looked_at=too_few(len(part), len(found)))
        return worse(of_date, look(part, limit))

    return over_pairs


def mean_shift(evidence: Evidence, limit: float) -> CheckResult:
    """No system's predictions move far from the current ones on average, up or down (I-42: 29 points at once).

    The size of each move counts: inputs that slipped from one player to the next move half of them up and half down. News
    may move one or two players far: fewer than three make no average.

    Fails when: the predictions of a system moved too far on average, whether up or down, for three players or more
    What to do: `regen slate DATE`, features and lines: has upstream changed a unit or a column, or joined by position?
    """
    before: dict[tuple[str, str], float] = {(c.player_lookup, c.system_id): c.points for c in evidence.current}
    sizes: dict[str, list[float]] = defaultdict(list)
    for o in evidence.produced:
        for p in o.predictions:
            if (o.player_lookup, p.system_id) in before:
                sizes[p.system_id].append(abs(p.points - before[o.player_lookup, p.system_id]))
    if not sizes:
        return skipped(NO_CURRENT if not before else NO_PAIR, limit)
    means = {system: fmean(found) for system, found in sizes.items() if len(found) >= FLOOR}
    if not means:
        return skipped(f"fewer than {FLOOR} players have rows of a system both before and after", limit)
    far = sorted(system for system, value in means.items() if value > limit)
    return CheckResult(not far, round(max(means.values()), 3), limit, far[:MAX_NAMES])


def lined_drop(found: Pairs, limit: float) -> CheckResult:
    """The share of the date's players who have a line does not drop by too much.

    Fails when: the share of the date's players who have a line falls by too many points
    What to do: has the feed of lines stopped? Wait for it, then `regen regenerate DATE`
    """
    drop, lost = _fallen(found, _lined)
    return CheckResult(drop <= limit or len(lost) < FLOOR, round(drop, 2), limit, lost[:MAX_NAMES])


def lines_lost(found: Pairs, limit: float) -> CheckResult:
    """Not too many of the players who have a line lose it: if few have one, the share of all players cannot fall far.

    Fails when: too many of the players who have a line lose it, although the share of all players falls by little
    What to do: as `lined_drop`
    """
    _, lost = _fallen(found, _lined)
    return loss(lost, [player for player, (old, _) in found.items() if _lined(old)], limit)


def prices_lost(found: Pairs, limit: float) -> CheckResult:
    """Not too many of the players with a priced line keep the line but lose its price: every side would become PASS.

    Fails when: too many of the players whose line has two-way prices keep a line, but none with prices (`no_price`)
    What to do: does the feed of lines still bring both prices? Have it mended, then `regen regenerate DATE`
    """
    return _lost_of_lined(found, limit, lambda row: row.is_priced, "no current line has a price on record")


def books_lost(found: Pairs, limit: float) -> CheckResult:
    """Not too many of the players with a bookmaker's line fall back on the slate's own, for want of offers.

    Fails when: too many of the players with a bookmaker's line keep none but the slate's own (`current_points_line`)
    What to do: has the feed of lines (`prop_lines_input`) stopped? Wait for it, then `regen regenerate DATE`
    """
    why = "no current line is on record as a bookmaker's"
    return _lost_of_lined(found, limit, lambda row: row.is_fallback is False, why)


def _lost_of_lined(found: Pairs, limit: float, has: Callable[[Row], bool | None], without: str) -> CheckResult:
    """A check of the players who have a line before and after, and lose a property of it."""
    had = {player for player, (old, new) in found.items() if any(map(has, old)) and _lined(new)}
    if not had:
        return skipped(without, limit)
    return loss({player for player in had if not any(map(has, found[player][1]))}, had, limit)


def tier_drop(found: Pairs, limit: float) -> CheckResult:
    """Neither the share of players with GOLD features nor that with SILVER or better drops by too much.

    Fails when: the share of players with GOLD features, or with SILVER or better, falls by too many points
    What to do: have the features been rebuilt without play-by-play? Rebuild them with it
    """
    known = {player: both for player, both in found.items() if all(map(_tier, both))}
    if not known:
        return skipped("the tiers of the current rows are not on record", limit)
    falls = []
    for tier in ("GOLD", "SILVER"):
        drop, lost = _fallen(known, lambda rows, tier=tier: _tier(rows) >= TIERS[tier])  # type: ignore[misc]
        falls.append((drop, lost))
    drop, lost = max(falls, key=lambda fall: fall[0])
    return CheckResult(drop <= limit or len(lost) < FLOOR, round(drop, 2), limit, lost[:MAX_NAMES])


def quality_drop(found: Pairs, limit: float) -> CheckResult:
    """The quality of the features does not fall by too much on average: above its own limit it may still collapse.

    Fails when: the quality of the players' features falls by too many points of percent on average, although each is good
        enough to predict from
    What to do: which features has upstream lost? `regen slate DATE`; wait for them, then `regen regenerate DATE`
    """
    known = {player: (_mean(_qualities(old)), _mean(_qualities(new))) for player, (old, new) in found.items()}
    falls = {player: old - new for player, (old, new) in known.items() if old is not None and new is not None}
    if not falls:
        return skipped("the quality of the current rows' features is not on record", limit)
    worst = sorted((p for p in falls if falls[p] > 0), key=lambda p: (-falls[p], p))
    value = fmean(falls.values())
    return CheckResult(value <= limit or len(worst) < FLOOR, round(value, 2), limit, worst[:MAX_NAMES])


def history_drop(evidence: Evidence, limit: float) -> CheckResult:
    """No system's players have many fewer earlier games than before: half a history still makes predictions.

    Fails when: the earlier games that are known of a system's players fall by too large a share
    What to do: is `player_game_summary` loaded whole? Wait for it, then `regen regenerate DATE`
    """
    if not evidence.current:
        return skipped(NO_CURRENT, limit)
    before: dict[tuple[str, str], float] = {}
    after: dict[tuple[str, str], float] = {}
    for rows, numbers in ((evidence.plan.before, before), (evidence.plan.new, after)):
        for row in rows:
            if row.history_games is not None and row.system_id in evidence.systems:
                numbers[row.player_lookup, row.system_id] = row.history_games
    drops: dict[str, float] = {}
    fewer: set[str] = set()
    for system in sorted({system for _, system in before.keys() & after.keys()}):
        both = [key for key in before.keys() & after.keys() if key[1] == system]
        lost = [key for key in both if after[key] < before[key]]
        had, has = sum(before[key] for key in both), sum(after[key] for key in both)
        drops[system] = 100.0 * (had - has) / had if had else 0.0
        if drops[system] > limit and len(lost) >= FLOOR:
            fewer.add(f"{system}: {has:g} games of {len(both)} players, {had:g} before")
    if not drops:
        return skipped("the earlier games of the current rows are not on record", limit)
    return CheckResult(not fewer, round(max(drops.values()), 2), limit, sorted(fewer)[:MAX_NAMES])


def rows_drop(found: Pairs, limit: float) -> CheckResult:
    """Players who have rows keep most of them, counted by system and line.

    Fails when: the players who have rows get too few new ones, counted by system and line
    What to do: lines or systems are missing: see the other checks
    """
    sizes = {player: (_keys(old), _keys(new)) for player, (old, new) in found.items()}
    fewer = sorted(player for player, (old, new) in sizes.items() if new < old)
    before = sum(old for old, _ in sizes.values())
    value = share(before - sum(new for _, new in sizes.values()), before)
    return CheckResult(value <= limit or len(fewer) < FLOOR, round(value, 2), limit, fewer[:MAX_NAMES])


def line_shift(found: Pairs, limit: float) -> CheckResult:
    """The lines do not move far on average, up or down: a feed that halves them, or gives another player's, does.

    Fails when: the lines move too far on average, whether up or down
    What to do: another market's lines, or a unit: have the feed mended
    """
    lines = {player: (_lines(old), _lines(new)) for player, (old, new) in found.items()}
    moved = {player: abs(fmean(new) - fmean(old)) for player, (old, new) in lines.items() if old and new}
    if not moved:
        return skipped("no player has a line both before and after", limit)
    value = fmean(moved.values())
    largest = sorted(moved, key=lambda player: (-moved[player], player))
    return CheckResult(value <= limit or len(moved) < FLOOR, round(value, 3), limit, largest[:MAX_NAMES])


def bookmaker_change(evidence: Evidence) -> CheckResult:
    """Share of players whose line comes from another bookmaker than before.

    Fails when: never; it warns if most players' lines come from another bookmaker than before
    What to do: look, before the games begin
    """
    return compared(_bookmakers)(evidence, MAX_BOOKMAKERS_CHANGED)


def _bookmakers(found: Pairs, limit: float) -> CheckResult:
    books = {player: (_books(old), _books(new)) for player, (old, new) in found.items()}
    both = {player: old != new for player, (old, new) in books.items() if old and new}
    if not both:
        return skipped("no player has a line of a named bookmaker both before and after", limit)
    changed = sorted(player for player, other in both.items() if other)
    value = share(len(changed), len(both))
    return CheckResult(value <= limit or len(changed) < FLOOR, round(value, 2), limit, changed[:MAX_NAMES])


def _fallen(found: Pairs, has: Callable[[Rows], bool]) -> tuple[float, list[str]]:
    """By how many percentage points the share of players with a property falls, and which players lose it."""
    before = {player for player, (old, _) in found.items() if has(old)}
    after = {player for player, (_, new) in found.items() if has(new)}
    return share(len(before) - len(after), len(found)), sorted(before - after)


def _lined(rows: Rows) -> bool:
    return any(row.line is not None for row in rows)


def _tier(rows: Rows) -> int:
    return max((TIERS.get(row.tier, 0) for row in rows), default=0)


def _qualities(rows: Rows) -> list[float]:
    return [row.quality for row in rows if row.quality is not None]


def _mean(numbers: Sequence[float]) -> float | None:
    return fmean(numbers) if numbers else None


def _keys(rows: Rows) -> int:
    """The number of distinct keys. The predecessor made rows for five lines around the one on offer: they count as one."""
    return len({(row.system_id, None if row.is_foreign else row.line, row.is_foreign) for row in rows})


def _lines(rows: Iterable[Row]) -> set[float]:
    return {row.line for row in rows if row.line is not None}


def _books(rows: Iterable[Row]) -> set[str]:
    return {row.bookmaker for row in rows if row.bookmaker}


def _highest_line(evidence: Evidence) -> float | None:
    """No line can have moved further than the highest before or after."""
    return max(_lines((*evidence.plan.before, *evidence.plan.new)), default=None)


def _highest_points(evidence: Evidence) -> float | None:
    """No prediction can have moved further than the highest before or after."""
    after = [p.points for o in evidence.produced for p in o.predictions]
    return max((*after, *(c.points for c in evidence.current)), default=None)


def _highest_quality(evidence: Evidence) -> float | None:
    """No quality can fall further than from the highest."""
    return max(_qualities(evidence.plan.before), default=None)


CHECKS = (
    limited(compared(lined_drop), "lined_drop_pct", off=100),
    limited(compared(lines_lost), "lines_lost_pct", off=100),
    limited(compared(prices_lost), "prices_lost_pct", off=100),
    limited(compared(books_lost), "books_lost_pct", off=100),
    limited(compared(tier_drop), "tier_drop_pct", off=100),
    limited(compared(quality_drop), "quality_drop_pct", off=100, worst=_highest_quality),
    limited(history_drop, "history_drop_pct", off=100),
    limited(compared(rows_drop), "rows_drop_pct", off=100),
    limited(compared(line_shift), "line_shift", off=100, worst=_highest_line),
    limited(mean_shift, "mean_shift", off=100, worst=_highest_points),
    fixed(bookmaker_change, "warn"),
)
