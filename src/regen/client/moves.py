"""How new predictions differ from those they replaced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from regen.client.reader import Record
from regen.client.wording import some
from regen.domain.values import asdict

if TYPE_CHECKING:  # the command line starts without the structs
    from regen.api.moves import Moves as Answer
    from regen.client.answers import Received

LEAST_MOVE = 0.05
SIDES = frozenset({"OVER", "UNDER"})
MAIN_SYSTEM = "ensemble_v1"
MOST_NAMES = 6
"""Names of changed inputs in a cell; `--json` has all."""


class Move(Struct, frozen=True):
    """A prediction that was superseded or withdrawn, and its replacement; `new_*` are None for one that was withdrawn.

    Attributes:
        game_date: None where all are of one date.
        old_batch_id: the batch that made the old one; None for the predecessor's rows.
        changed_inputs: names of the features and other inputs that changed; None if that is not known.
        record: the whole of it as it came, for programs.
    """

    player_lookup: str
    system_id: str
    game_date: str | None
    old_line: float | None
    new_line: float | None
    old_points: float
    new_points: float | None
    old_recommendation: str | None
    new_recommendation: str | None
    old_tier: str | None
    new_tier: str | None
    reason: str | None
    old_batch_id: str | None
    changed_inputs: Sequence[str] | None
    record: Record

    @property
    def step(self) -> float:
        """From the old to the new points; nothing for one that was withdrawn."""
        return 0.0 if self.new_points is None else round(self.new_points - self.old_points, 2)

    @property
    def has_flipped(self) -> bool:
        """Whether it changed sides."""
        return {self.old_recommendation, self.new_recommendation} == SIDES

    @property
    def has_moved(self) -> bool:
        """Whether points, side or line changed, or it was withdrawn."""
        if self.new_points is None or abs(self.step) >= LEAST_MOVE:
            return True
        return self.old_recommendation != self.new_recommendation or self.old_line != self.new_line


def of_answer(answer: Received[Answer]) -> list[Move]:
    """The moves of a batch as the coordinator tells them."""
    return [
        Move(
            player_lookup=one.value.player_lookup,
            system_id=one.value.system_id,
            game_date=None,
            old_line=one.value.old_line,
            new_line=one.value.new_line,
            old_points=one.value.old_points,
            new_points=one.value.new_points,
            old_recommendation=one.value.old_recommendation,
            new_recommendation=one.value.new_recommendation,
            old_tier=one.value.old_tier,
            new_tier=one.value.new_tier,
            reason=one.value.reason,
            old_batch_id=one.value.old_batch_id,
            changed_inputs=one.value.changed_inputs,
            record=one.record,
        )
        for one in answer.parts(answer.value.rows, "rows")
    ]


def of_rows(rows: Iterable[Record]) -> list[Move]:
    """The moves that the tables have: the rows of `diff.sql`."""
    return [
        Move(
            player_lookup=row["player_lookup"],
            system_id=row["system_id"],
            game_date=row.get("game_date"),
            old_line=row.get("old_line"),
            new_line=row.get("new_line"),
            old_points=float(row["old_points"]),
            new_points=None if row["new_points"] is None else float(row["new_points"]),
            old_recommendation=row["old_recommendation"],
            new_recommendation=row["new_recommendation"],
            old_tier=row.get("old_tier"),
            new_tier=row.get("new_tier"),
            reason=row.get("reason"),
            old_batch_id=row.get("old_batch_id"),
            changed_inputs=None,
            record=row,
        )
        for row in rows
    ]


class PlayerMoves(Struct, frozen=True):
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


class Moves(Struct, frozen=True):
    """What changed in all.

    Attributes:
        replaced: predictions with a replacement; `withdrawn` those without.
        changed: replaced ones whose points moved.
        mean_move: over all that were replaced; `mean_size` without the sign.
        largest: the largest move, None if nothing moved.
        flips: from OVER to UNDER or back; `other_changes` of recommendation are those from and to PASS or NO_LINE.
    """

    replaced: int
    withdrawn: int
    changed: int
    mean_move: float
    mean_size: float
    largest: Move | None
    flips: int
    other_changes: int
    players: tuple[PlayerMoves, ...]

    def as_record(self) -> dict[str, object]:
        """All of it, as JSON has it."""
        players = [{**asdict(player), "move": player.move} for player in self.players]
        return {**asdict(self), "largest": None if self.largest is None else self.largest.record, "players": players}


def moves(rows: Sequence[Move]) -> Moves:
    """Sum up; players with the largest moves first."""
    replaced = [row for row in rows if row.new_points is not None]
    steps = [row.step for row in replaced]
    changed = [row for row in replaced if abs(row.step) >= LEAST_MOVE]
    by_player: dict[str, list[Move]] = {}
    for row in replaced:
        by_player.setdefault(row.player_lookup, []).append(row)
    players = sorted(
        (_player(name, own) for name, own in by_player.items()), key=lambda p: (-abs(p.move), -abs(p.largest))
    )
    return Moves(
        replaced=len(replaced),
        withdrawn=len(rows) - len(replaced),
        changed=len(changed),
        mean_move=_mean(steps),
        mean_size=_mean([abs(step) for step in steps]),
        largest=max(changed, key=lambda row: abs(row.step), default=None),
        flips=sum(row.has_flipped for row in replaced),
        other_changes=sum(r.old_recommendation != r.new_recommendation and not r.has_flipped for r in replaced),
        players=tuple(players),
    )


class SystemMove(Struct, frozen=True):
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


def moved(rows: Sequence[Move]) -> list[SystemMove]:
    """What moved, one for each player and system: points, side or line changed, or it was withdrawn; the largest first."""
    groups: dict[tuple[str, str, str], list[Move]] = {}
    for row in rows:
        if row.has_moved:
            groups.setdefault((str(row.game_date), row.player_lookup, row.system_id), []).append(row)
    found = [_system_move(day, max(own, key=_weight), len(own)) for (day, _, _), own in groups.items()]
    return sorted(found, key=lambda one: (one.move is None, -abs(one.move or 0.0), one.player_lookup, one.system_id))


def changed_text(names: Sequence[str] | None, most: int = MOST_NAMES) -> str | None:
    """The inputs that changed, the first few by name; None if that is not known."""
    return None if names is None else some(names, most) or "nothing"


def _weight(row: Move) -> tuple[bool, bool, float]:
    withdrawn = row.new_points is None
    return withdrawn, not withdrawn and row.has_flipped, abs(row.step)


def _system_move(day: str, row: Move, lines: int) -> SystemMove:
    return SystemMove(
        player_lookup=row.player_lookup,
        system_id=row.system_id,
        game_date=day,
        lines=lines,
        old_line=row.old_line,
        new_line=row.new_line,
        old_points=row.old_points,
        new_points=row.new_points,
        old_recommendation=row.old_recommendation,
        new_recommendation=row.new_recommendation,
        old_tier=row.old_tier,
        new_tier=row.new_tier,
        reason=row.reason if row.new_points is None else None,
        changed_inputs=row.changed_inputs,
    )


def _player(name: str, rows: Sequence[Move]) -> PlayerMoves:
    main = [row for row in rows if row.system_id == MAIN_SYSTEM] or rows
    return PlayerMoves(
        player_lookup=name,
        predictions=len(rows),
        old_points=_mean([row.old_points for row in main]),
        new_points=_mean([row.new_points for row in main if row.new_points is not None]),
        largest=max((row.step for row in rows), key=abs),
        flips=sum(row.has_flipped for row in rows),
    )


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 3) if values else 0.0
