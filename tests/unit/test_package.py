"""What goes into a function's archive, and that it is always the same bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from regen.local import own_version
from regen.local.imports import imported_modules
from regen.local.packaging import Package, PackagingError, code_version, package_functions

FIXTURES = Path(__file__).parents[1] / "fixtures" / "functions"


def test_two_builds_are_byte_identical(tmp_path: Path) -> None:
    first = package_functions(FIXTURES, tmp_path / "a")
    os.utime(FIXTURES / "worker" / "main.py")
    second = package_functions(FIXTURES, tmp_path / "b")
    assert {n: p.archive.read_bytes() for n, p in first.items()} == {
        n: p.archive.read_bytes() for n, p in second.items()
    }
    assert code_version(first) == code_version(second)


def test_the_archive_holds_what_runs_and_nothing_else(tmp_path: Path) -> None:
    package = package_functions(FIXTURES, tmp_path)["worker"]
    names = zipfile.ZipFile(package.archive).namelist()
    assert names == sorted(names)
    assert {"main.py", "requirements.txt", "regen/__init__.py", "regen/topology.json", "regen/py.typed"} <= set(names)
    folders = {name.split("/")[1] for name in names if name.startswith("regen/")}
    assert not folders & {"cli", "local", "league", "training"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert all("--hash=sha256:" in block for block in _requirements(package.folder))


def _requirements(folder: Path) -> list[str]:
    text = (folder / "requirements.txt").read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if "==" in line]


def test_the_manifest_names_every_archive_by_its_hash(tmp_path: Path) -> None:
    packages = package_functions(FIXTURES, tmp_path)
    manifest = json.loads((tmp_path / "packages" / "manifest.json").read_text())
    assert manifest["code_version"] == code_version(packages)
    assert set(manifest["functions"]) == {"coordinator", "verifier", "worker"}
    assert manifest["functions"]["worker"]["sha256"] == packages["worker"].sha256
    assert manifest["functions"]["worker"]["files"] == list(packages["worker"].files)


def test_only_a_changed_package_folder_is_replaced(tmp_path: Path) -> None:
    folder = package_functions(FIXTURES, tmp_path)["worker"].folder
    inode = folder.stat().st_ino
    package_functions(FIXTURES, tmp_path)
    assert folder.stat().st_ino == inode
    (folder / "regen" / "left_over.py").write_text("")
    package_functions(FIXTURES, tmp_path)
    assert not (folder / "regen" / "left_over.py").exists()


def test_the_packaged_copy_imports_without_the_checkout(tmp_path: Path) -> None:
    package = package_functions(FIXTURES, tmp_path)["worker"]
    code = "import regen.topology as t; t.topology(); print(t.__file__)"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(package.folder)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(package.folder / "regen" / "topology.py")


def test_unknown_function_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match="no function"):
        package_functions(tmp_path, tmp_path / "build")


def test_imports_are_found_transitively_with_their_parents(tmp_path: Path) -> None:
    package = tmp_path / "thing"
    sources = {
        "__init__.py": "",
        "inside/__init__.py": "",
        "inside/a.py": "import json\nfrom thing.other import b, nothing",
        "other/__init__.py": "",
        "other/b.py": "def f():\n    import thing.far.c",
        "far/c.py": "",
        "unused.py": "",
    }
    for name, text in sources.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    found = imported_modules(package, [package / "__init__.py", package / "inside" / "a.py"])
    assert {path.relative_to(package).as_posix(): who for path, who in found.items()} == {
        "other/__init__.py": "thing.inside.a",
        "other/b.py": "thing.inside.a",
        "far/c.py": "thing.other.b",
    }


def test_an_unchanged_checkout_is_packaged_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed: list[Path] = []

    def packing(build: Path) -> dict[str, Package]:
        packed.append(build)
        return {}

    monkeypatch.setattr(own_version, "package_functions", packing)
    cache = tmp_path / "cache" / "code_version"
    version = own_version.own_version(cache)
    assert version == code_version({})
    assert own_version.own_version(cache) == version
    assert len(packed) == 1
    cache.write_text(f"of-other-files {version}")
    assert own_version.own_version(cache) == version
    assert len(packed) == 2
