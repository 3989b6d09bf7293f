"""The HTTP call itself: apart, because what it imports takes longer than most commands need to say what is wrong."""

from __future__ import annotations

import urllib.request
from collections.abc import Mapping
from http.client import HTTPMessage, HTTPResponse
from typing import IO, cast


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A key is for the address it was given for, and for no other."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def opened(
    url: str, data: bytes | None, headers: Mapping[str, str], *, method: str, seconds: float, direct: bool
) -> HTTPResponse:
    """The answer to a request; redirects are not followed.

    Args:
        direct: whether no proxy may be asked.
    """
    request = urllib.request.Request(url, data, dict(headers), method=method)  # noqa: S310
    proxies = [urllib.request.ProxyHandler({})] if direct else []
    return cast("HTTPResponse", urllib.request.build_opener(_NoRedirect, *proxies).open(request, timeout=seconds))
