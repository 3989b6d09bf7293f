"""A proxy between the functions and a gRPC emulator, which can hold a request that contains given words."""

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
    """Holds the next request that contains all of these words.

    Attributes:
        words: the words, as bytes.
        answer: hold the answer instead of the request.
        matched: whether a request has matched already.
    """

    words: tuple[bytes, ...] = ()
    answer: bool = False
    matched: bool = False


@dataclass
class WireFront:
    """The proxy.

    It finds words in the bytes of a request, because neither protocol buffers nor gRPC compress them.

    Attributes:
        upstream: `host:port` of the emulator; the rig sets it.
    """

    upstream: str = ""
    _gates: list[Gate] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def host(self) -> str:
        """The `host:port` at which it listens."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def gate(self, *words: str, answer: bool = False) -> Gate:
        """Hold the next request with these words, or its answer."""
        gate = Gate(words=tuple(word.encode() for word in words), answer=answer)
        with self._lock:
            self._gates.append(gate)
        return gate

    def release(self) -> None:
        """Drop all held requests, and hold no more."""
        with self._lock:
            for gate in self._gates:
                gate.drop()
            self._gates.clear()

    def close(self) -> None:
        """Drop all held requests and stop listening."""
        self.release()
        self._listener.close()

    def matching_gate(self, text: bytes, port: int) -> Gate | None:
        """Find the gate that holds this request; None if there is none."""
        with self._lock:
            for gate in self._gates:
                if not gate.matched and all(word in text for word in gate.words):
                    gate.matched, gate.port = True, port
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
        threading.Thread(target=connection.forward_answers, daemon=True).start()
        connection.forward_requests()


class _Direction:
    """One direction of a connection. It forwards frame by frame, so that it can hold one call while others go on."""

    def __init__(self, source: socket.socket, sink: socket.socket, start: int) -> None:
        self._source, self._sink, self._start = source, sink, start
        self._sending = threading.Lock()
        self._held: dict[int, list[bytes]] = {}

    def frames(self) -> Iterator[tuple[int, int, int, bytes]]:
        """Yield stream, type, flags and bytes of each frame; the connection preface is part of the first."""
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
        """Forward a frame, or keep it if its call is held."""
        with self._sending:
            if stream in self._held:
                self._held[stream].append(frame)
            else:
                self._sink.sendall(frame)

    def stop(self, stream: int) -> None:
        """Hold this call: keep its frames."""
        with self._sending:
            self._held[stream] = []

    def go_on(self, stream: int) -> None:
        """Release this call: forward its kept frames and all later ones."""
        with self._sending, contextlib.suppress(OSError):
            for frame in self._held.pop(stream):
                self._sink.sendall(frame)


class _Connection:
    """A function's connection to the emulator."""

    def __init__(self, caller: socket.socket, emulator: socket.socket, port: int, front: WireFront) -> None:
        self._ends, self._port, self._front = (caller, emulator), port, front
        self._to_emulator, self._to_caller = _Direction(caller, emulator, _PREFACE), _Direction(emulator, caller, 0)

    def forward_requests(self) -> None:
        bodies: dict[int, bytes] = {}
        with contextlib.suppress(OSError):
            for stream, kind, flags, frame in self._to_emulator.frames():
                if kind == _SETTINGS and not flags & _ACK:
                    self._to_emulator.send(stream, _without_header_compression(frame))
                    continue
                if kind == _DATA:
                    bodies[stream] = bodies.get(stream, b"") + frame[_HEAD:]
                    if gate := self._front.matching_gate(bodies[stream], self._port):
                        self._hold(gate, stream)
                    if flags & _END_STREAM:
                        bodies.pop(stream)
                self._to_emulator.send(stream, frame)
        self._close()

    def forward_answers(self) -> None:
        with contextlib.suppress(OSError):
            for stream, _, _, frame in self._to_caller.frames():
                self._to_caller.send(stream, frame)
        self._close()

    def _hold(self, gate: Gate, stream: int) -> None:
        way = self._to_caller if gate.answer else self._to_emulator
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


def _without_header_compression(settings: bytes) -> bytes:
    """Add to the caller's settings that headers must not refer to earlier ones: held answers change their order."""
    more = b"\x00\x01" + bytes(4)
    at = _PREFACE if settings.startswith(b"PRI") else 0
    length = int.from_bytes(settings[at : at + 3], "big") + len(more)
    return settings[:at] + length.to_bytes(3, "big") + settings[at + 3 :] + more
