"""The slate as read from the warehouse, before any rule is applied."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from regen.domain.inputs import PlayerInputs
from regen.domain.soundness import flaw
from regen.domain.tip_off import before_start
from regen.domain.values import replace


class SlateEntry(Struct, frozen=True):
    """One rostered player of a date, with the data read for the player.

    Attributes:
        home: whether his team plays at home, None if unknown.
        avg_minutes: mean minutes of the games of the last 7 days (or of the last games), None if unknown.
        inputs: None if the player has no feature row (an outcome `failed(no_features)`, not an error).
        problem: what is wrong with the player's rows, as error text of the outcome; None if they are sound.
        called_off: whether upstream says that the player's game is not played on this date.
    """

    player_lookup: str
    player_name: str
    game_id: str
    team: str
    opponent: str
    home: bool | None
    game_start: datetime | None
    status: str
    avg_minutes: float | None
    has_line: bool
    inputs: PlayerInputs | None
    problem: str | None = None
    called_off: bool = False


class SlateReading(Struct, frozen=True):
    """All data that one batch needs from the warehouse, read by a constant number of statements.

    Attributes:
        snapshot: identifies the state of the inputs: a hash over every entry's feature hash and lines.
        features_built_at: newest `created_at` of the feature rows.
    """

    game_date: date
    entries: Sequence[SlateEntry]
    snapshot: str
    features_built_at: datetime | None


def sided(entries: Sequence[SlateEntry]) -> list[SlateEntry]:
    """The entries with `home` where a row does not say it and another of the game does."""
    known: dict[tuple[str, str], bool] = {}
    for entry in entries:
        if entry.home is not None:
            known[entry.game_id, entry.team] = entry.home
            known.setdefault((entry.game_id, entry.opponent), not entry.home)
    return [_sided(e, known.get((e.game_id, e.team))) if e.home is None else e for e in entries]


def _sided(entry: SlateEntry, home: bool | None) -> SlateEntry:  # noqa: FBT001
    inputs = entry.inputs
    return replace(entry, home=home, inputs=None if inputs is None else replace(inputs, home=home))


def known_before_start(entry: SlateEntry, read_at: datetime) -> SlateEntry:
    """The entry without lines seen after the start, after it was read, or after its row was made.

    Unsound inputs are kept: `slate.examined` names what is wrong with them.
    """
    if entry.inputs is None or entry.inputs.lines == () or flaw(entry.inputs):
        return entry
    inputs = before_start(entry.inputs, max(read_at, entry.inputs.context_built_at or read_at))
    if inputs is entry.inputs:
        return entry
    return replace(entry, inputs=inputs, has_line=entry.has_line and bool(inputs.lines))
