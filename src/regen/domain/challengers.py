"""What challengers predict beside a batch: rows that are never current, and no reason why anything fails."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from regen.domain.outcome import Outcome


class Challenged(Struct, frozen=True):
    """What one challenger made of one request's players.

    Attributes:
        challenger: an artefact's hash, or a system's id.
        outcomes: of the players whom it predicts.
        problem: why it lacks players; None if it has all.
    """

    challenger: str
    outcomes: Sequence[Outcome] = ()
    problem: str | None = None
