"""Orders on batches whose promotion or rollback the tables have lost: they were restored from a backup, Firestore was not."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct, field

from regen.domain.batch import Batch
from regen.domain.recorded import lost, promotions_in
from regen.domain.values import replace
from regen.services.state.deps import Deps
from regen.services.state.documents import DateRecord


class Restored(Struct, frozen=True):
    """What the audit has of a date.

    Attributes:
        is_lost: whether the audit lacks what the batch's record calls done.
        rounds: the rounds of the batch that are promoted in the tables.
        gone: batches of the date whose promotion the tables have lost.
    """

    is_lost: bool = False
    rounds: tuple[int, ...] = ()
    gone: frozenset[str] = field(default_factory=frozenset)

    def record(self, date: DateRecord) -> DateRecord:
        """The date's record without the promotions that the tables have lost."""
        return replace(date, promoted=tuple(p for p in date.promoted if p.batch_id not in self.gone))


def look(deps: Deps, batch: Batch, promoted: Collection[str]) -> Restored:
    """Ask the audit whether it has what the batch's record calls done. One query job.

    Args:
        promoted: the batches that the date's record calls promoted.

    Raises:
        Unavailable: BigQuery does not answer.
    """
    audit = deps.books.acts(batch.game_date, batch.game_date)
    there = {done.batch_id for done in audit}
    return Restored(lost(batch, audit) is not None, promotions_in(batch, audit), frozenset(promoted) - there)
