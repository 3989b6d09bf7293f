"""Which rows a date may lose, from the slate of its batch, by rules that are written independently here.

A player with current rows has current rows after a promotion, unless the slate explains the loss. A rollback restores all
rows that its batch had superseded.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from regen.adapters.memory.archive import MemoryArchive
from regen.adapters.memory.promoting import Row
from regen.api.kept import unpacked
from regen.domain.promotion import Promotion, Rollback
from regen.domain.slate_reading import SlateEntry, SlateReading

Problem = tuple[str, str]
Generation = tuple[str, str]


def current(row: Row) -> bool:
    """Return whether a row is current. Written independently of the code under test."""
    return row.get("superseded") is None or row["superseded"] is False


def generations(rows: Sequence[Row]) -> set[Generation]:
    """Player and system of each current row."""
    return {(row["player_lookup"], row["system_id"]) for row in rows if current(row)}


def promotion_explained(
    act: Promotion,
    readings: Sequence[SlateReading],
    scope: Mapping[str, Any],
    before: Sequence[Row],
    after: Sequence[Row],
    ruled_out: Collection[str] = (),
) -> Iterator[Problem]:
    """Yield each lost player and each withdrawal that the slates, as the batch read them, do not explain.

    Args:
        ruled_out: players whom an operator has withdrawn.
    """
    slate = {entry.player_lookup: entry for reading in readings for entry in reading.entries}
    whole = not any(scope.get(name) for name in ("players", "systems", "games"))
    for player, system in sorted(generations(before) - generations(after)):
        entry = slate.get(player)
        if player in ruled_out:
            continue
        if entry is None and not whole:
            yield "P1", f"{player}/{system} is lost by a batch that did not cover the slate: {act.fence.batch_id}"
        elif entry is not None and not _out(entry):
            yield "P1", f"{player}/{system} is lost, and is on the slate as {entry.status}"
    for row in after:
        withdrawn = row.get("superseded_at") == act.at and row.get("superseded_by_prediction_id") is None
        if withdrawn and row["superseded_reason"] == "not_on_slate" and row["player_lookup"] in slate:
            yield "P1", f"{row['prediction_id']} is withdrawn as not on the slate, which has {row['player_lookup']}"
        if withdrawn and row["superseded_reason"] == "postponed" and row["player_lookup"] not in ruled_out:
            yield "P1", f"{row['prediction_id']} is withdrawn as postponed, and nobody has said so"
        if row["player_lookup"] in ruled_out:
            continue
        if withdrawn and row["superseded_reason"] == "out" and not _out(slate.get(row["player_lookup"])):
            yield "P1", f"{row['prediction_id']} is withdrawn as out, and {row['player_lookup']} is not"


def _out(entry: SlateEntry | None) -> bool:
    if entry is None:
        return False
    return entry.status.lower() == "out" or (entry.inputs is not None and entry.inputs.injury_status.lower() == "out")


def rollback_complete(act: Rollback, before: Sequence[Row], after: Sequence[Row]) -> Iterator[Problem]:
    """Yield each player whose rows a rollback did not restore, and each row of its batch that is still current."""
    taken = {
        (row["player_lookup"], row["system_id"])
        for row in before
        if row.get("superseded_by_batch_id") == act.batch_id and row.get("batch_id") != act.batch_id
    }
    for player, system in sorted(taken - generations(after)):
        yield "P1", f"{player}/{system} was superseded by {act.batch_id}, and its rollback does not restore it"
    for row in after:
        if current(row) and row.get("batch_id") == act.batch_id:
            yield "P1", f"{row['prediction_id']} is current after the rollback of {act.batch_id}"


def unkept(archive: MemoryArchive, before: Sequence[Row], after: Sequence[Row]) -> Iterator[Problem]:
    """Rows that have come without the inputs from which they were made being kept."""
    known = {row["prediction_id"] for row in before}
    made = (row for row in after if row["prediction_id"] not in known and row.get("batch_id"))
    fresh = {(row["batch_id"], row["player_lookup"]) for row in made}
    kept = {
        (found.batch_id, player)
        for found in (unpacked(name, archive.objects[name]) for name in archive.names("inputs/"))
        for request in found.requests
        for player in request.players
    }
    for batch_id, player in sorted(fresh - kept):
        yield "P12", f"{batch_id} has rows of {player}, whose inputs are not kept"
