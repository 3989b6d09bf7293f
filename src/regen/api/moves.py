"""What a batch moved or would move, as it is answered."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from regen.api.words import Answer, Id, one_of
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


class ChangedPlayer(Answer, frozen=True, kw_only=True):
    """A player whose inputs an earlier batch and this one have.

    Attributes:
        before: the earlier batch.
        changed_inputs: names of the features and other inputs that changed.
    """

    player_lookup: str
    before: Id
    changed_inputs: list[str]


class ChangedInputs(Answer, frozen=True, kw_only=True):
    """What changed between the inputs of earlier batches and those of this one, player by player."""

    batch_id: Id
    players: list[ChangedPlayer]
