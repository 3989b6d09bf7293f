"""`regen local up`: the stack in the foreground, until a signal arrives."""

from __future__ import annotations

import collections
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType

from regen.local.plan import Options
from regen.local.processes import Child, ProcessDied
from regen.local.stack import Stack, StackError, StackStopping

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Parts that may be restarted: they hold no data, or have it on disk. The platform restarts functions, too.
RESTARTABLE = frozenset({"coordinator", "worker", "verifier", "relay", "bigquery"})
#: A part is given up after this many early deaths in a row.
MOST_EARLY_DEATHS = 5
EARLY_SECONDS = 5.0


class _Interrupted(BaseException):
    """A signal to stop arrived."""


def up(
    load: Callable[[Stack], None],
    options: Options | None = None,
    *,
    say: Callable[[str], None] = print,
) -> int:
    """Start, load, write the `env` file, and run until a signal or a lasting failure.

    Args:
        load: fills the warehouse; called when every part answers.

    Returns:
        The exit code: 0 after a signal, 1 if the stack could not start, load or continue.
    """
    keeper = _Keeper(say)
    stack: Stack | None = None
    env_file: Path | None = None
    try:
        with _interruptible():
            stack = Stack(options, say=say, on_failure=keeper.failed)
            keeper.stack = stack
            began = time.monotonic()
            stack.start()
            env_file = stack.options.home / "env"
            _print_urls(stack, time.monotonic() - began, say)
            load(stack)
            write_env(env_file, stack.env)
            say(f"ready after {time.monotonic() - began:.1f} s; {env_file} has the addresses; Ctrl-C stops everything")
            threading.Event().wait()
    except _Interrupted:
        if not keeper.lost:
            say("stopping")
    except (StackError, ProcessDied) as error:
        _say_lines(str(error), say)
        keeper.lost = True
    finally:
        with _deaf():
            if env_file:
                env_file.unlink(missing_ok=True)
            if stack:
                stack.stop()
    return 1 if keeper.lost else 0


def write_env(path: Path, env: Mapping[str, str]) -> None:
    """Write one `KEY=value` per line, atomically. It holds a key, so from the start only its owner may read the file."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    # Exclusively: do not write to a file or link that another process has created in between.
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write("".join(f"{key}={value}\n" for key, value in env.items()))
    part.replace(path)


class _Keeper:
    """Reports a process that ended unexpectedly, and restarts it or gives up."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.stack: Stack | None = None
        self.lost = False
        self._say = say
        self._early: collections.Counter[str] = collections.Counter()

    def failed(self, child: Child) -> None:
        _say_lines(child.report(), self._say)
        if not self._start_again(child):
            self.lost = True
            os.kill(os.getpid(), signal.SIGINT)

    def _start_again(self, child: Child) -> bool:
        name = child.command.name
        self._early[name] = self._early[name] + 1 if child.seconds < EARLY_SECONDS else 0
        if not (self.stack and self.stack.started and name in RESTARTABLE and self._early[name] < MOST_EARLY_DEATHS):
            return False
        self._say(f"starting {name} again")
        try:
            self.stack.restart(name)
        except (StackStopping, ProcessDied):
            return True  # the death of the new process is reported separately
        except StackError as error:
            _say_lines(str(error), self._say)
            return False
        return True


def _say_lines(text: str, say: Callable[[str], None]) -> None:
    """A text with the end of a log, line by line."""
    for line in text.splitlines():
        say(line)


def _print_urls(stack: Stack, seconds: float, say: Callable[[str], None]) -> None:
    say(f"everything answers after {seconds:.1f} s")
    for name, value in stack.env.items():
        say(f"  {name}={value}")


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Turn the first signal into an exception."""
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        if not stopping.is_set():
            stopping.set()
            raise _Interrupted

    before = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if stopping.is_set() else handler)


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Ignore signals during cleaning up."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
