"""The slate as it was read from the warehouse, before any rule was applied to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from regen.domain.inputs import PlayerInputs


@dataclass(frozen=True, slots=True)
class SlateEntry:
    """One rostered player of a date, with what there is about him.

    Attributes:
        avg_minutes: mean minutes of his last 7 days' games (or of his last games), None if unknown.
        inputs: None if the player has no feature row (an outcome `failed(no_features)`, not an error).
        problem: what is wrong with his rows, if something is (the outcome's error text).
        called_off: upstream says that his game is not played on this date.
    """

    player_lookup: str
    player_name: str
    game_id: str
    team: str
    opponent: str
    home: bool
    game_start: datetime | None
    status: str
    avg_minutes: float | None
    has_line: bool
    inputs: PlayerInputs | None
    problem: str | None = None
    called_off: bool = False


@dataclass(frozen=True, slots=True)
class SlateReading:
    """Everything that one batch needs from the warehouse, read by a constant number of statements.

    Attributes:
        snapshot: names the state of the inputs: a hash over every entry's feature hash and lines.
        features_built_at: newest `created_at` of the feature rows.
    """

    game_date: date
    entries: Sequence[SlateEntry]
    snapshot: str
    features_built_at: datetime | None
