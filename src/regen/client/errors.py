"""What can go wrong between an operator and the system. Nothing here imports more than the language has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command ends with."""

    DONE = 0
    SHORT = 1
    """It was carried out, and what came of it falls short."""
    USAGE = 2
    REFUSED = 3
    NOT_FOUND = 4
    UNREACHABLE = 5
    """Not reachable, or time ran out."""
    UNAUTHENTICATED = 6
    INTERRUPTED = 130


EXIT_CODES = "0 done, 1 fell short, 2 usage, 3 refused, 4 not found, 5 not reachable or timed out, 6 not authenticated"
_OF_STATUS: Mapping[int, ExitCode] = {
    **dict.fromkeys((400, 413, 414, 415, 422, 431), ExitCode.USAGE),
    **dict.fromkeys((405, 409, 412), ExitCode.REFUSED),
    **dict.fromkeys((404, 410), ExitCode.NOT_FOUND),
    **dict.fromkeys((408, 429), ExitCode.UNREACHABLE),
    **dict.fromkeys((401, 403), ExitCode.UNAUTHENTICATED),
}


def code_of_status(status: int) -> ExitCode:
    """The exit code of a command that an HTTP status ends."""
    return _OF_STATUS.get(status, ExitCode.UNREACHABLE if status >= 500 else ExitCode.SHORT)


class OperatorError(Exception):
    """Root of these errors.

    Attributes:
        exit_code: of a command that ends with it.
        lines: what it says, line by line; the breaks are regen's own, those of a text that it quotes are not.
        title: what went wrong in general, for programs.
        next: what to type next; empty where that follows from the kind of error.
    """

    exit_code: int = ExitCode.SHORT
    title = "It could not be done"

    def __init__(self, message: str = "", next_: str = "", further: Sequence[str] = ()) -> None:
        self.lines = (message, *further)
        super().__init__("\n".join(self.lines))
        self.next = next_

    def record(self) -> dict[str, object]:
        """The error as JSON has it."""
        return {"title": self.title, "detail": str(self)}


class Misused(OperatorError):
    """What was asked for makes no sense."""

    exit_code = ExitCode.USAGE
    title = "Wrong usage"


class FellShort(OperatorError):
    """It was done, and what came of it is not what was asked for. The data that shows it has been printed already."""

    title = "Fell short"


class NothingFound(OperatorError):
    """What was named does not exist."""

    exit_code = ExitCode.NOT_FOUND
    title = "Not found"


class Declined(OperatorError):
    """The person who was asked said no."""

    exit_code = ExitCode.REFUSED
    title = "Declined"


class Interrupted(OperatorError):
    """The person pressed Ctrl-C; what was begun goes on."""

    exit_code = ExitCode.INTERRUPTED
    title = "Interrupted"


class Unreachable(OperatorError):
    """Nothing answers, or another service does."""

    exit_code = ExitCode.UNREACHABLE
    title = "Not reachable"


class NotPromised(OperatorError):
    """The coordinator's answer is not what this version reads: it is of another release."""

    exit_code = ExitCode.UNREACHABLE
    title = "Unreadable answer"


class Fault(OperatorError):
    """Something that regen did not foresee."""

    title = "A fault of regen"


class Unauthorised(OperatorError):
    """This machine has no credentials for what is to be read."""

    exit_code = ExitCode.UNAUTHENTICATED
    title = "Not authenticated"


class Problem(OperatorError):
    """The coordinator answered with an error.

    Attributes:
        field: the name of the offending field, if one is.
        batch_id: the batch that is in the way, if one is.
        retry_after: seconds after which the coordinator asks to be asked again, if it does.
        content: the answer as it came, if it was a problem document.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        field: str | None = None,
        batch_id: str | None = None,
        retry_after: float | None = None,
        content: Mapping[str, object] | None = None,
    ) -> None:
        repeats = detail.casefold().startswith(title.casefold())
        super().__init__(detail if repeats else f"{title}: {detail}")
        self.retry_after = retry_after
        self.status, self.title, self.detail = status, title, detail
        self.field, self.batch_id = field, batch_id
        self.content = dict(content or {})
        self.exit_code = code_of_status(status)

    def record(self) -> dict[str, object]:
        """The answer of the coordinator."""
        return {"status": self.status, "title": self.title, "detail": self.detail, **self.content}
