"""The batch records beside the audit: after a restore of the tables, Firestore knows promotions that they have lost."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from regen.domain.batch import Batch
from regen.domain.invariants import Finding
from regen.domain.recorded import Done, compared
from regen.ports import Condition
from regen.services.state.decoding import left_out, readable
from regen.services.state.deps import Deps
from regen.services.state.documents import decode_batch
from regen.services.state.paths import BATCHES


def compare(deps: Deps, first: date, last: date, acts: Collection[Done]) -> Finding:
    """Compare what the records of some dates call promoted or rolled back with the acts of the audit.

    Raises:
        Unavailable: Firestore does not answer.
    """
    return compared(_batches(deps, first, last), acts)


def _batches(deps: Deps, first: date, last: date) -> list[Batch]:
    """The batches of these dates that this version can read; the sweep alerts to the others."""
    span: list[Condition] = [("game_date", ">=", first.isoformat()), ("game_date", "<=", last.isoformat())]
    return [batch for _, batch in readable(deps.store.find(BATCHES, span), decode_batch, left_out)]
