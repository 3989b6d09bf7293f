"""The one store and queue of a process that hosts all three functions (`REGEN_BACKEND=memory`)."""

from __future__ import annotations

from regen.adapters.memory.store import MemoryStore
from regen.ports import Queue

store = MemoryStore()
queue: Queue | None = None
