"""What changed between the inputs of two predictions, by name, from the requests of the batches that made them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from regen.api.moves import ChangedInputs, ChangedPlayer
from regen.api.packed_inputs import unpack_inputs
from regen.domain.batch import Batch
from regen.domain.errors import InvalidInput, NotFound, Unreadable
from regen.domain.inputs import PlayerInputs, changed
from regen.domain.promotion import MovedPrediction
from regen.domain.values import replace
from regen.services.state.commit import read_batch
from regen.services.state.deps import Deps
from regen.services.state.documents import holds_inputs
from regen.services.state.paths import requests_path

MOST_BATCHES = 5
"""Earlier batches whose inputs are read, those of the most rows first: each is one query over all of its requests."""
FIELDS = ("opening", "round", "inputs")


def with_changes(deps: Deps, batch: Batch, rows: Sequence[MovedPrediction]) -> list[MovedPrediction]:
    """The rows with the names of the inputs that changed; of a withdrawal, and where inputs are not known, without."""
    replaced = [row for row in rows if row.new_points is not None and row.old_batch_id]
    if not replaced:
        return list(rows)
    made_by = Counter(str(row.old_batch_id) for row in replaced)
    changes = _changes(deps, batch, [name for name, _ in made_by.most_common(MOST_BATCHES)])
    return [
        row
        if row.new_points is None
        else replace(row, changed_inputs=changes.get((str(row.old_batch_id), row.player_lookup)))
        for row in rows
    ]


def view_changed_inputs(deps: Deps, batch_id: str, before: Sequence[str]) -> ChangedInputs:
    """What changed for each player between the inputs of earlier batches and those of this one; of players whose inputs both have.

    Args:
        before: ids of earlier batches of the date. One whose records have expired tells nothing.

    Raises:
        NoSuchBatch: there is none of that id.
        InvalidInput: an earlier batch is of another date.
    """
    found = _changes(deps, read_batch(deps, batch_id).batch, before)
    players = [
        ChangedPlayer(player_lookup=player, before=name, changed_inputs=list(names))
        for (name, player), names in sorted(found.items())
    ]
    return ChangedInputs(batch_id=batch_id, players=players)


def _changes(deps: Deps, batch: Batch, before: Sequence[str]) -> dict[tuple[str, str], tuple[str, ...]]:
    """The names of the inputs that changed, by earlier batch and player."""
    after = _inputs(deps, batch)
    return {
        (name, player): changed(old, after[player])
        for name in before
        for player, old in _inputs_of(deps, name, batch).items()
        if player in after
    }


def _inputs_of(deps: Deps, batch_id: str, later: Batch) -> Mapping[str, PlayerInputs]:
    """The inputs of an earlier batch; none if its records have expired, or this version cannot read them."""
    try:
        batch = read_batch(deps, batch_id).batch
    except (NotFound, Unreadable):
        return {}
    if batch.game_date != later.game_date:
        raise InvalidInput("before", f"batches of {later.game_date}; {batch_id} is of {batch.game_date}")
    return _inputs(deps, batch)


def _inputs(deps: Deps, batch: Batch) -> Mapping[str, PlayerInputs]:
    """The newest inputs of each player in the rounds of a batch."""
    found: dict[str, tuple[int, PlayerInputs]] = {}
    for snapshot in deps.store.find(requests_path(batch.batch_id), fields=FIELDS):
        data = snapshot.data
        if not holds_inputs(data, batch.openings):
            continue
        try:
            players = unpack_inputs(data["inputs"])
        except Unreadable:
            continue
        for one in players:
            if isinstance(one, PlayerInputs) and data["round"] >= found.get(one.player_lookup, (0, one))[0]:
                found[one.player_lookup] = data["round"], one
    return {name: one for name, (_, one) in found.items()}
