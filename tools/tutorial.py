"""Runs the commands of docs/tutorial.md on a local stack of its own, and writes their outputs into the page.

tools/tutorial.py           run and write
tools/tutorial.py --check   run, and say where the page differs

The page is its own source: in a block ```console each line that begins with `$ ` is a command, and what follows it is the
output. `| head -n N` is the first N lines. Ids, moments, durations and revisions are written as constants of the same width.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pages import written_or_checked

CHECKOUT = Path(__file__).parents[1]
PAGE = CHECKOUT / "docs" / "tutorial.md"
HOME = CHECKOUT / "build" / "tutorial"
REGEN = str(Path(sys.executable).with_name("regen"))
UP_SECONDS = 900.0
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEAD = re.compile(r"^(.*?) \| head -n (\d+)$")
PASSING = re.compile(r"waiting for |\d{4}-\d\d-\d\d \w+: \d+/\d+ done|\d{4}-\d\d-\d\d: |seconds: ")
"""Lines that depend on how fast the machine is."""
ID = re.compile(r"\b((?:batch|regen)_\d{4}-\d\d-\d\d(?:_[a-z_]+)?_)([0-9a-f]{8})\b")
PREDICTION = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
"""The id of a prediction, which is derived from its batch's."""
NO_PREDICTION = "-0000-0000-0000-000000000000"
MASKS: tuple[tuple[str, str], ...] = (
    (
        r"(\d{4}-\d\d-\d\d) \d\d:\d\d:\d\d UTC \(\d\d:\d\d US Eastern, [^)]*\)",
        r"\1 17:00:00 UTC (12:00 US Eastern, 1 s ago)",
    ),
    (r"(2026-01-26)([ T])\d\d:\d\d:\d\d(\.\d+)?", r"\1\g<2>17:00:00"),
    (r"grades_agree +\d+", "grades_agree              1629"),
    (r"\b\d+ checks, all hold", "16828 checks, all hold"),
    (r"\b0\.1\.0\+[0-9a-f]{12}", "0.1.0+000000000000"),
)

Run = Callable[[list[str]], str]


def commands(text: str) -> list[tuple[list[str], int | None]]:
    """The arguments of each command of a page, and the number of lines that it shows; None for all."""
    lines = [line for block in BLOCK.findall(text) for line in block.splitlines()]
    return [_parsed(line) for line in lines if line.startswith("$ ")]


def _parsed(line: str) -> tuple[list[str], int | None]:
    found = HEAD.match(line)
    words = shlex.split(found[1] if found else line)
    if words[:2] != ["$", "regen"]:
        raise ValueError(f"expected a command of regen, got {line!r}")
    return words[2:], int(found[2]) if found else None


def filled(text: str, run: Run) -> str:
    """The page with the outputs of its commands, in their order."""
    known: dict[str, str] = {}

    def block(found: re.Match[str]) -> str:
        typed = [line for line in found[1].splitlines() if line.startswith("$ ")]
        return "```console\n" + "".join(f"{line}\n{_shown(line, run, known)}" for line in typed) + "```"

    return BLOCK.sub(block, text)


def _shown(line: str, run: Run, known: dict[str, str]) -> str:
    arguments, number = _parsed(line)
    lines = [line for line in run(arguments).splitlines() if not PASSING.match(line)]
    return "".join(f"{masked(line, known).rstrip()}\n" for line in lines[:number])


def masked(line: str, known: dict[str, str]) -> str:
    """A line of output without what differs from run to run; `known` numbers the ids."""
    for pattern, constant in MASKS:
        line = re.sub(pattern, constant, line)

    def number(word: str) -> str:
        before = sum(len(one) == len(word) for one in known)
        return known.setdefault(word, f"{before + 1:08d}")

    line = ID.sub(lambda m: m[1] + number(m[2]), line)
    return PREDICTION.sub(lambda m: number(m[0]) + NO_PREDICTION, line)


@contextmanager
def stack(home: Path) -> Iterator[Run]:
    """A local stack of its own, and what runs a command on it."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    here = {"REGEN_LOCAL_HOME": str(home / "local"), "REGEN_CONFIG": str(home / "none"), "REGEN_OPERATOR": "ann"}
    env = {**os.environ, **here, "COLUMNS": "100", "NO_COLOR": "1", "REGEN_LOCAL_EMULATORS": "off"}
    with (home / "up.out").open("w") as out:
        up = subprocess.Popen([REGEN, "local", "up"], env=env, stdout=out, stderr=out, start_new_session=True)
    try:
        deadline = time.monotonic() + UP_SECONDS
        while not (home / "local" / "env").exists():
            if up.poll() is not None or time.monotonic() > deadline:
                sys.exit((home / "up.out").read_text())
            time.sleep(0.2)
        yield lambda arguments: _output(arguments, home, env)
    finally:
        os.killpg(up.pid, signal.SIGINT)
        up.wait(timeout=60)


def _output(arguments: list[str], home: Path, env: dict[str, str]) -> str:
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run([REGEN, *arguments], cwd=home, env=env, text=True, check=False, **both)  # type: ignore[call-overload]
    return str(done.stdout)


def main() -> int:
    """1 if the page is not what its commands say."""
    text = PAGE.read_text(encoding="utf-8")
    with stack(HOME) as run:
        made = filled(text, run)
    lines = text.splitlines(), made.splitlines()
    return written_or_checked(
        sys.argv[1:],
        lambda: PAGE.write_text(made, encoding="utf-8"),
        lambda: (
            list(difflib.unified_diff(*lines, "docs/tutorial.md", "as it runs", lineterm=""))
            if "--check" in sys.argv
            else []
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
