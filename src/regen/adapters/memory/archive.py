"""The archive in memory, for tests."""

from __future__ import annotations


class MemoryArchive:
    """Objects by name.

    Attributes:
        objects: all of them; do not change them.
        calls: how often something was to be kept, objects that were there included.
    """

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.calls = 0

    def keep(self, name: str, content: bytes) -> None:
        """Create the object, if there is none of that name."""
        self.calls += 1
        self.objects.setdefault(name, content)

    def names(self, prefix: str) -> list[str]:
        """All names that begin so, in order."""
        return sorted(name for name in self.objects if name.startswith(prefix))

    def read(self, name: str) -> bytes | None:
        """An object's content."""
        return self.objects.get(name)
