"""`regen local up`: the stack in the foreground, until it is told to stop."""

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
#: What may die and be started again: it holds no data, or has it on disk, and the platform would do the same.
RESTARTABLE = frozenset({"coordinator", "worker", "verifier", "relay", "bigquery"})
#: One that ends so soon after its start, so many times in a row, will do so for ever.
MOST_EARLY_DEATHS = 5
EARLY_SECONDS = 5.0


class _Interrupted(BaseException):
    """Told to stop."""


def up(
    load: Callable[[Stack], None],
    options: Options | None = None,
    *,
    say: Callable[[str], None] = print,
) -> int:
    """Start, load, write the `env` file, and stay until a signal or a loss that cannot be mended.

    Args:
        load: fills the warehouse; called when everything answers.

    Returns:
        The exit code: 0 after a signal, 1 when the stack could not start, load or go on.
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
            _tell_urls(stack, time.monotonic() - began, say)
            load(stack)
            write_env(env_file, stack.env)
            say(f"ready after {time.monotonic() - began:.1f} s; {env_file} has the addresses; Ctrl-C stops everything")
            threading.Event().wait()
    except _Interrupted:
        if not keeper.lost:
            say("stopping")
    except (StackError, ProcessDied) as error:
        say(str(error))
        keeper.lost = True
    finally:
        with _deaf():
            if env_file:
                env_file.unlink(missing_ok=True)
            if stack:
                stack.stop()
    return 1 if keeper.lost else 0


def write_env(path: Path, env: Mapping[str, str]) -> None:
    """Write one `KEY=value` a line, all or nothing; it holds a key, so its owner alone may read it from the first moment."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    # Exclusively: a file or link that somebody else has put there in between is not written to.
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write("".join(f"{key}={value}\n" for key, value in env.items()))
    part.replace(path)


class _Keeper:
    """Reports a process that ended by itself; starts it again, or gives up when that makes no sense."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.stack: Stack | None = None
        self.lost = False
        self._say = say
        self._early: collections.Counter[str] = collections.Counter()

    def failed(self, child: Child) -> None:
        self._say(child.report())
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
            return True  # a new process that has died is reported by itself
        except StackError as error:
            self._say(str(error))
            return False
        return True


def _tell_urls(stack: Stack, seconds: float, say: Callable[[str], None]) -> None:
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
    """No signal keeps us from cleaning up."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
