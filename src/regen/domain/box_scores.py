"""The league's box scores of a date, as the warehouse gives them: the shared history is fed with these."""

from __future__ import annotations

from datetime import date

from msgspec import Struct


class BoxScores(Struct, frozen=True):
    """All box scores of one date.

    Attributes:
        fingerprint: names their content: it changes when a row of the date does.
        games: JSON, a list of rows, each a list of texts; None for a reader that has this fingerprint already.
    """

    game_date: date
    fingerprint: str
    games: str | None
