"""What a batch moved or would move, as it is answered."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from regen.api.words import Answer, one_of


class Move(Answer, frozen=True, kw_only=True):
    """A current prediction and what takes its place; `new_*` are null for one that is withdrawn.

    Attributes:
        reason: why it was superseded or withdrawn.
    """

    player_lookup: str
    system_id: str
    old_line: float | None
    new_line: float | None
    old_points: float
    new_points: float | None
    old_recommendation: str
    new_recommendation: str | None
    old_tier: str | None
    new_tier: str | None
    reason: str | None


class Moves(Answer, frozen=True, kw_only=True):
    """The moves of a batch, withdrawals first, then the largest.

    Attributes:
        status: `moved` once a round has been promoted, else `would_move`.
        left_off: rows beyond the first ones.
    """

    batch_id: str
    game_date: date
    status: Annotated[str, one_of("moved", "would_move")]
    rows: list[Move]
    left_off: int
