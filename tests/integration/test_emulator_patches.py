"""The patches of the BigQuery emulator fit its version, and each is still needed.

When the version in requirements/bigquery-emulator.core.in changes: run this module. It names the patches whose code has changed
(read it again, then note the new digest) and those whose fault is gone (delete them), and `VERSION` in bigquery_launcher.py follows.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from regen.local import bigquery_env

ROOT = Path(__file__).parents[2]
LAUNCHER = ROOT / "src" / "regen" / "local" / "bigquery_launcher.py"
PATCHES = sorted(
    name
    for module in ("bigquery_repairs", "bigquery_runs", "bigquery_shortcuts", "bigquery_translations", "bigquery_jobs")
    for name in re.findall(
        r"^def ([a-z]\w+)\(\) -> None:", LAUNCHER.with_name(f"{module}.py").read_text(), re.MULTILINE
    )
)
ONLY_READ = {
    "remember_answers_of_a_job": "saves time; its answers are those of the code that it wraps",
    "know_no_temporary_table": "saves time; a cursor that was just made has none",
    "keep_parses": "saves time; it calls the code that it wraps",
    "keep_translations": "saves time; it calls the code that it wraps",
    "know_no_hidden_column": "saves time; regen has no table with a hidden column",
}
"""Patches without a reproduction: that the code is as they expect is all that is looked at."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the emulator's own interpreter says of each patch."""
    try:
        home = bigquery_env.ensure(ROOT / "build")
    except bigquery_env.InstallationFailed as error:
        pytest.fail(str(error))
    start = bigquery_env.command(home, port=0, grpc_port=0, data_dir=tmp_path_factory.mktemp("unused"), project="p")
    script = Path(__file__).with_name("emulator_reproductions.py")
    data = tmp_path_factory.mktemp("data")
    argv = [*start.argv[:2], str(script), str(LAUNCHER), str(data)]
    done = subprocess.run(argv, env=start.env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_patches_are_for_the_installed_version(found: dict[str, Any]) -> None:
    pinned = re.search(r"local-bigquery==(\S+)", (ROOT / "requirements" / "bigquery-emulator.core.in").read_text())
    assert pinned
    assert found["version"] == pinned[1]
    assert found["known"] == found["version"], "the emulator's version has changed: look at each patch"


def test_every_patch_is_measured(found: dict[str, Any]) -> None:
    assert sorted(found["patches"]) == PATCHES


@pytest.mark.parametrize("name", PATCHES)
def test_each_patch_documents_its_fault_and_place(name: str, found: dict[str, Any]) -> None:
    assert found["patches"][name]["documented"]


@pytest.mark.parametrize("name", PATCHES)
def test_code_that_a_patch_changes_is_unchanged_upstream(name: str, found: dict[str, Any]) -> None:
    changed = found["patches"][name]["changed"]
    assert not changed, f"{name}: {changed} was rewritten; look again: {found['patches'][name]['digests']}"


@pytest.mark.parametrize("name", PATCHES)
def test_a_patch_is_still_needed_and_mends_its_fault(name: str, found: dict[str, Any]) -> None:
    before, after = found["patches"][name]["before"], found["patches"][name]["after"]
    if name in ONLY_READ:
        assert (before, after) == (None, None)
        return
    if name != "use_one_thread" or (os.cpu_count() or 1) > 1:
        assert before is True, f"{name} is no longer needed: its fault is gone without it"
    assert after is False, f"{name} does not mend its fault"


def test_the_rewritten_files_are_needed_by_this_python_alone(found: dict[str, Any]) -> None:
    wanted = "needed" if sys.version_info < (3, 12) else "needed on 3.11"
    assert set(found["rewrites"].values()) == {wanted}
