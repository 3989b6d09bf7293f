"""The errors of regen, under one root. Only `Unavailable` can be cured by trying again.

RegenError
├── InvalidInput            a value from outside is not acceptable (names the field)
├── NotFound                the thing named does not exist
│   ├── NoSlate             the date has no slate
│   ├── NobodyRequested     the date has a slate, but no player on it is to be predicted
│   │   └── NobodyMissing   every player who is expected has current predictions
│   ├── NoSuchBatch         no batch has that id
│   └── NoSuchBackfill      no backfill has that id
├── Refused                 a rule forbids the act now (names the batch that is in the way)
├── Gone                    the records of the thing named have expired
├── KeyReused               an idempotency key came again with another body
├── FenceLost               a higher fencing token has been taken: another process owns the date
├── PromotionAborted        an assertion inside the promotion failed; nothing was changed
├── Defect                  a fault of regen or of its deployment: retrying cannot cure it
│   ├── IllegalTransition   a batch cannot go from this status to that one
│   └── StatementRefused    BigQuery refuses a statement for a reason that it documents as lasting
├── InsufficientData        a player cannot be predicted from what there is (an outcome, not a fault)
└── Unavailable             a dependency does not answer; trying again can help
    ├── Conflict            another process wrote first; read again and decide again
    ├── RateLimited         the platform asks to slow down
    ├── Unreadable          a record that this version cannot read; a newer version may, or an operator must repair it
    ├── AlertRefused        the webhook does not take an alert, and will not until its address or format is mended
    ├── AccessDenied        the platform refuses this account; rights that were just granted take minutes to propagate
    └── TableMissing        BigQuery has no such table at this moment: upstream may be rebuilding it
        └── StagingMissing  a batch's own staging table was dropped or has expired: stage again
"""

from __future__ import annotations

from typing import Self


class RegenError(Exception):
    """Root of all errors of regen.

    Attributes:
        dependency: the service that raised it, such as `BigQuery`; None if regen itself did.
    """

    dependency: str | None = None

    def of(self, dependency: str) -> Self:
        """The same error with the service that raised it."""
        self.dependency = dependency
        return self


class InvalidInput(RegenError):
    """A value from outside is not acceptable.

    Attributes:
        field: the name of the offending field, as its sender knows it.
        expected: a description of the acceptable values.
    """

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: expected {expected}")
        self.field = field
        self.expected = expected


class NotFound(RegenError):
    """The named thing does not exist."""


class NoSlate(NotFound):
    """The date has no slate: its tables can be read and list no player."""


class NobodyRequested(NotFound):
    """The date has a slate, but no player on it is to be predicted."""


class NobodyMissing(NobodyRequested):
    """Every player who is expected has current predictions: what was asked for is there."""


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
    """A fault of regen itself or of its deployment; a developer or an operator must fix it."""


class IllegalTransition(Defect):
    """The table of transitions has no such step."""


class FenceLost(RegenError):
    """A higher fencing token has been taken, or the round is promoted already: read what was committed, then decide.

    Attributes:
        standing: the token that now holds the date; None if it was not read.
    """

    def __init__(self, message: str, standing: int | None = None) -> None:
        super().__init__(message)
        self.standing = standing


class PromotionAborted(RegenError):
    """An assertion inside the promotion's transaction failed; nothing was changed."""


class StatementRefused(Defect):
    """BigQuery refuses a statement for a reason that it documents as lasting: the same statement is refused again.

    Attributes:
        final: whether the finished job itself reports the refusal, so that it changed nothing. If only a call about
            the job was refused, an earlier submission of the job may still run.
    """

    final = False


class InsufficientData(RegenError):
    """A player cannot be predicted from the data there is.

    Attributes:
        reason: a short code, such as `no_history`; becomes the reason of the outcome.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Unavailable(RegenError):
    """A dependency did not answer as it should; the same call may succeed later."""


class ModelUnavailable(Unavailable):
    """A model is not in the store, is not what its hash says, or cannot be run here. It may be published again.

    Attributes:
        model: its hash, if it is known which.
    """

    def __init__(self, message: str, model: str | None = None) -> None:
        super().__init__(message)
        self.model = model


class Conflict(Unavailable):
    """A precondition failed: what was read has changed since."""


class AlreadyExists(Conflict):
    """The document, table or topic to be created exists already."""


class RateLimited(Unavailable):
    """The platform asks to slow down."""


class AlertRefused(Unavailable):
    """The webhook does not take an alert, and will not until its address or format is mended."""


class AccessDenied(Unavailable):
    """The platform refuses this account. Rights that were just granted take minutes to propagate."""


class TableMissing(Unavailable):
    """BigQuery has no such table or dataset at this moment; upstream drops and rebuilds tables.

    It does not mean that the table was empty: a date whose slate cannot be read may well have a slate.
    """


class StagingMissing(TableMissing):
    """A batch's staging table was dropped by a later owner, or has expired; an unfinished promotion stages again."""


class Unreadable(Unavailable):
    """A record or message that this version cannot read: a newer version wrote it, or a person changed it by hand.

    The reader reports it and leaves it unchanged: another version may read it, or an operator may repair it.
    """

    dependency = "Firestore"
