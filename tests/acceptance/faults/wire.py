"""Stands between the functions and an emulator that speaks gRPC: holds the request that carries certain words."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from acceptance.faults.holding import Held

_CHUNK = 1 << 16
_PREFACE = 24
_HEAD = 9
_DATA, _END_STREAM = 0, 1
_SETTINGS, _ACK = 4, 1


@dataclass
class Gate(Held):
    """Holds the next request that carries all of these words.

    Attributes:
        answer: the request passes, its answer is held.
    """

    words: tuple[bytes, ...] = ()
    answer: bool = False
    met: bool = False


@dataclass
class WireFront:
    """The front; `upstream` is `host:port` of the emulator, once that is known.

    Words are in the requests as they are: neither protocol buffers nor gRPC compress.
    """

    upstream: str = ""
    _gates: list[Gate] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def host(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def gate(self, *words: str, answer: bool = False) -> Gate:
        """Hold a request, or its answer."""
        gate = Gate(words=tuple(word.encode() for word in words), answer=answer)
        with self._lock:
            self._gates.append(gate)
        return gate

    def release(self) -> None:
        """Drop what is held, and hold nothing more."""
        with self._lock:
            for gate in self._gates:
                gate.drop()
            self._gates.clear()

    def close(self) -> None:
        """Listen no more."""
        self.release()
        self._listener.close()

    def met(self, text: bytes, port: int) -> Gate | None:
        """The gate that this request has to stop at."""
        with self._lock:
            for gate in self._gates:
                if not gate.met and all(word in text for word in gate.words):
                    gate.met, gate.port = True, port
                    return gate
        return None

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, address = self._listener.accept()
                threading.Thread(target=self._serve, args=(caller, int(address[1])), daemon=True).start()

    def _serve(self, caller: socket.socket, port: int) -> None:
        host, _, number = self.upstream.rpartition(":")
        try:
            emulator = socket.create_connection((host, int(number)))
        except OSError:
            caller.close()
            return
        for end in (caller, emulator):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _Connection(caller, emulator, port, self)
        threading.Thread(target=connection.answers, daemon=True).start()
        connection.requests()


class _Way:
    """One direction of a connection: frames pass one by one, so that one call can be held while the others go on."""

    def __init__(self, source: socket.socket, sink: socket.socket, start: int) -> None:
        self._source, self._sink, self._start = source, sink, start
        self._sending = threading.Lock()
        self._held: dict[int, list[bytes]] = {}

    def frames(self) -> Iterator[tuple[int, int, int, bytes]]:
        """Stream, type, flags and bytes of each frame; what opens the connection goes with the first."""
        known, start = b"", self._start
        while chunk := self._source.recv(_CHUNK):
            known += chunk
            while len(known) >= start + _HEAD:
                end = start + _HEAD + int.from_bytes(known[start : start + 3], "big")
                if len(known) < end:
                    break
                stream = int.from_bytes(known[start + 5 : start + 9], "big") & 0x7FFFFFFF
                yield stream, known[start + 3], known[start + 4], known[:end]
                known, start = known[end:], 0

    def send(self, stream: int, frame: bytes) -> None:
        """Pass a frame on, or keep it with the others of its call."""
        with self._sending:
            if stream in self._held:
                self._held[stream].append(frame)
            else:
                self._sink.sendall(frame)

    def stop(self, stream: int) -> None:
        """Keep what comes of this call."""
        with self._sending:
            self._held[stream] = []

    def go_on(self, stream: int) -> None:
        """Pass on what was kept, and what comes."""
        with self._sending, contextlib.suppress(OSError):
            for frame in self._held.pop(stream):
                self._sink.sendall(frame)


class _Connection:
    """One connection of a function."""

    def __init__(self, caller: socket.socket, emulator: socket.socket, port: int, front: WireFront) -> None:
        self._ends, self._port, self._front = (caller, emulator), port, front
        self._there, self._back = _Way(caller, emulator, _PREFACE), _Way(emulator, caller, 0)

    def requests(self) -> None:
        told: dict[int, bytes] = {}
        with contextlib.suppress(OSError):
            for stream, kind, flags, frame in self._there.frames():
                if kind == _SETTINGS and not flags & _ACK:
                    self._there.send(stream, _without_memory(frame))
                    continue
                if kind == _DATA:
                    told[stream] = told.get(stream, b"") + frame[_HEAD:]
                    if gate := self._front.met(told[stream], self._port):
                        self._hold(gate, stream)
                    if flags & _END_STREAM:
                        told.pop(stream)
                self._there.send(stream, frame)
        self._close()

    def answers(self) -> None:
        with contextlib.suppress(OSError):
            for stream, _, _, frame in self._back.frames():
                self._back.send(stream, frame)
        self._close()

    def _hold(self, gate: Gate, stream: int) -> None:
        way = self._back if gate.answer else self._there
        way.stop(stream)

        def decide() -> None:
            if gate.hold():
                way.go_on(stream)
            else:
                self._close()

        threading.Thread(target=decide, daemon=True).start()

    def _close(self) -> None:
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _without_memory(settings: bytes) -> bytes:
    """The caller's settings, and that headers are not to be compressed by what was sent before: answers change places."""
    more = b"\x00\x01" + bytes(4)
    at = _PREFACE if settings.startswith(b"PRI") else 0
    length = int.from_bytes(settings[at : at + 3], "big") + len(more)
    return settings[:at] + length.to_bytes(3, "big") + settings[at + 3 :] + more
