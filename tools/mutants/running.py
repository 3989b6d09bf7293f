"""Runs tests on a copy of the checkout that has one mistake in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mutants.catalogue import ROOT, Mutation

NAMED_SECONDS = 900.0
SUITE_SECONDS = 1200.0
SUITE = ("tests",)
"""What a mistake has to pass that the tests named for it did not see."""
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


class TestsDidNotRun(RuntimeError):
    """pytest ended with something else than passed or failed tests; the message has the end of its output."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one mistake.

    Attributes:
        by: the first test that turned red; None if none did.
        named: whether it was one of the tests that the catalogue names.
    """

    mutation: Mutation
    by: str | None
    named: bool


def each_once(tests: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    """The runs that between them have every test once: each file by itself, but for runs that choose among their tests."""
    runs: dict[tuple[str, ...], None] = {}
    for arguments in tests:
        whole = not any(argument.startswith("-") for argument in arguments)
        runs.update(dict.fromkeys(((one,) for one in arguments) if whole else [tuple(arguments)]))
    return list(runs)


class Copy:
    """A copy of the tracked files, with the environment and the builds of the checkout."""

    def __init__(self, home: Path) -> None:
        """Make it anew in `home`."""
        self.home = home
        shutil.rmtree(home, ignore_errors=True)
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, check=True, capture_output=True,
        ).stdout  # fmt: skip
        for name in filter(None, listed.decode().split("\0")):
            if (ROOT / name).is_file():
                (home / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, home / name)
        (home / "build").symlink_to(ROOT / "build")
        (home / ".venv").symlink_to(ROOT / ".venv")

    def judge(self, mutation: Mutation, *, suite: bool = True) -> Verdict:
        """Put the mistake in, run the tests named, then all others if those saw nothing; take it out again.

        Args:
            suite: whether all others are run.

        Raises:
            TestsDidNotRun: see there.
        """
        path = self.home / mutation.file
        sound = path.read_text(encoding="utf-8")
        path.write_text(mutation.applied(self.home), encoding="utf-8")
        try:
            if by := self.first_failure(mutation.tests, NAMED_SECONDS):
                return Verdict(mutation, by, named=True)
            if mutation.survives or not suite:
                return Verdict(mutation, None, named=False)
            return Verdict(mutation, self.first_failure(SUITE, SUITE_SECONDS), named=False)
        finally:
            path.write_text(sound, encoding="utf-8")

    def first_failure(self, arguments: Sequence[str], seconds: float) -> str | None:
        """The first test that fails, or None if all pass. One that hangs for `seconds` fails."""
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
            "-m",
            "not long and not browser",
            *arguments,
        ]
        paths = os.pathsep.join(str(self.home / name) for name in ("src", "tests", "tools"))
        env = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                command, cwd=self.home, env=env, capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return f"a test that hung for {seconds:.0f} s"
        if done.returncode == 0:
            return None
        failed = _FAILED.search(done.stdout)
        if done.returncode != 1 or failed is None:
            raise TestsDidNotRun(f"{' '.join(arguments)}: pytest ended with {done.returncode}\n{done.stdout[-2000:]}")
        return failed[1]
