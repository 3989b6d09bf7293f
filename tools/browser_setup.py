"""What the tests in a browser need: Debian's Chromium, its driver, axe-core. Installs what is missing, or says it by name and fails."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "browser.txt"
NAMES = ("chromium", "chromium-headless-shell", "google-chrome")


def packages() -> list[str]:
    """The Python packages that are still missing after an attempt to install them."""
    wanted = ("playwright", "axe_playwright_python")
    if all(importlib.util.find_spec(name) for name in wanted):
        return []
    uv = Path(sys.executable).with_name("uv")
    tool = (
        [str(uv), "pip", "install", "--python", sys.executable]
        if uv.exists()
        else [sys.executable, "-m", "pip", "install"]
    )
    subprocess.run([*tool, "--quiet", "--require-hashes", "-r", str(LOCK)], check=False)
    importlib.invalidate_caches()
    return [
        f"the Python package {name} (requirements/browser.txt)" for name in wanted if not importlib.util.find_spec(name)
    ]


def browser() -> list[str]:
    """Chromium, if it is missing after an attempt to install it."""
    if any(map(shutil.which, NAMES)):
        return []
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-q"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"], check=False)
    return (
        []
        if any(map(shutil.which, NAMES))
        else [f"a browser: one of {', '.join(NAMES)} (Debian: apt-get install chromium)"]
    )


def main() -> int:
    """1 if something is missing."""
    missing = [*packages(), *browser()]
    for name in missing:
        print(f"missing: {name}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
