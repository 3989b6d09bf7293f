"""The figures at the line as tables for people."""

from __future__ import annotations

from collections.abc import Sequence

from regen.domain.intervals import Figure
from regen.domain.market import MARGIN_RULE
from regen.training.at_line import MARKET, TOTAL, AtLine
from regen.training.markdown import markdown

_HEAD = (
    "system",
    "n",
    "log loss",
    "less the market's",
    "alone",
    "Brier",
    "chance",
    "came",
    "slope",
    "cal. error",
    "pinball",
    "CRPS",
    "picks",
    "won %",
    "return %",
    "line move",
)
_TITLES = {"priced": "At the priced line", "unpriced": "At the line without prices"}
GROUPED = "ensemble_v1"


def line_tables(figures: Sequence[AtLine]) -> list[str]:
    """A table of the systems for each population, then one of the ensemble by group."""
    parts = []
    for population, title in _TITLES.items():
        own = [each for each in figures if each.population == population]
        totals = [each for each in own if each.group == TOTAL]
        if totals:
            rule = f" (margin removed: {MARGIN_RULE}; {max(each.games for each in totals)} games)"
            rows = [(_HEAD), *((each.system_id, *_cells(each)) for each in totals)]
            parts.append(f"{title}{rule}\n\n{markdown(rows)}")
        grouped = [each for each in own if each.group != TOTAL and each.system_id == GROUPED]
        if grouped:
            head = ("group", *_HEAD[1:])
            rows = [head, *((f"{each.group} {each.part}", *_cells(each)) for each in grouped)]
            parts.append(f"{title}, {GROUPED} by group\n\n{markdown(rows)}")
    return parts


def _cells(each: AtLine) -> tuple[str, ...]:
    is_market = each.system_id == MARKET
    return (
        str(each.rows),
        f"{each.log_loss:.4f}",
        "-" if is_market else figure(each.log_loss_vs_market, 4, sign=True),
        f"{each.own_log_loss:.4f}",
        f"{each.brier:.4f}",
        f"{each.chance:.3f}",
        figure(each.came, 3),
        figure(each.slope, 2),
        f"{each.calibration_error:.3f}",
        f"{each.pinball:.3f}",
        f"{each.crps:.3f}",
        "-" if is_market else str(each.picks),
        _share(each.hit_rate),
        figure(each.profit, 1, scale=100.0, sign=True),
        figure(each.line_move, 3, sign=True),
    )


def _share(found: Figure) -> str:
    """A share in percent; Student's interval of few picks may leave 0 to 100."""
    low, high = (None if end is None else min(1.0, max(0.0, end)) for end in (found.low, found.high))
    return figure(Figure(found.value, low, high, found.rows), 1, scale=100.0)


def figure(found: Figure, digits: int, *, scale: float = 1.0, sign: bool = False) -> str:
    """A figure with its interval in parentheses."""
    if found.value is None:
        return "-"
    plus = "+" if sign else ""
    numbers = [f"{scale * n:{plus}.{digits}f}" for n in (found.value, found.low, found.high) if n is not None]
    return numbers[0] if len(numbers) == 1 else f"{numbers[0]} ({numbers[1]} to {numbers[2]})"
