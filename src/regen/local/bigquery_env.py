"""The BigQuery emulator's environment: installed once into `build/`, from the package index alone."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from msgspec import Struct

LAUNCHER = Path(__file__).with_name("bigquery_launcher.py")
REQUIREMENTS = Path(__file__).parents[3] / "requirements"
LOCKS = ("bigquery-emulator.txt", "bigquery-emulator.core.txt")


class InstallationFailed(Exception):
    """The emulator could not be installed; the text has the installer's last lines."""


class Command(Struct, frozen=True):
    """A command line and its whole environment."""

    argv: tuple[str, ...]
    env: dict[str, str]


def ensure(build_dir: Path) -> Path:
    """Install the emulator into `build_dir/bigquery-emulator`, unless the locked versions are installed already.

    Any number of processes may call this at once.

    Returns:
        The folder, to be passed to `command`.
    """
    home = build_dir / "bigquery-emulator"
    stamp, wanted = home / "installed", _fingerprint(home)
    if _reads(stamp) == wanted:
        return home
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _reads(stamp) != wanted:
            stamp.unlink(missing_ok=True)
            _install(home, build_dir)
            part = stamp.with_suffix(".part")
            part.write_text(wanted)
            part.replace(stamp)
    return home


def command(home: Path, *, port: int, grpc_port: int, data_dir: Path, project: str) -> Command:
    """The command that starts the emulator on loopback, in the foreground."""
    data_dir.mkdir(parents=True, exist_ok=True)
    argv = (
        *_python(home),
        str(LAUNCHER),
        *("serve", "--host", "127.0.0.1", "--port", str(port), "--grpc-port", str(grpc_port)),
        *("--data-dir", str(data_dir.resolve()), "--project", project, "--dataset", "local"),
    )
    return Command(argv, _environment(home))


def answers(url: str, project: str, timeout: float = 1.0) -> bool:
    """Whether an emulator at `url` (http://host:port) answers."""
    try:
        with urllib.request.urlopen(f"{url}/bigquery/v2/projects/{project}/datasets", timeout=timeout) as response:  # noqa: S310
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _install(home: Path, build_dir: Path) -> None:
    venv = home / "venv"
    shutil.rmtree(venv, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(venv)])
    python = str(venv / "bin" / "python")
    dependencies, core = (str(REQUIREMENTS / name) for name in LOCKS)
    if importlib.util.find_spec("uv"):
        environment = {"UV_CACHE_DIR": str(build_dir / "cache" / "uv"), **os.environ}
        install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python]
        _run([*install, "--require-hashes", "-r", dependencies], environment)
    else:
        _run([python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", dependencies])
    # The package declares 3.13 alone; the launcher knows what 3.11 and 3.12 need.
    alone = ["--no-deps", "--ignore-requires-python", "--require-hashes"]
    _run([python, "-m", "pip", "install", "--quiet", *alone, "-r", core])
    _run([*_python(home), str(LAUNCHER), "extensions"], _environment(home))


def _run(argv: list[str], env: dict[str, str] | None = None) -> None:
    result = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    if result.returncode:
        tail = "\n".join(f"    {line}" for line in (result.stderr or result.stdout).strip().splitlines()[-8:])
        raise InstallationFailed(f"the BigQuery emulator could not be installed ({Path(argv[0]).name}):\n{tail}")


def _python(home: Path) -> tuple[str, ...]:
    return str((home / "venv" / "bin" / "python").absolute()), "-I"


def _environment(home: Path) -> dict[str, str]:
    """A minimal environment: the emulator reads settings from names as common as CALLER, GROUPS and DATA_DIR."""
    own = home.absolute() / "home"
    own.mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return {**kept, "HOME": str(own)}


def _fingerprint(home: Path) -> str:
    digest = hashlib.sha256(f"{sys.version_info[:3]} {home.absolute()}".encode())
    for name in LOCKS:
        digest.update((REQUIREMENTS / name).read_bytes())
    return digest.hexdigest()


def _reads(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None
