"""A package of another author, with a system in it: a wheel as any builder makes it, written here, and installed without a network."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

NAME = "tiny_points"
"""The entry point, and the id of the system."""
GOOD = """
from regen.domain.errors import InsufficientData
from regen.domain.estimate import Estimate
from regen.domain.recommendation import closeness


class Tiny:
    system_id = "tiny_points"
    version = "1"
    requires = ()

    def estimate(self, inputs, others):
        if not inputs.recent_games:
            raise InsufficientData("no_history", "nothing to take a mean of")
        points = sum(game.points for game in inputs.recent_games) / len(inputs.recent_games)
        return Estimate(points, 6.0, closeness(points, 6.0))


def make():
    return Tiny()
"""


def wheel(
    folder: Path, source: str = GOOD, *, version: str = "1.0.0", name: str = NAME, project: str = "tiny-points"
) -> Path:
    """Write the wheel of a project, with one module, whose `make` is the system."""
    stem = project.replace("-", "_")
    module, info = f"{stem}_module", f"{stem}-{version}.dist-info"
    files = {
        f"{module}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[regen.systems]\n{name} = {module}:make\n",
    }
    lines = [f"{path},sha256={_hash(text)},{len(text.encode())}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in files.items():
            archive.writestr(zipfile.ZipInfo(each), text)
    return path


def _hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def install(path: Path, target: Path) -> Path:
    """Install a wheel without dependencies or scripts into a folder: it is unpacked."""
    zipfile.ZipFile(path).extractall(target)
    return target


def pinned(path: Path) -> str:
    """The line of requirements/systems.txt for a wheel in requirements/wheels/."""
    return f"./wheels/{path.name} \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"
