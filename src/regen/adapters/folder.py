"""The archive in a folder of this machine: the local stack's."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkstemp

from regen.domain.errors import InvalidInput, Unavailable

SERVICE = "the folder of inputs"


class Folder:
    """One folder; a name's slashes are folders below it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, name: str, content: bytes) -> None:
        """Create the file, if there is none of that name; other processes see it whole or not at all."""
        path = self._path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            number, part = mkstemp(prefix=".", suffix=".part", dir=path.parent)
            try:
                with os.fdopen(number, "wb") as file:
                    file.write(content)
                Path(path).hardlink_to(part)
            except FileExistsError:
                return
            finally:
                Path(part).unlink()
        except OSError as error:
            raise Unavailable(f"{self._root}: {error}").of(SERVICE) from error

    def names(self, prefix: str) -> list[str]:
        """All names that begin so, in order."""
        files = (p for p in self._root.rglob("*") if p.is_file() and not p.name.startswith("."))
        return sorted(name for p in files if (name := p.relative_to(self._root).as_posix()).startswith(prefix))

    def read(self, name: str) -> bytes | None:
        """A file's content."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(f"{self._root}: {error}").of(SERVICE) from error

    def _path(self, name: str) -> Path:
        parts = name.split("/")
        if not all(parts) or any(part.startswith(".") for part in parts):
            raise InvalidInput("name", f"parts joined by slashes, none of which begins with a dot; got {name!r}")
        return self._root.joinpath(*parts)
