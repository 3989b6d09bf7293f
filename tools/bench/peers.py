"""Other systems on the same workload and machine. It names and skips those that are not installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: peer -> the folder of its own environment under $PEERS_ENVIRONMENTS; None runs with this Python.
PEERS = {
    "asyncio_raw": None,
    "procpool": None,
    "gcp_emulators": None,
    "redis_streams": "base",
    "pg_skiplocked": "base",
    "celery": "celery",
    "restate": "restate",
    "huey": "huey",
    "dbos": "dbos",
}
SECONDS = 60


def find(root: Path) -> Path | None:
    """The folder with the peers' driver: `PEERS_DIR`, or tools/peers in a folder beside the checkout."""
    named = os.environ.get("PEERS_DIR")
    candidates = [Path(named)] if named else sorted(root.parent.glob("*/tools/peers"))
    return next((c for c in candidates if (c / "bench.py").is_file()), None)


def run(root: Path, sizes: dict[int, int], say: Callable[[str], None]) -> dict[str, Any]:
    """Measure players a second by peer and size."""
    folder = find(root)
    if folder is None:
        say("  no peers: PEERS_DIR is not set")
        return {}
    results: dict[str, Any] = {}
    for peer, environment in PEERS.items():
        python = _python(environment)
        if why := _missing(peer, python):
            say(f"  {peer}: skipped, {why}")
            results[peer] = {"skipped": why}
            continue
        rows = [row for size, times in sizes.items() for row in _measure(folder, str(python), peer, size, times)]
        results[peer] = {"runs": rows}
        shown = ", ".join(f"N={r['n']}: {r['tasks_per_s']}/s {r['cpu_s_per_1k']} ms CPU" for r in rows)
        say(f"  {peer}: {shown or 'no result'}")
    return results


def _python(environment: str | None) -> Path | None:
    if environment is None:
        return Path(sys.executable)
    base = os.environ.get("PEERS_ENVIRONMENTS")
    python = Path(base) / environment / "bin" / "python" if base else None
    return python if python and python.exists() else None


def _missing(peer: str, python: Path | None) -> str | None:
    if python is None:
        return "its environment is not installed (PEERS_ENVIRONMENTS)"
    if peer == "gcp_emulators" and not _platform():
        return "the emulators are not installed"
    if peer == "redis_streams" and not shutil.which("redis-server"):
        return "redis-server is not installed"
    return None


def _platform() -> str | None:
    from regen.local.emulators import Emulators, find_emulators  # noqa: PLC0415

    found = find_emulators()
    return str(found.pubsub_jar.parents[2]) if isinstance(found, Emulators) else None


def _measure(folder: Path, python: str, peer: str, size: int, times: int) -> list[dict[str, Any]]:
    if peer == "gcp_emulators" and size > 500:
        return []
    env = {**os.environ, "BENCH_GCLOUD": _platform() or "", "BENCH_QUIET": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    argv = [python, "bench.py", peer, str(size), "--runs", str(times), "--timeout", str(SECONDS)]
    try:
        done = subprocess.run(
            argv, cwd=folder, env=env, capture_output=True, text=True, timeout=SECONDS * times, check=False
        )
    except subprocess.TimeoutExpired:
        return []
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return [{k: row[k] for k in ("n", "tasks_per_s", "cpu_s_per_1k", "e2e_s", "ok")} for row in rows]
