"""What a process pays for models as ONNX: nothing where none is configured; no thread, no file and no call to anybody where one is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from regen.adapters.archives import archive_at
from regen.local.packaging import package_functions
from regen.systems.onnx_model import object_name
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

#: A batch of one player through the packaged worker's own wiring: pushed twice, without onnxruntime at first.
ONE_PLAYER = """
import json, os, sys
import flask, main
from regen.adapters.archives import archive_at
from regen.adapters.memory import shared
from regen.services.state.packing import unpack_outcomes
from regen.services.state.paths import requests_path
from regen.systems import by_version, system_ids
from support.bench import Bench
from support.league import entry
from support.wire import PUSHED, envelope
from regen.features.names import FEATURE_VERSION
from msgspec.structs import force_setattr
one = entry("playera", games=20)
force_setattr(one.inputs, "feature_version", FEATURE_VERSION)
force_setattr(one.inputs, "features", {**one.inputs.features, "points_ew_12": 15.0})
bench = Bench([one], systems=system_ids(), run_for=by_version(system_ids()))
models = archive_at(os.environ["REGEN_MODELS_STORE"])
bench.deps = type(bench.deps)(shared.store, bench.queue, bench.warehouse, bench.clock, bench.deps.ids, bench.deps.config, models=models)
answer = bench.regenerate()
(message,) = bench.queue.of("prediction-request")
body = envelope("m1", json.dumps(message).encode(), {}, "s", 1)
found = [sorted({"numpy", "onnxruntime"} & sys.modules.keys())]
for missing in (True, False):
    sys.modules.pop("onnxruntime", None)
    if missing:
        sys.modules["onnxruntime"] = None
    with flask.Flask("x").test_request_context("/", method="POST", data=body, environ_overrides=PUSHED):
        found.append(main.main(flask.request).status_code)
(request,) = shared.store.find(requests_path(answer.batch_id))
(outcome,) = unpack_outcomes(request.data["outcomes"])
found.append({p.system_id: [p.points, p.version] for p in outcome.predictions})
print(json.dumps(found))
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


def test_the_packaged_worker_runs_the_model_of_its_store(tmp_path: Path) -> None:
    """503 while it cannot, so that the message comes again; then its row beside those of every other system."""
    packaged = package_functions(build=tmp_path / "build")["worker"].folder
    archive_at(str(tmp_path / "models")).keep(object_name(ONE.hash), ONE.to_bytes())
    named = {"REGEN_ONNX_SYSTEMS": word(ONE), "REGEN_MODELS_STORE": str(tmp_path / "models")}
    opened, without, with_it, rows = run(tmp_path, ONE_PLAYER, packaged, TESTS, **named)
    assert (opened, without, with_it) == ([], 503, 204)
    assert isinstance(rows, dict)
    assert rows[NAME] == [15.5, f"1-onnx-{ONE.hash}"]
    assert {*rows} >= {NAME, "moving_average"}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="SKIPPED: only Linux says which threads a process has")
def test_a_loaded_model_leaves_no_thread_and_no_file(tmp_path: Path) -> None:
    """onnxruntime's own builds count what is run, in a file in the home folder, and send it off from a thread, unless they are told not to."""
    before, after, files, points = run(tmp_path, LOADED, TESTS.parent / "src", TESTS)
    assert (before, after, files) == (1, 1, [])
    assert list(tmp_path.rglob("*")) == []
    again = run(tmp_path, LOADED, TESTS.parent / "src", TESTS, PYTHONHASHSEED="4711")
    assert again[-1] == points
