"""What two sides predicted of the same players, as graded rows have it: compared pair by pair by the scorer of the gate."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from regen.domain.models import IN_USE
from regen.domain.values import asdict
from regen.training.gate import ALL, Compared, compared
from regen.training.rounding import rounded

Row = Mapping[str, Any]
Key = tuple[str, str, str, str]
"""Game date, game, player and system; without a system where a side is one."""
Lines = dict[float | None, Row]
POPULATIONS = (ALL, "lined", "unlined")


class Graded(Struct, frozen=True):
    """A graded row, as the scorer reads it.

    Attributes:
        inside80: 1.0 if the points came within the 80 % interval, else 0.0.
        log_loss: of the chance of over; None without a line, after a push, and where the line is a whole number: the row does not
            say how likely a push was.
    """

    game_id: str
    predicted_points: float
    actual_points: float
    line: float | None
    inside80: float
    log_loss: float | None


class Comparison(Struct, frozen=True):
    """Two sides, compared.

    Attributes:
        retrospective: pairs that were predicted after tip-off.
    """

    one: str
    other: str
    compared: tuple[Compared, ...]
    retrospective: int

    def as_dict(self) -> dict[str, Any]:
        """The comparison as JSON values; of each pair of figures the first is A's."""
        return {
            "a": self.one,
            "b": self.other,
            "retrospective": self.retrospective,
            "compared": [rounded(asdict(each)) for each in self.compared],
        }


def compared_rows(rows: Iterable[Row], one: str, other: str) -> Comparison:
    """Compare two sides on the players whom both predicted in the same batch, the newest one in which both did.

    Args:
        rows: of `compare_rows.sql`.
        one: the hash of an artefact, the id of a system, or `IN_USE`; `other` likewise.
    """
    known = list(rows)
    systems = {str(row["system_id"]) for row in known}
    chosen = [side for side in (one, other) if side in systems]
    sides = [
        _by_key([row for row in known if _belongs(row, side, chosen)], by_system=not chosen) for side in (one, other)
    ]
    pairs: dict[str, list[tuple[Graded, Graded]]] = defaultdict(list)
    late = 0
    for key in sorted(sides[0].keys() & sides[1].keys()):
        if found := _pair(sides[0][key], sides[1][key]):
            pairs[key[3]].append((_graded(found[0]), _graded(found[1])))
            late += bool(found[0]["retrospective"])
    result = []
    for system, mine in sorted(pairs.items()):
        for population in POPULATIONS:
            of = [p for p in mine if population == ALL or (p[0].line is not None) is (population == "lined")]
            if of:
                result.append(compared(system or f"{one} / {other}", population, of, 0))
    return Comparison(one, other, tuple(result), late)


def _belongs(row: Row, side: str, chosen: list[str]) -> bool:
    """Whether a row is of a side. Where one side is a system, the other one's rows of other systems are left out."""
    if side == row["system_id"]:
        return row["challenger"] in {None, side}
    is_named = row["challenger"] == side or (row["challenger"] is None and side in {IN_USE, row["model"]})
    return is_named and (not chosen or row["system_id"] in chosen)


def _by_key(rows: Iterable[Row], *, by_system: bool) -> dict[Key, dict[str, Lines]]:
    """The rows of a side by player-game, then by batch and line."""
    found: dict[Key, dict[str, Lines]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        system = str(row["system_id"]) if by_system else ""
        key = (str(row["game_date"]), str(row["game_id"]), str(row["player_lookup"]), system)
        line = None if row["line"] is None else float(row["line"])
        found[key][str(row["batch_id"])][line] = row
    return found


def _pair(one: Mapping[str, Lines], other: Mapping[str, Lines]) -> tuple[Row, Row] | None:
    """One row of each side, of one batch and one line: of several lines the middle one, as points are the same for all."""
    both = one.keys() & other.keys()
    for batch in sorted(
        both, key=lambda name: (max(str(r["created_at"]) for r in one[name].values()), name), reverse=True
    ):
        lines = sorted(one[batch].keys() & other[batch].keys(), key=lambda line: (line is None, line or 0.0))
        if lines:
            line = lines[(len(lines) - 1) // 2]
            return one[batch][line], other[batch][line]
    return None


def _graded(row: Row) -> Graded:
    points = float(row["actual_points"])
    line = None if row["line"] is None else float(row["line"])
    chance = None if row["over_probability"] is None else float(row["over_probability"])
    loss = None
    if line is not None and chance is not None and not line.is_integer():
        loss = -math.log(max(1e-9, chance if points > line else 1.0 - chance))
    return Graded(str(row["game_id"]), float(row["predicted_points"]), points, line, float(bool(row["inside"])), loss)
