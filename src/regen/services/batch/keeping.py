"""Keeping what a batch's rows were computed from, as long as the rows: before they are promoted, never after (P12).

The requests expire with the batch's records. Until then their inputs are in Firestore; from here on in the archive, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from regen.api.kept import KeptRequest, artefact_name, packed
from regen.domain.batch import Batch
from regen.ports import Archive, Snapshot
from regen.services.state.deps import Deps
from regen.services.state.documents import holds_inputs
from regen.services.state.paths import requests_path

PAGE = 20
"""Requests of one object: at most 8 MiB, as an object is held in memory while it is written."""
FIELDS = ("opening", "round", "players", "inputs")


def keep_inputs(deps: Deps, batch: Batch) -> None:
    """Write the inputs of all of the batch's rounds, and the artefacts of this release, into the archive.

    Doing it again writes the same objects, which are there already.

    Raises:
        Unavailable: the archive, or Firestore, does not answer; nothing may be promoted yet.
    """
    if deps.archive is None:
        return
    _keep_artefacts(deps, deps.archive)
    for page in _pages(deps, batch):
        # Pages may begin anywhere; objects do not mix rounds, so that a redrive leaves the first round's as they are.
        for round_, requests in groupby(page, key=lambda s: int(s.data["round"])):
            name, content = packed(batch.batch_id, batch.game_date, round_, [_kept(s) for s in requests])
            deps.archive.keep(name, content)


def _keep_artefacts(deps: Deps, archive: Archive) -> None:
    """Write every artefact of this release, once in the life of a process: a row of another release has its own's."""
    if deps.kept.artefacts:
        return
    for artefact_hash, text in deps.config.artefacts().items():
        archive.keep(artefact_name(artefact_hash), text.encode())
    deps.kept.artefacts = True


def _pages(deps: Deps, batch: Batch) -> Iterator[list[Snapshot]]:
    """The batch's requests that count, round by round. An object that would have none of them is not written."""
    last: Snapshot | None = None
    while True:
        found = deps.store.find(requests_path(batch.batch_id), limit=PAGE, order_by="round", fields=FIELDS, after=last)
        if counted := [s for s in found if holds_inputs(s.data, batch.openings)]:
            yield counted
        if len(found) < PAGE:
            return
        last = found[-1]


def _kept(snapshot: Snapshot) -> KeptRequest:
    data = snapshot.data
    players = data.get("players")
    named = tuple(map(str, players)) if isinstance(players, list) else ()
    return KeptRequest(snapshot.path.rpartition("/")[2], named, data["inputs"])
