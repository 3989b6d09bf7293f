"""Pushes of the largest size that Pub/Sub allows: the real server records them at once, in bounded memory."""

from __future__ import annotations

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from acceptance.doors import THREADS, Door, read_answer, request, serving
from support.web_bench import PUSHER, signer

LARGEST = 10_000_000
"""The most bytes of data that Pub/Sub allows; its envelope holds them in base64."""
DOORS = {
    "coordinator": ["/regenerate-pubsub"],
    "worker": ["/"],
    "verifier": ["/verify", "/events/batch", "/dead-letters"],
}


def push(door: Door, path: str, size: int, message_id: str) -> bytes:
    """Push this many bytes of data as Pub/Sub does; return the status."""
    data = base64.b64encode(hashlib.sha256(message_id.encode()).digest() * (size // 32)).decode()
    message = {"attributes": {"k": "v"}, "data": data, "messageId": message_id, "message_id": message_id}
    body = json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()
    head = {"Authorization": signer().bearer(PUSHER), "Content-Length": str(len(body))}
    with door.connect() as one:
        one.sendall(request("POST", path, head) + body)
        return read_answer(one).split()[1]


@pytest.mark.parametrize("service", list(DOORS))
def test_a_push_of_ten_megabytes_is_recorded_and_acknowledged(service: str) -> None:
    with serving(service) as door:
        before = door.ask("/recorded")["peak_mib"]
        for number, path in enumerate(DOORS[service]):
            for size in (790_000, LARGEST):
                name = f"{number}{size}"
                assert push(door, path, size, name) == b"204"
                assert push(door, path, size, name) == b"204", "delivered again"
                entries = [e for e in door.ask("/recorded")["entries"] if e["trigger_id"] == name]
                assert len(entries) == 1
                assert "1048576 bytes" in entries[0]["error"]
                assert entries[0]["size"] < 200_000
        with ThreadPoolExecutor(THREADS) as pool:
            path = DOORS[service][0]
            statuses = list(pool.map(lambda n: push(door, path, LARGEST, f"at-once-{n}"), range(THREADS)))
        assert statuses == [b"204"] * THREADS
        assert door.ask("/recorded")["peak_mib"] - before < 64
