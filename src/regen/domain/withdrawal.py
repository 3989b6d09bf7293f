"""Withdrawals by an operator's order: current predictions end without a replacement, with a reason, until it is rolled back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import chain

from regen.domain.batch import Batch
from regen.domain.box_scores import BoxScores
from regen.domain.scope import Scope
from regen.domain.slate import EXPLAINED, POSTPONED, Exclusion
from regen.domain.slate_reading import SlateEntry
from regen.domain.values import replace

REASONS = tuple(sorted(EXPLAINED, reverse=True))
"""Why an operator may withdraw predictions; free text goes into the metadata."""
_GAME_ID = 1
"""The place of the game's id in a row of `BoxScores`."""


def withdrawn_by(batch: Batch) -> tuple[Exclusion, ...]:
    """What a withdrawal rules out on its date, as the date's record keeps it: games, or else players."""
    if batch.withdrawal is None:
        return ()
    if batch.scope.games is not None:
        return tuple(Exclusion("", batch.withdrawal, game) for game in batch.scope.games)
    return tuple(Exclusion(name, batch.withdrawal) for name in batch.scope.players or ())


def ruled(entries: Iterable[SlateEntry], withdrawn: Sequence[Exclusion]) -> tuple[SlateEntry, ...]:
    """The slate with what operators have withdrawn: upstream may say for hours still that a game is played."""
    if not withdrawn:
        return tuple(entries)
    players = {e.player_lookup: e.reason for e in withdrawn if e.player_lookup}
    games = {e.game_id: e.reason for e in withdrawn if not e.player_lookup}
    return tuple(_ruled(entry, players.get(entry.player_lookup) or games.get(entry.game_id)) for entry in entries)


def _ruled(entry: SlateEntry, reason: str | None) -> SlateEntry:
    if reason is None:
        return entry
    return replace(entry, called_off=True) if reason == POSTPONED else replace(entry, status="OUT")


def kept(withdrawn: Sequence[Exclusion], asked: Scope) -> tuple[Exclusion, ...]:
    """What stays withdrawn when a person asks by name for players or games again."""
    again = {*(asked.players or ()), *(asked.games or ())}
    return tuple(e for e in withdrawn if (e.player_lookup or e.game_id) not in again)


def played_games(days: Iterable[BoxScores]) -> set[str]:
    """The games that have box scores: what was predicted of them is graded, and no longer withdrawn."""
    rows = chain.from_iterable(json.loads(day.games) for day in days if day.games)
    return {str(row[_GAME_ID]) for row in rows}
