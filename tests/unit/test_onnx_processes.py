"""What a process pays for models as ONNX: nothing where none is configured; no thread, no file and no call to anybody where one is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from regen.local.packaging import package_functions
from support.tiny_onnx import NAME, made, word

TESTS = Path(__file__).parents[1]
ONE = made()
STARTED = {
    "REGEN_PROJECT": "a-project", "REGEN_BACKEND": "memory", "REGEN_TOKEN_CHECK": "claims", "REGEN_PUSH_ACCOUNTS": "pusher@simulated",
    "PATH": os.defpath,
}  # fmt: skip
IMPORTED = """
import json, sys
import main
from regen.systems import systems
from regen.web.bootstrap import app
app(with_warehouse=False, with_models=True, with_queue=False)
print(json.dumps([[s.system_id for s in systems()], sorted({"numpy", "onnxruntime"} & sys.modules.keys())]))
"""
LOADED = """
import json, os, sys
from regen.conformance.players import player
from regen.systems import admit, prepare, systems
from support.tiny_onnx import NAME, Store, made, word
def threads():
    return len(os.listdir("/proc/self/task"))
def files():
    return sorted(f for f in map(os.path.realpath, (f"/proc/self/fd/{n}" for n in os.listdir("/proc/self/fd"))) if "onnx" in f)
before = threads()
admit((), (word(made()),))
prepare((NAME,), Store().put(made()).read)
(system,) = systems((NAME,))
for _ in range(20):
    found = system.estimate(player(), {})
print(json.dumps([before, threads(), files(), found.points.hex()]))
"""


def run(folder: Path, code: str, *path: Path, **environment: str) -> list[object]:
    words = [sys.executable, "-c", code]
    own = {**STARTED, "HOME": str(folder), "PYTHONPATH": os.pathsep.join(map(str, path)), **environment}
    done = subprocess.run(words, env=own, capture_output=True, text=True, timeout=120, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("function", ["coordinator", "worker", "verifier"])
def test_no_function_imports_it_when_it_starts(tmp_path: Path, function: str) -> None:
    """Named or not: the library is loaded with the first batch that needs it, and by the worker alone."""
    package = package_functions(build=tmp_path / "build")[function].folder
    named = {
        "REGEN_ONNX_SYSTEMS": word(ONE),
        "REGEN_MODELS_STORE": str(tmp_path),
        "REGEN_API_KEYS": "a-key-of-sixteen-letters",
    }
    for environment in ({"REGEN_API_KEYS": "a-key-of-sixteen-letters"}, named):
        ids, imported = run(tmp_path, IMPORTED, package, **environment)
        assert (NAME in str(ids), imported) == (environment is named, [])


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="SKIPPED: only Linux says which threads a process has")
def test_a_loaded_model_leaves_no_thread_and_no_file(tmp_path: Path) -> None:
    """onnxruntime's own builds count what is run, in a file in the home folder, and send it off from a thread, unless they are told not to."""
    before, after, files, points = run(tmp_path, LOADED, TESTS.parent / "src", TESTS)
    assert (before, after, files) == (1, 1, [])
    assert list(tmp_path.rglob("*")) == []
    again = run(tmp_path, LOADED, TESTS.parent / "src", TESTS, PYTHONHASHSEED="4711")
    assert again[-1] == points
