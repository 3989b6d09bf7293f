"""The errors of regen: one root, names that state the fact, and whether trying again can help.

RegenError
├── InvalidInput            what came from outside is not what was asked for (names the field)
├── NotFound                the thing named does not exist
├── Refused                 a rule forbids it now (names what is in the way)
├── IllegalTransition       a batch cannot go from this status to that one
├── Gone                    its records have expired
├── KeyReused               an idempotency key came again with another body
├── FenceLost               a higher fencing token has been taken: somebody else owns the date
├── PromotionAborted        an assertion inside the promotion failed; nothing was changed
├── InsufficientData        a player cannot be predicted from what there is (an outcome, not a fault)
└── Unavailable             a dependency does not answer; trying again can help
    ├── Conflict            somebody else wrote first; read again and decide again
    └── RateLimited         the platform asks to slow down
"""

from __future__ import annotations


class RegenError(Exception):
    """Root of all errors of regen."""

    retryable = False


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


class IllegalTransition(RegenError):
    """The table of transitions has no such step."""


class FenceLost(RegenError):
    """A higher fencing token has been taken, or the round is promoted already: read what was committed, then decide."""


class PromotionAborted(RegenError):
    """An assertion inside the promotion's transaction failed; nothing was changed."""


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

    retryable = True


class Conflict(Unavailable):
    """A precondition failed: what was read has changed since."""


class AlreadyExists(Conflict):
    """Something was to be created that is there already."""


class RateLimited(Unavailable):
    """The platform asks to slow down."""
