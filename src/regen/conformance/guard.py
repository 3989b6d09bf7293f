"""What a system does beside computing: the interpreter's audit events while it runs, but for those of an import."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ACTS = (
    "socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "os.remove", "os.rename", "os.rmdir",
    "os.mkdir", "os.putenv", "os.unsetenv", "os.chdir", "os.truncate", "shutil.", "tempfile.", "urllib.Request", "http.client.",
    "sqlite3.", "time.sleep",
)  # fmt: skip
_CODE = (".py", ".pyc", ".so", ".pyd", ".zip", ".egg")
_seen: dict[int, list[str]] = {}
"""What was seen, by the thread that is watched."""


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    found = _seen.get(threading.get_ident()) if _seen else None
    if found is None:
        return
    if event == "open":
        path, mode = str(arguments[0]), str(arguments[1] or "r")
        if not (path.endswith(_CODE) and not set(mode) & set("wax+")):
            found.append(f"opens {path}")
    elif event.startswith(_ACTS):
        found.append(event)


_hooked: list[bool] = []


@contextmanager
def watched() -> Iterator[list[str]]:
    """The list of what this thread does to the outside, in the interpreter's words: files, sockets, processes, sleep."""
    if not _hooked:
        # A hook can never be taken away: there is one, which looks only while a check watches its thread.
        sys.addaudithook(_hook)
        _hooked.append(True)
    found: list[str] = []
    _seen[threading.get_ident()] = found
    try:
        yield found
    finally:
        _seen.pop(threading.get_ident(), None)
