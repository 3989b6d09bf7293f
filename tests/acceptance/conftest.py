"""A local stack, started by the command line and used by all tests here, and the command line itself.

Each test has dates of its own, so that none depends on another.
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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psutil
import pytest

from regen.cli.settings import read_env
from regen.client.http import Coordinator
from regen.client.reader import Reader
from support.polling import wait_until

REGEN = str(Path(sys.executable).with_name("regen"))
#: On a fresh checkout the emulator's environment is installed first.
UP_SECONDS = 300.0
STOP_SECONDS = 10.0
FIRST_DATE = "2025-11-20"
"""Games before this date are left out: that makes the start short, and leaves a history to predict from."""


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """One process runs all that share a stack. The faults have theirs; in the long run, one for each module."""
    here, long = Path(__file__).parent, config.getoption("markexpr") == "long"
    for item in items:
        if here in item.path.parents:
            faults = item.path.stem if long else "faults"
            item.add_marker(pytest.mark.stack)
            item.add_marker(pytest.mark.xdist_group(faults if item.path.parent.name == "faults" else "stack"))


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of somebody who has set nothing but where the local stack is."""
    named = ("COORDINATOR_URL", "WORKER_URL", "VERIFIER_URL", "API_KEY", "PROJECT_ID", "GOOGLE_APPLICATION_CREDENTIALS")
    dropped = {name for name in os.environ if name in named or name.endswith("_EMULATOR_HOST")}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in dropped and not name.startswith("REGEN_PROFILE")
    }
    return {**kept, "REGEN_LOCAL_HOME": str(home), "REGEN_CONFIG": str(home / "no-profiles"), **more}


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What it said as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Local:
    """The running stack.

    Attributes:
        env: its `env` file.
    """

    home: Path
    env: dict[str, str]

    def regen(self, *arguments: str, code: int | None = 0, timeout: float = 120) -> Ended:
        """Type a command; its exit code is checked unless it is None."""
        done = subprocess.run(
            [REGEN, *arguments],
            env=clean_environment(self.home),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert code is None or done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return Ended(done.returncode, done.stdout, done.stderr)

    @property
    def coordinator(self) -> Coordinator:
        """Its coordinator."""
        return Coordinator(self.env["COORDINATOR_URL"], self.env["API_KEY"])

    @property
    def reader(self) -> Reader:
        """Its warehouse."""
        return Reader(self.env["PROJECT_ID"], self.env["BIGQUERY_EMULATOR_HOST"])

    def current(self, day: str) -> dict[str, tuple[str, float]]:
        """The current predictions of a date: id -> player and points."""
        rows = self.reader.query(
            "SELECT prediction_id, player_lookup, predicted_points FROM {player_prop_predictions} "
            "WHERE game_date = @day AND (superseded IS NULL OR superseded = FALSE)",
            day=date.fromisoformat(day),
        )
        return {row["prediction_id"]: (row["player_lookup"], row["predicted_points"]) for row in rows}


@dataclass
class Up:
    """A `regen local up` in a process group of its own."""

    process: subprocess.Popen[str]
    home: Path

    @classmethod
    def start(cls, home: Path, *arguments: str) -> Up:
        """Start it and wait for its `env` file."""
        home.mkdir()
        with (home.parent / f"{home.name}.out").open("w") as out:
            process = subprocess.Popen(
                [REGEN, "local", "up", *arguments],
                env=clean_environment(home),
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - it only asks the kernel
            )
        up = cls(process, home)
        try:
            wait_until(lambda: up.ended() or (home / "env").exists(), UP_SECONDS, "the env file")
            assert not up.ended(), f"regen local up ended with {process.returncode}:\n{up.output()}"
        except BaseException:
            up.stop()
            raise
        return up

    def ended(self) -> bool:
        """Whether it is over."""
        return self.process.poll() is not None

    def output(self) -> str:
        """What it has said."""
        return (self.home.parent / f"{self.home.name}.out").read_text()

    def kill(self, name: str) -> None:
        """SIGKILL a function, with all its processes; wait until it runs again."""
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
        """Ctrl-C ends all of it, in time."""
        if not self.ended():
            children = psutil.Process(self.process.pid).children(recursive=True)
            os.killpg(self.process.pid, signal.SIGINT)
            deadline = time.monotonic() + STOP_SECONDS
            assert self.process.wait(timeout=STOP_SECONDS) == 0
            wait_until(lambda: not any(map(_runs, children)), deadline - time.monotonic(), "the end of all children")
            assert not (self.home / "env").exists()


@pytest.fixture(scope="session")
def league(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample league as files, its last weeks only, with a column that nobody knows."""
    folder = tmp_path_factory.mktemp("acceptance") / "league"
    whole = folder.with_name("whole-league")
    subprocess.run([REGEN, "league", "generate", str(whole)], check=True, capture_output=True, timeout=120)
    folder.mkdir()
    for name in ("player_game_logs", "prop_lines", "shot_zones", "injury_reports"):
        head, *rows = (whole / f"{name}.csv").read_text().splitlines()
        where = head.split(",").index("game_date")
        kept = [f"{row},x" for row in rows if row.split(",")[where] >= FIRST_DATE]
        (folder / f"{name}.csv").write_text("\n".join([f"{head},surprise", *kept]) + "\n")
    return folder


@pytest.fixture(scope="session")
def up(league: Path) -> Iterator[Up]:
    """The stack as `regen local up` starts it; where the emulators are missing, in one process."""
    started = Up.start(league.with_name("local"), "--data", str(league))
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="session")
def local(up: Up) -> Local:
    """How to talk to it."""
    return Local(up.home, read_env(up.home / "env"))


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _end_with_parent() -> None:
    """A stack does not outlive a test run that is killed (Linux; elsewhere it does)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGINT)
