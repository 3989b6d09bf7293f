"""What changed between the inputs of two predictions, by name, from the requests of the batches that made them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from regen.api.packed_inputs import unpack_inputs
from regen.domain.batch import Batch
from regen.domain.errors import NotFound, Unreadable
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
    before = {name: _inputs_of(deps, name) for name, _ in made_by.most_common(MOST_BATCHES)}
    after = _inputs(deps, batch)
    return [_named(row, before.get(str(row.old_batch_id), {}), after) for row in rows]


def _named(
    row: MovedPrediction, before: Mapping[str, PlayerInputs], after: Mapping[str, PlayerInputs]
) -> MovedPrediction:
    old, new = before.get(row.player_lookup), after.get(row.player_lookup)
    if old is None or new is None or row.new_points is None:
        return row
    return replace(row, changed_inputs=changed(old, new))


def _inputs_of(deps: Deps, batch_id: str) -> Mapping[str, PlayerInputs]:
    """The inputs of an earlier batch; none if its records have expired, or this version cannot read them."""
    try:
        return _inputs(deps, read_batch(deps, batch_id).batch)
    except (NotFound, Unreadable):
        return {}


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
