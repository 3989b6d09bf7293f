"""A local stack that the command line starts for all tests here, and the command line itself.

Each test uses its own dates, so that no test depends on another.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psutil
import pytest

from regen.cli.settings import read_env
from regen.client.coordinator import Coordinator
from regen.client.reader import Reader
from support.polling import wait_until

REGEN = str(Path(sys.executable).with_name("regen"))
#: On a fresh checkout the emulator's environment is installed first.
UP_SECONDS = 300.0
STOP_SECONDS = 10.0
AUDIT_SECONDS = 30.0
FIRST_DATE, FIRST_OF_SHORT = "2025-11-20", "2025-12-18"
"""The tests omit games before this date. The start is then short, and enough history is left to predict from.
No test of the short run is about a date before 2026-01-11."""


_HERE = Path(__file__).parent
SHARED = "stack"
"""The group of tests that share one stack."""


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """Run all tests that share a stack in one process. The fault tests have their own stack; in the long run, one a module."""
    long = config.getoption("markexpr") == "long"
    for item in items:
        if _HERE in item.path.parents:
            faults = item.path.stem if long else "faults"
            item.add_marker(pytest.mark.stack)
            item.add_marker(pytest.mark.xdist_group(faults if item.path.parent.name == "faults" else SHARED))


_ENDINGS: list[Callable[[], None]] = []
"""Ends the stack that all tests here share, once it runs."""


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """End the shared stack after its last test: it would go on sweeping beside all other tests.

    A worker runs its group in the order of collection, in which modules of other folders stand between those of this one.
    """
    rest = item.session.items[item.session.items.index(item) + 1 :]
    if not any(map(_shares, rest)):
        while _ENDINGS:
            _ENDINGS.pop()()


def _shares(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("xdist_group")
    return marker is not None and marker.args == (SHARED,) and _HERE in item.path.parents


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a user who has set only the local stack's folder."""
    named = ("COORDINATOR_URL", "WORKER_URL", "VERIFIER_URL", "API_KEY", "PROJECT_ID", "GOOGLE_APPLICATION_CREDENTIALS")
    dropped = {name for name in os.environ if name in named or name.endswith("_EMULATOR_HOST")}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in dropped and not name.startswith("REGEN_PROFILE")
    }
    return {**kept, "REGEN_LOCAL_HOME": str(home), "REGEN_CONFIG": str(home / "no-profiles"), **more}


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command returned and printed."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Its standard output, decoded from JSON."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Local:
    """The running stack.

    Attributes:
        env: the variables of its `env` file.
    """

    home: Path
    env: dict[str, str]

    def regen(self, *arguments: str, code: int | None = 0, timeout: float = 120) -> CommandResult:
        """Run a command and check its exit code; `code=None` accepts any."""
        done = subprocess.run(
            [REGEN, *arguments],
            env=clean_environment(self.home),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert code is None or done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return CommandResult(done.returncode, done.stdout, done.stderr)

    @property
    def coordinator(self) -> Coordinator:
        """A client of its coordinator."""
        return Coordinator(self.env["COORDINATOR_URL"], self.env["API_KEY"])

    @property
    def reader(self) -> Reader:
        """A reader of its warehouse."""
        return Reader(self.env["PROJECT_ID"], self.env["BIGQUERY_EMULATOR_HOST"])

    def current(self, day: str) -> dict[str, tuple[str, float]]:
        """The current predictions of a date: id -> player and points."""
        rows = self.reader.query(
            "SELECT prediction_id, player_lookup, predicted_points FROM {player_prop_predictions} "
            "WHERE game_date = @day AND (superseded IS NULL OR superseded = FALSE)",
            day=date.fromisoformat(day),
        )
        return {row["prediction_id"]: (row["player_lookup"], row["predicted_points"]) for row in rows}

    def audited(self, about: str, *events: str) -> list[dict[str, Any]]:
        """Wait until a date's or batch's audit has exactly these events, and return its rows.

        Only a promotion's and a rollback's row commit with their act; the others come by the outbox, after `--wait` has ended.
        """
        rows: list[dict[str, Any]] = []

        def all_there() -> bool:
            rows[:] = self.regen("audit", about, "--json").data
            return [row["event"] for row in rows] == [*events]

        wait_until(all_there, AUDIT_SECONDS, f"{events} in the audit of {about}")
        return rows


@dataclass
class Up:
    """A `regen local up` in a separate process group."""

    process: subprocess.Popen[str]
    home: Path

    @classmethod
    def start(
        cls, home: Path, *arguments: str, command: Sequence[str] = ("local", "up"), local: Path | None = None
    ) -> Up:
        """Start it and wait for its `env` file.

        Args:
            home: the stack's folder.
            arguments: of the command.
            command: what starts the stack.
            local: the folder of the local stack, where the command's own stack is in another one.
        """
        home.mkdir()
        with (home.parent / f"{home.name}.out").open("w") as out:
            process = subprocess.Popen(
                [REGEN, *command, *arguments],
                env=clean_environment(local or home),
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - it only asks the kernel
            )
        up = cls(process, home)
        try:
            wait_until(lambda: up.ended() or (home / "env").exists(), UP_SECONDS, "the env file")
            assert not up.ended(), f"regen {' '.join(command)} ended with {process.returncode}:\n{up.output()}"
        except BaseException:
            up.stop()
            raise
        return up

    def ended(self) -> bool:
        """Return whether the command has ended."""
        return self.process.poll() is not None

    def output(self) -> str:
        """What the command has printed so far."""
        return (self.home.parent / f"{self.home.name}.out").read_text()

    def kill(self, name: str) -> None:
        """Send SIGKILL to all processes of a function, and wait until the stack has restarted it."""
        old = self._function(name)
        assert old
        os.killpg(os.getpgid(old.pid), signal.SIGKILL)
        wait_until(lambda: (new := self._function(name)) and new.pid != old.pid, 30, f"another {name}")

    def _function(self, name: str) -> psutil.Process | None:
        source = f"functions/{name}/main.py"
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if any(word.endswith(source) for word in child.cmdline()):
                    return child
        return None

    def stop(self) -> None:
        """Send Ctrl-C, and check that all processes end within the time limit."""
        if not self.ended():
            children = psutil.Process(self.process.pid).children(recursive=True)
            os.killpg(self.process.pid, signal.SIGINT)
            deadline = time.monotonic() + STOP_SECONDS
            assert self.process.wait(timeout=STOP_SECONDS) == 0
            wait_until(lambda: not any(map(_runs, children)), deadline - time.monotonic(), "the end of all children")
            assert not (self.home / "env").exists()


@pytest.fixture(scope="session")
def league(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The last weeks of the sample league as CSV files, with an unknown column."""
    first = FIRST_OF_SHORT if "not long" in request.config.getoption("markexpr") else FIRST_DATE
    folder = tmp_path_factory.mktemp("acceptance") / "league"
    whole = folder.with_name("whole-league")
    subprocess.run([REGEN, "league", "generate", str(whole)], check=True, capture_output=True, timeout=120)
    folder.mkdir()
    for name in ("player_game_logs", "prop_lines", "shot_zones", "injury_reports"):
        head, *rows = (whole / f"{name}.csv").read_text().splitlines()
        where = head.split(",").index("game_date")
        kept = [f"{row},x" for row in rows if row.split(",")[where] >= first]
        (folder / f"{name}.csv").write_text("\n".join([f"{head},surprise", *kept]) + "\n")
    return folder


@pytest.fixture(scope="session")
def up(league: Path) -> Iterator[Up]:
    """The stack as `regen local up` starts it; without emulators it is one process."""
    started = Up.start(league.with_name("local"), "--data", str(league))
    _ENDINGS.append(started.stop)
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="session")
def local(up: Up) -> Local:
    """The running stack and its command line."""
    return Local(up.home, read_env(up.home / "env"))


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _end_with_parent() -> None:
    """End the stack when its test run is killed (on Linux only)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGINT)
