"""How new predictions differ from those they replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

LEAST_MOVE = 0.05
SIDES = frozenset({"OVER", "UNDER"})
MAIN_SYSTEM = "ensemble_v1"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PlayerMoves:
    """What changed for one player.

    Attributes:
        old_points: of the ensemble, or of all systems on average where it has none; likewise the others.
        largest: largest move of any of his predictions, with its sign.
        flips: how many of his predictions changed sides.
    """

    player_lookup: str
    predictions: int
    old_points: float
    new_points: float
    largest: float
    flips: int

    @property
    def move(self) -> float:
        """From the old to the new points."""
        return round(self.new_points - self.old_points, 2)


@dataclass(frozen=True, slots=True)
class Moves:
    """What changed in all.

    Attributes:
        replaced: predictions with a replacement; `withdrawn` those without.
        changed: replaced ones whose points moved.
        mean_move: over all that were replaced; `mean_size` without the sign.
        largest: row of the largest move, None if nothing moved.
        flips: from OVER to UNDER or back; `other_changes` of recommendation are those from and to PASS or NO_LINE.
    """

    replaced: int
    withdrawn: int
    changed: int
    mean_move: float
    mean_size: float
    largest: Row | None
    flips: int
    other_changes: int
    players: tuple[PlayerMoves, ...]

    def as_record(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        players = [{**asdict(player), "move": player.move} for player in self.players]
        return {**asdict(self), "largest": None if self.largest is None else dict(self.largest), "players": players}


def moves(rows: Sequence[Row]) -> Moves:
    """Compare the rows of `diff.sql`; players with the largest moves first."""
    replaced = [row for row in rows if row["new_points"] is not None]
    steps = [_move(row) for row in replaced]
    changed = [row for row in replaced if abs(_move(row)) >= LEAST_MOVE]
    by_player: dict[str, list[Row]] = {}
    for row in replaced:
        by_player.setdefault(row["player_lookup"], []).append(row)
    players = sorted(
        (_player(name, own) for name, own in by_player.items()), key=lambda p: (-abs(p.move), -abs(p.largest))
    )
    return Moves(
        replaced=len(replaced),
        withdrawn=len(rows) - len(replaced),
        changed=len(changed),
        mean_move=_mean(steps),
        mean_size=_mean([abs(step) for step in steps]),
        largest=max(changed, key=lambda row: abs(_move(row)), default=None),
        flips=sum(map(flipped, replaced)),
        other_changes=sum(r["old_recommendation"] != r["new_recommendation"] and not flipped(r) for r in replaced),
        players=tuple(players),
    )


@dataclass(frozen=True, slots=True)
class SystemMove:
    """What changed for one player in one system, on the line where it changed most.

    Attributes:
        lines: how many of the lines changed.
        new_points: None if the prediction was withdrawn, for `reason`; likewise the others.
        changed_inputs: names of the features and other inputs that changed; None if that is not known.
    """

    player_lookup: str
    system_id: str
    game_date: str
    lines: int
    old_line: float | None
    new_line: float | None
    old_points: float
    new_points: float | None
    old_recommendation: str | None
    new_recommendation: str | None
    old_tier: str | None
    new_tier: str | None
    reason: str | None
    changed_inputs: Sequence[str] | None

    @property
    def move(self) -> float | None:
        """From the old to the new points."""
        return None if self.new_points is None else round(self.new_points - self.old_points, 2)


def moved(rows: Sequence[Row]) -> list[SystemMove]:
    """What moved, one for each player and system: points, side or line changed, or it was withdrawn; the largest first."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if _has_moved(row):
            groups.setdefault((str(row.get("game_date")), row["player_lookup"], row["system_id"]), []).append(row)
    found = [_system_move(day, max(own, key=_weight), len(own)) for (day, _, _), own in groups.items()]
    return sorted(found, key=lambda one: (one.move is None, -abs(one.move or 0.0), one.player_lookup, one.system_id))


def _has_moved(row: Row) -> bool:
    if row["new_points"] is None or abs(_move(row)) >= LEAST_MOVE:
        return True
    return bool(row["old_recommendation"] != row["new_recommendation"] or row.get("old_line") != row.get("new_line"))


def _weight(row: Row) -> tuple[bool, bool, float]:
    withdrawn = row["new_points"] is None
    return withdrawn, not withdrawn and flipped(row), 0.0 if withdrawn else abs(_move(row))


def _system_move(day: str, row: Row, lines: int) -> SystemMove:
    return SystemMove(
        player_lookup=row["player_lookup"],
        system_id=row["system_id"],
        game_date=day,
        lines=lines,
        old_line=row.get("old_line"),
        new_line=row.get("new_line"),
        old_points=row["old_points"],
        new_points=row["new_points"],
        old_recommendation=row["old_recommendation"],
        new_recommendation=row["new_recommendation"],
        old_tier=row.get("old_tier"),
        new_tier=row.get("new_tier"),
        reason=row.get("reason") if row["new_points"] is None else None,
        changed_inputs=row.get("changed_inputs"),
    )


def flipped(row: Row) -> bool:
    """Whether a prediction changed sides."""
    sides = {row["old_recommendation"], row["new_recommendation"]}
    return sides == SIDES


def _player(name: str, rows: Sequence[Row]) -> PlayerMoves:
    main = [row for row in rows if row["system_id"] == MAIN_SYSTEM] or rows
    return PlayerMoves(
        player_lookup=name,
        predictions=len(rows),
        old_points=_mean([row["old_points"] for row in main]),
        new_points=_mean([row["new_points"] for row in main]),
        largest=max((_move(row) for row in rows), key=abs),
        flips=sum(map(flipped, rows)),
    )


def _move(row: Row) -> float:
    return round(float(row["new_points"]) - float(row["old_points"]), 2)


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 3) if values else 0.0
