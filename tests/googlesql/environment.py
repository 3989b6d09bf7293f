"""ZetaSQL's own folder: installed once into `build/googlesql`, from the package index alone, when a test needs it."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements" / "googlesql.txt"
BUILD = ROOT / "build" / "googlesql"


def ensure() -> Path:
    """Install what the lock names and put it on the path, behind everything else; the folder for caches.

    The demo needs none of it, so it stands in no environment that the demo makes. Any number of processes may call this.
    """
    wanted = hashlib.sha256(f"{sys.version_info[:3]}".encode() + LOCK.read_bytes()).hexdigest()[:16]
    home = BUILD / wanted
    site = home / "site"
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not site.exists():
            _install(home / "part")
            (home / "part").replace(site)
    if str(site) not in sys.path:
        sys.path.append(str(site))
    return home


def _install(target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    installer = ["uv", "pip"] if importlib.util.find_spec("uv") else ["pip"]
    more = ["--python", sys.executable] if installer[0] == "uv" else []
    command = [sys.executable, "-m", *installer, "install", *more, "--quiet", "--no-deps", "--require-hashes"]
    done = subprocess.run(
        [*command, "--target", str(target), "-r", str(LOCK)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"ZetaSQL could not be installed from {LOCK.name}: {done.stderr or done.stdout}")
