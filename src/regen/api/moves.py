"""What a batch moved or would move, as it is answered."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from regen.api.words import Answer, one_of
from regen.domain.promotion import MovedPrediction


class Moves(Answer, frozen=True, kw_only=True):
    """The moves of a batch, withdrawals first, then the largest.

    Attributes:
        status: `moved` once a round has been promoted, else `would_move`.
        left_off: rows beyond the first ones.
    """

    batch_id: str
    game_date: date
    status: Annotated[str, one_of("moved", "would_move")]
    rows: list[MovedPrediction]
    left_off: int
