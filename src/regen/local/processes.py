"""Child processes that are never lost: each in a group of its own, with a log, watched, and ended with their parent."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TAIL_LINES = 20


class ProcessDied(Exception):
    """A process ended that should not have; the text carries its last lines."""


@dataclass(frozen=True, slots=True)
class Command:
    """How to start a process.

    Attributes:
        env: the whole environment; nothing is inherited.
        stop_signal: what makes it end quickly and cleanly.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    stop_signal: int = signal.SIGTERM


class Guard:
    """Sees to it that the groups it knows end when this process does, however it does."""

    def __init__(self) -> None:
        argv = [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py"))]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, start_new_session=True)
        self._lock = threading.Lock()

    def add(self, group: int) -> None:
        """End this group when the time comes."""
        self._tell(f"+{group}\n")

    def remove(self, group: int) -> None:
        """This group has ended."""
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """End what is left."""
        assert self._process.stdin is not None  # noqa: S101
        with self._lock, contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()


class Child:
    """A started process and those that it starts.

    Attributes:
        expected: whether it may end.
    """

    def __init__(
        self, command: Command, log: Path, guard: Guard, on_end: Callable[[Child], None], *, expected: bool = False
    ) -> None:
        self.command, self.log = command, log
        self.expected = expected
        self._guard, self._on_end = guard, on_end
        self._began = time.monotonic()
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command.argv,
                env=dict(command.env),
                cwd=command.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        guard.add(self._process.pid)
        self._ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def pid(self) -> int:
        """Its process id, which is also its group's."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.returncode if self._ended.is_set() else None

    @property
    def seconds(self) -> float:
        """Since it was started."""
        return time.monotonic() - self._began

    def ended_within(self, seconds: float) -> bool:
        """Wait that long at most for its end."""
        return self._ended.wait(seconds)

    def signal(self, number: int) -> None:
        """Send a signal to the whole group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def ask_to_end(self) -> None:
        """Its end is expected from here on. The leader ends its own: it and they told at once get in each other's way."""
        self.expected = True
        if self.status is None:
            self.signal(signal.SIGCONT)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, self.command.stop_signal)

    def wait(self, deadline: float) -> None:
        """Wait until `deadline` (monotonic), then kill what is left of the group."""
        self._ended.wait(max(0.0, deadline - time.monotonic()))
        self.expected = True
        self.signal(signal.SIGKILL)
        self._ended.wait()

    def report(self) -> str:
        """How it ended, and the last lines of its log."""
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        how = f"ended with status {self._process.returncode}"
        if self._process.returncode < 0:
            how = f"was ended by {signal.Signals(-self._process.returncode).name}"
        return "\n".join([f"{self.command.name} {how}; the end of {self.log}:", *(f"    {line}" for line in lines)])

    def _watch(self) -> None:
        self._process.wait()
        self._guard.remove(self.pid)
        self._ended.set()
        self._on_end(self)
