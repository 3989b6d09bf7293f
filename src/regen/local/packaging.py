"""Staging and zipping of the functions: `main.py`, the part of `regen` that runs there, and pinned requirements.

The archive is deterministic, so that a deployment can name it by its hash: sorted names, fixed times and modes, and no
compression, because its output depends on the version of zlib.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import mkdtemp

from msgspec import Struct

import regen
from regen.domain.values import asdict
from regen.local.imports import imported_modules
from regen.local.pinned_systems import PinsUnusable, with_pins

ROOT = Path(__file__).parents[3]

#: Parts of `regen` that go into a function, with everything that they import. A new folder stays out until it is imported.
PACKAGED = (
    "__init__.py",
    "adapters",
    "domain",
    "features",
    "ports.py",
    "py.typed",
    "schemas",
    "services",
    "settings.json",
    "settings.py",
    "sql",
    "systems",
    "topology.json",
    "topology.py",
    "web",
)
#: Parts of a folder that is no function of the chain: with what they import, and nothing else. No service is in it, so that the
#: console cannot act but through the coordinator.
OTHERWISE = {
    "console": ("__init__.py", "console", "console_host", "py.typed", "schemas", "settings.json", "settings.py", "sql")
}
#: Locks of what functions need beside their own: those that know the systems, and one of them more.
SYSTEMS = "systems.txt"
PINS = {"worker": ("worker.txt",)}
#: Parts that never go into a function; packaging fails if a packaged module imports them.
NEVER = frozenset({"cli", "league", "local"})
SUFFIXES = frozenset({".py", ".json", ".sql", ".typed", ".css", ".html", ".js", ".svg"})
EPOCH = (1980, 1, 1, 0, 0, 0)


class PackagingError(Exception):
    """The functions cannot be packaged; the text says why."""


class Package(Struct, frozen=True):
    """One packaged function: `folder` is what is inside `archive`."""

    name: str
    folder: Path
    archive: Path
    sha256: str
    files: tuple[str, ...]


def package_functions(
    functions: Path = ROOT / "functions", build: Path = ROOT / "build", requirements: Path = ROOT / "requirements"
) -> dict[str, Package]:
    """Stage every folder of `functions` that has a `main.py`, zip it, and write `build/packages/manifest.json`.

    Files that are up to date are left alone, for a running stack. Several processes may call this at once.

    Args:
        requirements: the folder of `functions.txt`, of `systems.txt`, which pins the packages of external systems, and of `worker.txt`.

    Raises:
        PackagingError: nothing to package, a packaged module imports one that is not, or the pins are unusable.
    """
    names = sorted(main.parent.name for main in functions.glob("*/main.py"))
    if not names:
        raise PackagingError(f"no function in {functions}: expected <name>/main.py")
    package = Path(regen.__file__).parent
    shared = {parts: _shared_files(package, parts) for parts in {OTHERWISE.get(n, PACKAGED) for n in names}}
    required = {name: _required(requirements, name) for name in names}
    for folder in (build / "functions", build / "packages"):
        folder.mkdir(parents=True, exist_ok=True)
    with (build / "packages" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        packages = {
            name: _package(
                name, {**_own_files(functions / name), **shared[OTHERWISE.get(name, PACKAGED)], **required[name]}, build
            )
            for name in names
        }
        _write(build / "packages" / "manifest.json", json.dumps(_manifest(packages), indent=2).encode() + b"\n")
    return packages


def _required(folder: Path, function: str) -> dict[str, bytes]:
    """What a function's archive has so that what it needs is installed where it is built."""
    own = (folder / "functions.txt").read_text(encoding="utf-8")
    pins = () if function in OTHERWISE else (SYSTEMS, *PINS.get(function, ()))
    try:
        return with_pins(own, folder, pins)
    except (OSError, PinsUnusable) as error:
        raise PackagingError(str(error)) from error


def code_version(packages: Mapping[str, Package]) -> str:
    """The version and a hash of the code: equal for equal sources on any machine and commit."""
    digest = hashlib.sha256("".join(package.sha256 for _, package in sorted(packages.items())).encode()).hexdigest()
    return f"{regen.__version__}+{digest[:12]}"


def _own_files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in _sources(folder)}


def _shared_files(package: Path, parts: tuple[str, ...]) -> dict[str, bytes]:
    chosen = [path for name in parts if (path := package / name).exists()]
    files = {path for root in chosen for path in ([root] if root.is_file() else _sources(root))}
    more = imported_modules(package, files)
    wrong = [
        f"{who} imports {path.relative_to(package)}"
        for path, who in more.items()
        if path.relative_to(package).parts[0] in NEVER
    ]
    if wrong:
        raise PackagingError("never packaged, but imported by a packaged module: " + "; ".join(sorted(wrong)))
    return {f"regen/{path.relative_to(package).as_posix()}": path.read_bytes() for path in files | more.keys()}


def _sources(folder: Path) -> Iterator[Path]:
    return (p for p in folder.rglob("*") if p.is_file() and p.suffix in SUFFIXES and "__pycache__" not in p.parts)


def _package(name: str, files: Mapping[str, bytes], build: Path) -> Package:
    folder, archive = build / "functions" / name, build / "packages" / f"{name}.zip"
    if _staged(folder) != files:
        _stage(folder, files)
    fresh = archive.with_suffix(".part")
    _zip(fresh, files)
    sha256 = hashlib.sha256(fresh.read_bytes()).hexdigest()
    fresh.replace(archive)
    return Package(name, folder, archive, sha256, tuple(sorted(files)))


def _staged(folder: Path) -> dict[str, bytes]:
    found = (p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def _stage(folder: Path, files: Mapping[str, bytes]) -> None:
    part = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    part.chmod(0o755)
    for name, content in files.items():
        (part / name).parent.mkdir(parents=True, exist_ok=True)
        (part / name).write_bytes(content)
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)


def _zip(path: Path, files: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, files[name])


def _manifest(packages: Mapping[str, Package]) -> dict[str, object]:
    return {
        "version": regen.__version__,
        "code_version": code_version(packages),
        "git_commit": _commit(),
        "functions": {
            name: {"archive": package.archive.name, "sha256": package.sha256, "files": list(asdict(package)["files"])}
            for name, package in sorted(packages.items())
        },
    }


def _commit() -> str:
    result = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return result.stdout.strip() or "unknown"


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)
