"""What can go wrong between an operator and the system. Nothing here imports more than the language has."""

from __future__ import annotations


class OperatorError(Exception):
    """Root of these errors.

    Attributes:
        exit_code: of a command that ends with it: 1 it could not be done, 2 it was not asked for correctly.
    """

    exit_code = 1


class Misused(OperatorError):
    """What was asked for makes no sense."""

    exit_code = 2


class Unreachable(OperatorError):
    """Nobody answers, or somebody else does."""


class Problem(OperatorError):
    """The coordinator answered with an error.

    Attributes:
        field: the name of the offending field, if one is.
        batch_id: the batch that is in the way, if one is.
        retry_after: seconds after which the coordinator asks to be asked again, if it does.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        field: str | None = None,
        batch_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{title}: {detail}")
        self.retry_after = retry_after
        self.status, self.title, self.detail = status, title, detail
        self.field, self.batch_id = field, batch_id
        self.exit_code = 2 if status in {400, 413, 422} else 1
