"""Selection of the lines to predict against from all that bookmakers offer.

A line is set aside, with a warning that names it, if it cannot be a points line, if it was seen after the start, if it is
an average, if it is stale, or if it is a placeholder:

- **After the start**: the rule of `tip_off`. Such a line neither makes another one stale nor confirms a placeholder.
- **Stale**: seen more than `STALE_HOURS` before tip-off, or more than `BEHIND_HOURS` before the newest line that any
  bookmaker offers on the player. Also stale if another value of the same bookmaker was seen more than `MOVED_HOURS`
  later: alternate lines are seen together, a line that moved is seen again. A line without a time counts as fresh.
- **Average**: offered by no bookmaker but computed from several, or from the player's games. Its bookmaker's name says so
  (`AVERAGES`). No bet can be made on it.
- **Placeholder**: the value `PLACEHOLDER`, which the predecessor wrote for every player whose line it did not know. It
  is set aside if it is more than `PLACEHOLDER_GAP` from the median of the other offers. Without other offers, it is set
  aside if it is more than `FORM_GAP` from the player's mean over the last `FORM_GAMES` games.

Several sources may have the same bookmaker's lines. Of each bookmaker the sound lines of the best rank count, and the
bookmaker to predict against is the one with the best rank; of equal ranks the most preferred.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from statistics import fmean, median

from msgspec import Struct

from regen.domain.inputs import Line, PlayerInputs
from regen.domain.market import Market, implied_chance, market
from regen.domain.recommendation import Judgement, Recommendation
from regen.domain.tip_off import is_known

PREFERENCE = ("draftkings", "fanduel", "betmgm", "williamhill_us", "betrivers", "fanatics", "prizepicks", "underdog")
"""DraftKings and FanDuel come first, as in the predecessor; bookmakers not listed follow by name."""
MAX_LINE = 80.0
STALE_HOURS = 36
"""Of real lines 1 in 8,000 is older."""
BEHIND_HOURS = 12
"""Of real lines 1 in 400 is further behind."""
MOVED_HOURS = 1
PLACEHOLDER = 20.0
PLACEHOLDER_GAP = 3.0
"""Points. Real bookmakers differ by more in 1 line of 10,000."""
FORM_GAP = 5.0
"""Points. A line less the player's mean has a standard deviation of 1.7 to 1.9."""
FORM_GAMES = 10
AVERAGES = ("consensus", "average", "estimated", "median")
"""Words in the names under which upstream's sources offer averages, such as `BettingPros Consensus`."""
HOLLOW = ("line_placeholder:", "line_average:")
"""The warnings of lines that no bookmaker offered."""


class ChosenLines(Struct, frozen=True):
    """The lines to predict against.

    Attributes:
        lines: distinct values of one bookmaker, ascending; empty for a player without a usable line.
        warnings: lines that were offered but not used, and why.
        consensus: the median of the main lines of every bookmaker; None without a usable line.
    """

    lines: tuple[Line, ...]
    warnings: tuple[str, ...]
    consensus: float | None = None

    def market(self, line: Line) -> Market:
        """The market of one of the lines."""
        return market(line.over_price, line.under_price, self.consensus)


def choose(lines: Sequence[Line], game_start: datetime | None = None, form: float | None = None) -> ChosenLines:
    """The lines of the most preferred bookmaker that offers a sound one; of each value, the one last seen.

    Args:
        lines: every bookmaker's lines.
        game_start: tip-off; None if unknown.
        form: mean points of the player's last games; None if there are none.
    """
    good, warnings = sift(lines, game_start, form)
    if not good:
        return ChosenLines((), warnings)
    book = min(good, key=_order).bookmaker
    by_value: dict[float, Line] = {}
    for line in sorted((g for g in good if g.bookmaker == book), key=_seen):
        by_value[line.value] = line
    return ChosenLines(tuple(by_value[v] for v in sorted(by_value)), warnings, consensus(good))


def chosen_lines(inputs: PlayerInputs) -> ChosenLines:
    """`choose` for a player's inputs."""
    return choose(inputs.lines, inputs.game_start, _form(inputs))


def sound_lines(inputs: PlayerInputs) -> tuple[Line, ...]:
    """Every bookmaker's lines on a player that are neither impossible, stale nor placeholders."""
    return sift(inputs.lines, inputs.game_start, _form(inputs))[0]


def sift(
    lines: Sequence[Line], game_start: datetime | None = None, form: float | None = None
) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    """The sound lines, and a warning for each of the others."""
    if not lines:
        return (), ()
    possible = [
        line
        for line in lines
        if usable(line) and is_known(line.captured_at, game_start) and not is_average(line.bookmaker)
    ]
    stale = _stale(possible, game_start)
    fresh = [line for line in possible if line not in stale] if stale else possible
    hollow = {line for line in fresh if line.value == PLACEHOLDER} if _hollow(fresh, form) else set()
    if len(fresh) == len(lines) and not hollow:
        return best_ranked(fresh), ()
    warnings = []
    for line in lines:
        kind = _kind(line, stale, game_start)
        if kind != "placeholder" or line in hollow:
            warnings.append(f"line_{kind}:{line.bookmaker}:{line.value}")
    return best_ranked([line for line in fresh if line not in hollow]), tuple(warnings)


def best_ranked(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Of each bookmaker the lines of its best source."""
    best: dict[str, int] = {}
    for line in lines:
        best[line.bookmaker] = min(best.get(line.bookmaker, line.rank), line.rank)
    return tuple(line for line in lines if line.rank == best[line.bookmaker])


@lru_cache(maxsize=1024)
def is_average(bookmaker: str) -> bool:
    """Whether a bookmaker's name says that its lines are computed from those of others, or from the player's games."""
    name = bookmaker.lower()
    return any(word in name for word in AVERAGES)


def main_lines(lines: Sequence[Line]) -> tuple[Line, ...]:
    """One line per bookmaker: of alternates the one with the most even prices; without prices, the middle one."""
    of_book: dict[str, list[Line]] = {}
    for line in lines:
        of_book.setdefault(line.bookmaker, []).append(line)
    return tuple(_main(alternates) for alternates in of_book.values())


def consensus(lines: Sequence[Line]) -> float:
    """The median of the bookmakers' main lines."""
    return float(median(line.value for line in main_lines(lines)))


def price_edge(advice: Judgement, line: Line | None) -> float | None:
    """The chance of the recommended side, a push set aside, above the one that its price implies; None without either."""
    if line is None or advice.over is None or advice.recommendation not in {Recommendation.OVER, Recommendation.UNDER}:
        return None
    is_over = advice.recommendation is Recommendation.OVER
    implied = implied_chance(line.over_price if is_over else line.under_price)
    if implied is None:
        return None
    decided = max(1e-9, 1.0 - (advice.push or 0.0))
    over = advice.over / decided
    return round((over if is_over else 1.0 - over) - implied, 4)


def _main(alternates: Sequence[Line]) -> Line:
    if len(alternates) == 1:
        return alternates[0]
    middle = median(line.value for line in alternates)

    def unevenness(line: Line) -> tuple[float, float, float]:
        over, under = implied_chance(line.over_price), implied_chance(line.under_price)
        gap = 1.0 if over is None or under is None else abs(over - under)
        return gap, abs(line.value - middle), line.value

    return min(alternates, key=unevenness)


def _kind(line: Line, stale: set[Line], game_start: datetime | None) -> str:
    if not usable(line):
        return "unusable"
    if not is_known(line.captured_at, game_start):
        return "after_start"
    if is_average(line.bookmaker):
        return "average"
    return "stale" if line in stale else "placeholder"


def usable(line: Line) -> bool:
    """Whether the value can be a points line: a positive multiple of a half up to 80 points."""
    return math.isfinite(line.value) and 0.0 < line.value <= MAX_LINE and float(line.value * 2).is_integer()


def _stale(lines: Sequence[Line], game_start: datetime | None) -> set[Line]:
    newest: datetime | None = None
    of_book: dict[str, datetime] = {}
    for line in lines:
        if line.captured_at is not None:
            newest = line.captured_at if newest is None else max(newest, line.captured_at)
            of_book[line.bookmaker] = max(of_book.get(line.bookmaker, line.captured_at), line.captured_at)
    if newest is None:
        return set()
    oldest = newest - timedelta(hours=BEHIND_HOURS)
    if game_start is not None:
        oldest = max(oldest, game_start - timedelta(hours=STALE_HOURS))
    moved = timedelta(hours=MOVED_HOURS)
    return {
        line
        for line in lines
        if (seen := line.captured_at) is not None and (seen < oldest or seen < of_book[line.bookmaker] - moved)
    }


def _hollow(lines: Sequence[Line], form: float | None) -> bool:
    """Whether a line of `PLACEHOLDER` contradicts the other offers, or, without any, the player's form."""
    others = [line.value for line in lines if line.value != PLACEHOLDER]
    if len(others) == len(lines):
        return False
    if others:
        return abs(median(others) - PLACEHOLDER) > PLACEHOLDER_GAP
    return form is not None and abs(form - PLACEHOLDER) > FORM_GAP


def _form(inputs: PlayerInputs) -> float | None:
    games = inputs.recent_games[:FORM_GAMES]
    return fmean(game.points for game in games) if games else None


def _order(line: Line) -> tuple[int, int, str]:
    return (line.rank, *_preference(line.bookmaker))


def _preference(book: str) -> tuple[int, str]:
    return (PREFERENCE.index(book) if book in PREFERENCE else len(PREFERENCE), book)


def _seen(line: Line) -> float:
    return line.captured_at.timestamp() if line.captured_at else 0.0
