"""The same answers, asked in a process of its own: `python -m regen.conformance.again EXTERNAL,... NAME,...`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from regen.conformance.running import answers, as_text
from regen.systems import admit

PATIENCE_SECONDS = 120.0


class Elsewhere(Struct, frozen=True):
    """What another process says.

    Attributes:
        answers: by system and case, as text.
        start_ms: processor time that the external systems took to load.
    """

    answers: dict[str, dict[str, str]]
    start_ms: float


_ANSWER = msgspec.json.Decoder(Elsewhere)


class ProcessFailed(Exception):
    """The other process ended otherwise than it should; the text is what it wrote last."""


def elsewhere(external: Sequence[str], names: Sequence[str]) -> Elsewhere:
    """Ask in another process, with other hashes of texts, the cases in the opposite order.

    Raises:
        ProcessFailed: it ended with an error, or not at all.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "4711"}
    command = [sys.executable, "-m", __name__, ",".join(external), ",".join(names)]
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


def main(external: str, names: str) -> None:
    """Answer."""
    before = time.process_time()
    admit(_words(external))
    spent = (time.process_time() - before) * 1000.0
    said = {name: {case: as_text(one) for case, one in answers(name, backwards=True).items()} for name in _words(names)}
    sys.stdout.write("\n" + msgspec.json.encode(Elsewhere(said, spent)).decode() + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
