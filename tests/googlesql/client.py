"""Google's own SQL front end (PyPI `zetasql`: ZetaSQL as WebAssembly), called with raw protobufs.

The module is compiled once (12 s of CPU, 75 MB kept beside it); after that a process needs half a second.
"""

from __future__ import annotations

import atexit
import ctypes
import fcntl
import threading
from functools import cache
from pathlib import Path
from typing import Any

from wasmtime import Config, Engine, Linker, Module, Store, WasiConfig
from zetasql.core import wasm_client
from zetasql.wasi import get_wasm_path

from googlesql import HOME


class Refused(Exception):
    """GoogleSQL says no, in its own words."""


class _Client(wasm_client.WasmClient):  # type: ignore[misc]
    """The service. The package copies memory byte by byte in Python, which takes 20 s for a catalogue."""

    def __init__(self) -> None:
        wasi = WasiConfig()
        if zones := wasm_client.get_tzinfo_dir():
            wasi.preopen_dir(zones, "/usr/share/zoneinfo")
        config = Config()
        config.shared_memory = True
        engine = Engine(config)
        self.store = Store(engine)
        self.store.set_wasi(wasi)
        self.module = _module(engine)
        linker = Linker(engine)
        linker.define_wasi()
        self.instance = linker.instantiate(self.store, self.module)
        self.exports = self.instance.exports(self.store)
        self.exports["_initialize"](self.store)
        self.memory = self.exports["memory"]

    def write_bytes(self, ptr: int, data: bytes) -> None:
        ctypes.memmove(ctypes.addressof(self.memory.data_ptr().contents) + ptr, data, len(data))

    def read_bytes(self, ptr: int, size: int) -> bytes:
        return ctypes.string_at(ctypes.addressof(self.memory.data_ptr().contents) + ptr, size)


def _module(engine: Any) -> Any:
    compiled: Path = HOME / "zetasql.cwasm"
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not compiled.exists():
            part = compiled.with_suffix(".part")
            part.write_bytes(Module.from_file(engine, get_wasm_path()).serialize())
            part.replace(compiled)
    return Module.deserialize_file(engine, str(compiled))


#: The service runs one call at a time; the ledger asks from several threads.
_ONE = threading.Lock()


@cache
def _client() -> _Client:
    atexit.register(_client.cache_clear)
    return _Client()


def call(name: str, request: Any, response: Any) -> Any:
    """One call of the service.

    Raises:
        Refused: with GoogleSQL's own text.
    """
    try:
        with _ONE:
            return _client().call_grpc_func(f"ZetaSqlLocalService_{name}", request, response)
    except Exception as error:  # noqa: BLE001 - the package raises a bare one
        raise Refused(str(error)) from None
