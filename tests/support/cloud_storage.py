"""A stand-in for Cloud Storage on loopback: the four calls that the bucket's adapter makes, as Google documents them.

https://cloud.google.com/storage/docs/json_api/v1/objects (insert, get, list) and .../docs/request-preconditions. It is no
emulator: it has one bucket, keeps objects in memory, and knows no accounts. `next_status` makes the next answers errors.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

BUCKET = "my-project-regen-inputs"


@dataclass
class CloudStorage:
    """The bucket.

    Attributes:
        asked: method, path and query of each request.
        next_status: statuses of the next answers, in place of what would have come; the request is not carried out.
        page: the most names of one page of a list.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    next_status: deque[int] = field(default_factory=deque)
    page: int = 1000
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    storage: CloudStorage

    def log_message(self, *_: object) -> None:
        """Write nothing."""

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        path, query = self._asked("POST")
        if self._failed() or self._other_bucket(path, "/upload/storage/v1/b/"):
            return
        name = query["name"]
        # "Setting to 0 makes the operation succeed only if there are no live versions of the object."
        with self.storage.lock:
            there = query.get("ifGenerationMatch") == "0" and name in self.storage.objects
            if not there:
                self.storage.objects[name] = content
        if there:
            self._error(412, "At least one of the pre-conditions you specified did not hold.")
            return
        self._json(200, {"kind": "storage#object", "name": name, "bucket": BUCKET, "size": str(len(content))})

    def do_GET(self) -> None:
        path, query = self._asked("GET")
        if self._failed() or self._other_bucket(path, "/storage/v1/b/"):
            return
        name = unquote(path.partition(f"/b/{BUCKET}/o")[2].removeprefix("/"))
        if not name:
            self._list(query)
        elif name not in self.storage.objects:
            self._error(404, f"No such object: {BUCKET}/{name}")
        elif query.get("alt") == "media":
            self._answer(200, "application/octet-stream", self.storage.objects[name])
        else:
            self._json(200, {"name": name})

    def _list(self, query: dict[str, str]) -> None:
        names = sorted(n for n in self.storage.objects if n.startswith(query.get("prefix", "")))
        start = int(query.get("pageToken", "0"))
        end = start + min(self.storage.page, int(query.get("maxResults", "1000")))
        # A page without names has no `items` at all, and the last one no token.
        page: dict[str, object] = {"items": [{"name": n} for n in names[start:end]]} if names[start:end] else {}
        self._json(200, page | ({"nextPageToken": str(end)} if end < len(names) else {}))

    def _asked(self, method: str) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.storage.asked.append((method, parts.path, query))
        return parts.path, query

    def _failed(self) -> bool:
        if not self.storage.next_status:
            return False
        status = self.storage.next_status.popleft()
        self._error(status, f"answered {status} on purpose")
        return True

    def _other_bucket(self, path: str, before: str) -> bool:
        if path.startswith(f"{before}{BUCKET}/o"):
            return False
        self._error(404, "The specified bucket does not exist.")
        return True

    def _error(self, status: int, message: str) -> None:
        self._json(status, {"error": {"code": status, "message": message, "errors": [{"message": message}]}})

    def _json(self, status: int, body: object) -> None:
        self._answer(status, "application/json; charset=UTF-8", json.dumps(body).encode())

    def _answer(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def cloud_storage() -> Iterator[CloudStorage]:
    """It answers until the block ends."""
    storage = CloudStorage()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"storage": storage}))
    server.daemon_threads = True
    storage.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield storage
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
