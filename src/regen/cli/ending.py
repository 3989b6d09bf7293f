"""How a command ends without success: what is wrong, and what to type next."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import typer

from regen.cli.output import Output, as_text
from regen.client.errors import ExitCode, Fault, Interrupted, Misused, OperatorError, Problem
from regen.domain import errors as domain
from regen.domain.texts import visible

MOST_PLACES = 20
"""So many of the places that led to a fault are named, the last ones."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_CODES: tuple[tuple[type[domain.RegenError], ExitCode], ...] = (
    (domain.InvalidInput, ExitCode.USAGE),
    (domain.KeyReused, ExitCode.USAGE),
    (domain.NotFound, ExitCode.NOT_FOUND),
    (domain.Gone, ExitCode.NOT_FOUND),
    (domain.Refused, ExitCode.REFUSED),
    (domain.AccessDenied, ExitCode.UNAUTHENTICATED),
    (domain.Unavailable, ExitCode.UNREACHABLE),
)


class reported:  # noqa: N801 - used like a function
    """Ends a command that fails with a sentence on stderr, the next command, and its exit code."""

    def __init__(self, out: Output, command: str) -> None:
        self._out, self._command = out, command

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Say it, if it is one of ours; anything else is a fault, and goes on."""
        if isinstance(error, KeyboardInterrupt):
            error = Interrupted("interrupted")
        if isinstance(error, OperatorError | domain.RegenError):
            told(self._out.json, error, self._command)
            raise typer.Exit(code_of(error)) from None


def code_of(error: Exception) -> int:
    """The exit code of a command that an error ends."""
    if isinstance(error, OperatorError):
        return int(error.exit_code)
    return int(next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.SHORT))


def told(as_json: bool, error: Exception, command: str) -> None:
    """Write the end of a command to stderr: in words, or as a problem document in the last line."""
    then = next_of(error, command)
    if as_json:
        known = error.record() if isinstance(error, OperatorError) else {"title": _title(error), "detail": str(error)}
        _write(as_text({**known, "exit_code": code_of(error), "next": then}))
        return
    first, *further = error.lines if isinstance(error, OperatorError) else (str(error),)
    if first:
        _write(f"{'' if isinstance(error, Interrupted) else 'error: '}{first}")
    for line in further:
        _write(line)
    if then:
        _write(f"next: {then}")


def next_of(error: Exception, command: str) -> str:
    """What to type after an error, filled in."""
    if isinstance(error, OperatorError) and error.next:
        return error.next
    if isinstance(error, Interrupted):
        return ""
    if isinstance(error, Problem):
        return _after_problem(error, command)
    code = code_of(error)
    if isinstance(error, Misused) or code == ExitCode.USAGE:
        return f"regen {command} --help".replace("  ", " ")
    return "regen doctor --deployed" if code == ExitCode.UNAUTHENTICATED else "regen doctor"


def _after_problem(problem: Problem, command: str) -> str:
    days = _DATE.findall(problem.detail)
    kind = str(problem.content.get("type", "")).rpartition(":")[2]
    match problem.exit_code:
        case ExitCode.USAGE:
            return f"regen {command} --help"
        case ExitCode.REFUSED if problem.batch_id:
            return f"regen status {problem.batch_id}"
        case ExitCode.NOT_FOUND if kind in {"no-slate", "nobody-requested"} and days:
            return f"regen slate {days[0]} --all"
        case ExitCode.NOT_FOUND if days:
            return f"regen status --date {days[0]}"
        case ExitCode.REFUSED | ExitCode.NOT_FOUND:
            return "regen status"
    return "regen doctor"


def _title(error: Exception) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", " ", type(error).__name__).capitalize()


def _write(text: str) -> None:
    sys.stderr.write(f"{visible(text)}\n")
    sys.stderr.flush()


def unexpected(error: Exception, *, as_json: bool, verbose: bool) -> int:
    """End a command that something unforeseen ends, in one sentence; the exit code.

    What the error says is not written, nor are the values of its trace: the key may be among them.
    """
    import traceback  # noqa: PLC0415 - only where something is wrong

    places = [
        f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__, limit=-MOST_PLACES)
    ]
    further = [f"  {place}" for place in places] if verbose else []
    hint = "" if verbose else "; --verbose says where"
    told(as_json, Fault(f"a fault of regen: {type(error).__name__}{hint}", "regen doctor", further), "")
    return int(Fault.exit_code)


def json_wanted(arguments: Any) -> bool:  # noqa: ANN401 - what click was given
    """Whether a command line that could not be read asks for JSON."""
    return "--json" in list(arguments if arguments is not None else sys.argv[1:])
