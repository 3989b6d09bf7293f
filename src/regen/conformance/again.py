"""The same answers, asked in a process of its own: `python -m regen.conformance.again EXTERNAL,... NAME,... NAME=HASH,... FOLDER`."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from regen.conformance.running import answers, as_text
from regen.systems import admit, prepare

PATIENCE_SECONDS = 120.0


class Elsewhere(Struct, frozen=True):
    """What another process says.

    Attributes:
        answers: by system and case, as text.
        start_ms: processor time that the systems of other packages took to load.
        onnx_ms: the same of the models as ONNX.
        onnx_mb: memory that these took at most, in megabytes; None where the machine does not say.
    """

    answers: dict[str, dict[str, str]]
    start_ms: float
    onnx_ms: float
    onnx_mb: float | None


_ANSWER = msgspec.json.Decoder(Elsewhere)


class ProcessFailed(Exception):
    """The other process ended otherwise than it should; the text is what it wrote last."""


def elsewhere(external: Sequence[str], names: Sequence[str], onnx: Sequence[str] = (), folder: str = "") -> Elsewhere:
    """Ask in another process, with other hashes of texts, the cases in the opposite order.

    Args:
        external: the systems of other packages that are admitted.
        onnx: the models as ONNX that are admitted, NAME=HASH.
        folder: where their objects are.

    Raises:
        ProcessFailed: it ended with an error, or not at all.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "4711"}
    command = [sys.executable, "-m", __name__, ",".join(external), ",".join(names), ",".join(onnx), folder]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise ProcessFailed(f"no answer within {PATIENCE_SECONDS:g} s") from error
    if done.returncode:
        raise ProcessFailed(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "it ended without a word")
    # What a system prints itself comes before.
    return _ANSWER.decode(done.stdout.splitlines()[-1])


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split(",") if word)


def _peak_mb() -> float | None:
    """The most memory that this process has had; the kernel's own figure, since `getrusage` has that of who started it."""
    with contextlib.suppress(OSError):
        if found := re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii")):
            return int(found[1]) / 1000.0
    return None


def main(external: str, names: str, onnx: str, folder: str) -> None:
    """Answer."""
    begin = time.process_time()
    admit(_words(external), _words(onnx))
    admitted, before = time.process_time(), _peak_mb()
    prepare(_words(names), lambda name: (Path(folder) / name).read_bytes())
    prepared, after = time.process_time(), _peak_mb()
    grown = None if before is None or after is None else after - before
    spent = ((admitted - begin) * 1000.0, (prepared - admitted) * 1000.0, grown)
    said = {name: {case: as_text(one) for case, one in answers(name, backwards=True).items()} for name in _words(names)}
    sys.stdout.write("\n" + msgspec.json.encode(Elsewhere(said, *spent)).decode() + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:5])
