"""A function's start: the collector rests while it imports, and works afterwards."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[2] / "functions"
SAID = "import gc, main; print(gc.isenabled(), gc.get_freeze_count() > 10_000)"


@pytest.mark.parametrize("name", ["coordinator", "worker", "verifier"])
def test_the_collector_works_once_a_function_has_started(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SAID], cwd=FUNCTIONS / name, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "True"]
