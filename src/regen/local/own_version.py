"""The version of the code of this checkout, as a deployment of it would write it into rows."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import regen
from regen.local.packaging import ROOT, SUFFIXES, code_version, package_functions


def own_version(cache: Path = ROOT / "build" / "cache" / "code_version") -> str:
    """Package the functions and take the version; the last one is kept, with the times and sizes of the files.

    Raises:
        PackagingError: the functions cannot be packaged.
    """
    seen = hashlib.sha256("\n".join(_stamps()).encode()).hexdigest()
    with contextlib.suppress(OSError):
        known, _, version = cache.read_text(encoding="utf-8").partition(" ")
        if known == seen:
            return version
    with TemporaryDirectory() as folder:
        version = code_version(package_functions(build=Path(folder)))
    with contextlib.suppress(OSError):  # a checkout that cannot be written takes a second longer each time
        cache.parent.mkdir(parents=True, exist_ok=True)
        part = cache.with_suffix(".part")
        part.write_text(f"{seen} {version}", encoding="utf-8")
        part.replace(cache)
    return version


def _stamps() -> Iterator[str]:
    package = Path(regen.__file__).parent
    files = [p for root in (package, ROOT / "functions") for p in root.rglob("*") if p.suffix in SUFFIXES]
    pins = [ROOT / "requirements" / name for name in ("functions.txt", "systems.txt", "worker.txt")]
    for path in sorted([*files, *pins]):
        stat = path.stat()
        yield f"{path} {stat.st_mtime_ns} {stat.st_size}"
