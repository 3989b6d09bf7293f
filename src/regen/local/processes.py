"""Child processes: each has a group and a log of its own, is watched, and ends with its parent."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

TAIL_LINES = 20


class ProcessDied(Exception):
    """A process ended unexpectedly; the text has its last lines."""


class Command(Struct, frozen=True):
    """The command of a process.

    Attributes:
        env: the whole environment; nothing is inherited.
        stop_signal: the signal on which it ends quickly and cleanly.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    stop_signal: int = signal.SIGTERM


class Guard:
    """Ends its process groups when this process ends, even if it is killed."""

    def __init__(self) -> None:
        argv = [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py"))]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, start_new_session=True)
        self._lock = threading.Lock()

    def add(self, group: int) -> None:
        """End this group together with this process."""
        self._send(f"+{group}\n")

    def remove(self, group: int) -> None:
        """Forget a group that has ended."""
        self._send(f"-{group}\n")

    def close(self) -> None:
        """End the remaining groups."""
        assert self._process.stdin is not None  # noqa: S101
        with self._lock, contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.wait()

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()


class Child:
    """A started process and those that it starts.

    Attributes:
        expected: whether its end is expected.
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
        """The exit status; None while it runs."""
        return self._process.returncode if self._ended.is_set() else None

    @property
    def seconds(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self._began

    def ended_within(self, seconds: float) -> bool:
        """Wait for its end, at most this long; whether it has ended."""
        return self._ended.wait(seconds)

    def signal(self, number: int) -> None:
        """Send a signal to the whole group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def ask_to_end(self) -> None:
        """Expect its end, and signal the leader only: it ends its own children, and signals to both would interfere."""
        self.expected = True
        if self.status is None:
            self.signal(signal.SIGCONT)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, self.command.stop_signal)

    def wait(self, deadline: float) -> None:
        """Wait until `deadline` (monotonic), then kill the rest of the group."""
        self._ended.wait(max(0.0, deadline - time.monotonic()))
        self.expected = True
        self.signal(signal.SIGKILL)
        self._ended.wait()

    def report(self) -> str:
        """A text with its exit status and the last lines of its log."""
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
