"""Calling WSGI applications of this process as if over HTTP."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class WsgiServices:
    """Services called within this process."""

    def __init__(self, apps: Mapping[str, WSGIApplication]) -> None:
        self._apps = apps

    def post(self, service: str, path: str, body: bytes, headers: Mapping[str, str], timeout: float) -> int:
        """Call the service; the broker handles late answers."""
        statuses: list[str] = []

        def start_response(
            status: str,
            _headers: list[tuple[str, str]],
            _error: tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None = None,
        ) -> Any:  # noqa: ANN401
            statuses.append(status)
            return lambda _data: None

        answer: Iterable[bytes] = self._apps[service](_environ(path, body, headers), start_response)
        try:
            for _ in answer:
                pass
        finally:
            if close := getattr(answer, "close", None):
                close()
        return int(statuses[0].split(" ", 1)[0])


def _environ(path: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environ
