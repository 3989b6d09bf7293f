"""The errors of regen: one root, and names that state the fact. Only trying `Unavailable` again can help.

RegenError
├── InvalidInput            what came from outside is not what was asked for (names the field)
├── NotFound                the thing named does not exist
│   ├── NoSlate             the date has no slate
│   ├── NobodyRequested     the date has a slate, and nobody on it is to be predicted
│   ├── NoSuchBatch         no batch has that id
│   └── NoSuchBackfill      no backfill has that id
├── Refused                 a rule forbids it now (names what is in the way)
├── Gone                    its records have expired
├── KeyReused               an idempotency key came again with another body
├── FenceLost               a higher fencing token has been taken: somebody else owns the date
├── PromotionAborted        an assertion inside the promotion failed; nothing was changed
├── Defect                  a fault of regen or of its deployment: no repeat mends it
│   ├── IllegalTransition   a batch cannot go from this status to that one
│   └── StatementRefused    BigQuery refuses a statement for a reason that it documents as lasting
├── InsufficientData        a player cannot be predicted from what there is (an outcome, not a fault)
└── Unavailable             a dependency does not answer; trying again can help
    ├── Conflict            somebody else wrote first; read again and decide again
    ├── RateLimited         the platform asks to slow down
    ├── Unreadable          a record that this version cannot read; a newer version, or a person, has to see to it
    ├── AccessDenied        the platform refuses this account; rights that were just granted take minutes to propagate
    └── TableMissing        BigQuery has no such table at this moment: upstream may be making it again
        └── StagingMissing  a batch's own staging table was dropped or has expired: stage afresh
"""

from __future__ import annotations

from typing import Self


class RegenError(Exception):
    """Root of all errors of regen.

    Attributes:
        dependency: the service that it came from, such as `BigQuery`; None where regen itself says it.
    """

    dependency: str | None = None

    def of(self, dependency: str) -> Self:
        """The same error, which names the service that it came from."""
        self.dependency = dependency
        return self


class InvalidInput(RegenError):
    """A value from outside is not acceptable.

    Attributes:
        field: the name of the offending field, as its sender knows it.
        expected: what would have been accepted, in words.
    """

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: expected {expected}")
        self.field = field
        self.expected = expected


class NotFound(RegenError):
    """The named thing does not exist."""


class NoSlate(NotFound):
    """The date has no slate: its tables answered, and hold nobody."""


class NobodyRequested(NotFound):
    """The date has a slate, and nobody on it is to be predicted."""


class NoSuchBatch(NotFound):
    """No batch has that id."""


class NoSuchBackfill(NotFound):
    """No backfill has that id."""


class Gone(RegenError):
    """The named thing existed; its records have expired."""


class Refused(RegenError):
    """A rule forbids the act at this moment.

    Attributes:
        batch_id: the batch that is in the way, if one is.
    """

    def __init__(self, message: str, batch_id: str | None = None) -> None:
        super().__init__(message)
        self.batch_id = batch_id


class KeyReused(RegenError):
    """The same idempotency key came with another request body."""


class Defect(RegenError):
    """A fault of regen itself or of its deployment; somebody has to mend it."""


class IllegalTransition(Defect):
    """The table of transitions has no such step."""


class FenceLost(RegenError):
    """A higher fencing token has been taken, or the round is promoted already: read what was committed, then decide.

    Attributes:
        standing: the token that holds the date, if it was read.
    """

    def __init__(self, message: str, standing: int | None = None) -> None:
        super().__init__(message)
        self.standing = standing


class PromotionAborted(RegenError):
    """An assertion inside the promotion's transaction failed; nothing was changed."""


class StatementRefused(Defect):
    """BigQuery refuses a statement for a reason that it documents as lasting: the same statement is refused again.

    Attributes:
        final: the finished job itself says so, so that nothing of it was carried out. An answer to a call about a job
            leaves open whether an earlier submission of it runs.
    """

    final = False


class InsufficientData(RegenError):
    """A player cannot be predicted from the data there is.

    Attributes:
        reason: a short machine-readable word, such as `no_history`; becomes the reason of the outcome.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Unavailable(RegenError):
    """A dependency did not answer as it should; the same call may succeed later."""


class Conflict(Unavailable):
    """A precondition failed: what was read has changed since."""


class AlreadyExists(Conflict):
    """Something was to be created that is there already."""


class RateLimited(Unavailable):
    """The platform asks to slow down."""


class AccessDenied(Unavailable):
    """The platform refuses this account. Rights that were just granted take minutes to propagate."""


class TableMissing(Unavailable):
    """BigQuery has no such table or dataset at this moment; upstream drops tables and makes them again.

    It says nothing about what the table held: a date whose slate cannot be read is no date without a slate.
    """


class StagingMissing(TableMissing):
    """A batch's staging table was dropped by a later owner, or has expired: what is still wanted is staged afresh."""


class Unreadable(Unavailable):
    """A record or message that this version cannot read: a newer version wrote it, or a person changed it by hand.

    It is left as it is and told of; another version may read it, or a person mend it.
    """
