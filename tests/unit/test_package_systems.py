"""The packages of external systems in the functions' archives: pinned, installed by the line that stands there, and predicting."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from regen.local.packaging import PackagingError, package_functions
from support.tiny_package import NAME, pinned, wheel

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
STARTED = {
    "REGEN_PROJECT": "a-project", "REGEN_BACKEND": "memory", "REGEN_TOKEN_CHECK": "claims", "REGEN_PUSH_ACCOUNTS": "pusher@simulated",
    "REGEN_EXTERNAL_SYSTEMS": NAME, "PATH": os.defpath,
}  # fmt: skip
#: A batch of one player through the packaged worker's own wiring, in a process that imports regen from the package alone.
ONE_PLAYER = """
import json, sys
sys.path[:0] = [sys.argv[1], sys.argv[2]]
sys.path[:] = [p for p in sys.path if not p.endswith("/src")]
import flask, main
from regen.adapters.memory import shared
from regen.systems import by_version
from support.bench import Bench
from support.league import entry
from support.wire import PUSHED, envelope
from regen.features.names import FEATURE_VERSION
from msgspec.structs import force_setattr
one = entry("playera")
force_setattr(one.inputs, "feature_version", FEATURE_VERSION)
bench = Bench([one], systems=("tiny_points",), run_for=by_version(("tiny_points",)))
bench.deps = type(bench.deps)(shared.store, bench.queue, bench.warehouse, bench.clock, bench.deps.ids, bench.deps.config)
answer = bench.regenerate()
((message,)) = bench.queue.of("prediction-request")
body = envelope("m1", json.dumps(message).encode(), {}, "s", 1)
with flask.Flask("x").test_request_context("/", method="POST", data=body, environ_overrides=PUSHED):
    print(main.main(flask.request).status_code)
from regen.services.state.packing import unpack_outcomes
from regen.services.state.paths import requests_path
((request,)) = shared.store.find(requests_path(answer.batch_id))
((outcome,)) = unpack_outcomes(request.data["outcomes"])
print(outcome.kind, {p.version for p in outcome.predictions})
import regen
print(regen.__file__.startswith(sys.argv[1]))
"""


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    """The folder of the pins, with a wheel that is in no index."""
    folder = tmp_path / "requirements"
    folder.mkdir()
    shutil.copy(ROOT / "requirements" / "functions.txt", folder)
    (folder / "systems.txt").write_text(pinned(wheel(folder / "wheels")))
    (folder / "worker.txt").write_text("")
    return folder


def test_without_pins_the_requirements_are_the_functions(tmp_path: Path) -> None:
    package = package_functions(build=tmp_path)["worker"]
    own = (ROOT / "requirements" / "functions.txt").read_text()
    if any((ROOT / "requirements" / name).read_text().strip() for name in ("systems.txt", "worker.txt")):
        pytest.skip("SKIPPED: this checkout pins external systems")
    assert (package.folder / "requirements.txt").read_text() == own


def test_the_chains_functions_have_the_pins_and_the_wheels(tmp_path: Path, requirements: Path) -> None:
    packages = package_functions(build=tmp_path / "build", requirements=requirements)
    for name in ("coordinator", "worker", "verifier"):
        text = (packages[name].folder / "requirements.txt").read_text()
        assert text.endswith((requirements / "systems.txt").read_text())
        assert "wheels/tiny_points-1.0.0-py3-none-any.whl" in packages[name].files
    assert "tiny_points" not in (packages["console"].folder / "requirements.txt").read_text()
    assert not [name for name in packages["console"].files if name.startswith("wheels/")]


def test_only_the_worker_has_what_runs_onnx(tmp_path: Path, requirements: Path) -> None:
    (requirements / "worker.txt").write_text("onnxruntime==1.32.0 \\\n    --hash=sha256:00\n")
    packages = package_functions(build=tmp_path / "build", requirements=requirements)
    has = {name for name, one in packages.items() if "onnxruntime" in (one.folder / "requirements.txt").read_text()}
    assert has == {"worker"}
    (requirements / "worker.txt").write_text("")
    without = package_functions(build=tmp_path / "build", requirements=requirements)
    changed = {name for name in packages if packages[name].sha256 != without[name].sha256}
    assert changed == {"worker"}


def test_no_function_has_it_unless_the_worker_names_it() -> None:
    folder = ROOT / "requirements"
    for name in ("functions", "systems", "refit"):
        assert "onnxruntime" not in (folder / f"{name}.txt").read_text(), name
    named = any(line.startswith("onnxruntime") for line in (folder / "worker.in").read_text().splitlines())
    assert ("onnxruntime==" in (folder / "worker.txt").read_text()) is named


@pytest.mark.parametrize("lock", ["systems.txt", "worker.txt"])
@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("season-mean==1.0.0\n", "season-mean==1.0.0 has no --hash"),
        ("./wheels/gone-1.0.0-py3-none-any.whl --hash=sha256:00\n", "there is no requirements/wheels/gone-1.0.0"),
        ("msgspec==0.1.0 \\\n    --hash=sha256:00\n", "msgspec 0.1.0, but the functions need"),
        ("git+https://example.com/x --hash=sha256:00\n", "expected NAME==VERSION or ./wheels/NAME.whl"),
    ],
)
def test_pins_that_no_deployment_can_install_are_refused(
    tmp_path: Path, requirements: Path, lock: str, line: str, why: str
) -> None:
    (requirements / lock).write_text(line)
    with pytest.raises(PackagingError, match=f"requirements/{lock}: {why}"):
        package_functions(build=tmp_path / "build", requirements=requirements)


def test_a_package_that_the_functions_have_comes_once(tmp_path: Path, requirements: Path) -> None:
    own = (requirements / "functions.txt").read_text()
    block = own[own.index("msgspec==") :].partition("# via")[0]
    (requirements / "systems.txt").write_text(block + "    # via season-mean\n")
    package = package_functions(build=tmp_path / "build", requirements=requirements)["worker"]
    assert (package.folder / "requirements.txt").read_text() == own


def test_a_lock_has_a_version_for_each_python(tmp_path: Path, requirements: Path) -> None:
    two = "".join(
        f"numpy=={v} ; python_version {p} '3.12' \\\n    --hash=sha256:00\n"
        for v, p in (("2.4.6", "<"), ("2.5.5", ">="))
    )
    (requirements / "systems.txt").write_text(two)
    (requirements / "worker.txt").write_text(two)
    package = package_functions(build=tmp_path / "build", requirements=requirements)["worker"]
    assert (package.folder / "requirements.txt").read_text().endswith(two)
    assert (package.folder / "requirements.txt").read_text().count("numpy==") == 2


def test_the_locks_agree_on_a_package(tmp_path: Path, requirements: Path) -> None:
    """numpy, for example, which a system of another package needs as onnxruntime does."""
    block = "numpy==2.0.0 \\\n    --hash=sha256:00\n"
    (requirements / "systems.txt").write_text(block)
    (requirements / "worker.txt").write_text(block)
    package = package_functions(build=tmp_path / "build", requirements=requirements)["worker"]
    assert (package.folder / "requirements.txt").read_text().count("numpy==") == 1
    (requirements / "worker.txt").write_text(block.replace("2.0.0", "2.1.0"))
    with pytest.raises(
        PackagingError, match=r"requirements/worker\.txt: numpy 2\.1\.0, but the functions need 2\.0\.0"
    ):
        package_functions(build=tmp_path / "build", requirements=requirements)


def test_the_packaged_worker_predicts_with_what_is_pinned(tmp_path: Path, requirements: Path) -> None:
    """Installed from the archive's own folder by the archive's own line, with its hash, without a network."""
    folder = package_functions(build=tmp_path / "build", requirements=requirements)["worker"].folder
    line = tmp_path / "systems.txt"
    line.write_text((folder / "requirements.txt").read_text().partition("./wheels/")[2].join(("./wheels/", "")))
    target = tmp_path / "installed"
    uv = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "install",
        "-q",
        "--offline",
        "--no-index",
        "--no-deps",
        "--require-hashes",
    ]
    subprocess.run([*uv, "--target", str(target), "-r", str(line)], check=True, cwd=folder, timeout=60)

    def run(*path: Path) -> subprocess.CompletedProcess[str]:
        environment = {**STARTED, "PYTHONPATH": os.pathsep.join(map(str, path))}
        words = [sys.executable, "-c", ONE_PLAYER, str(folder), str(TESTS)]
        return subprocess.run(
            words, env=environment, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path
        )

    done = run(target)
    assert done.returncode == 0, done.stderr[-2000:]
    said = done.stdout.splitlines()[-3:]
    assert (said[0], said[1].split()[0], said[2]) == ("204", "produced", "True")
    assert "1-tiny-points-1.0.0-" in said[1]
    lost = run()
    assert lost.returncode != 0
    assert "tiny_points: no package that is installed has this entry point" in lost.stderr
