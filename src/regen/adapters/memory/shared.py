"""The store and queue shared by the three functions of one process (`REGEN_BACKEND=memory`)."""

from __future__ import annotations

from regen.adapters.memory.store import MemoryStore
from regen.ports import Queue

store = MemoryStore()
queue: Queue | None = None
