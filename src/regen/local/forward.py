"""Posting to the services, spread over their instances."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Mapping, Sequence
from typing import Protocol
from urllib.parse import urlsplit

REFUSED, BROKEN, LATE = 503, 502, 504


class Services(Protocol):
    """The targets of deliveries."""

    def post(self, service: str, path: str, body: bytes, headers: Mapping[str, str], timeout: float) -> int:
        """Deliver, and return the status of the answer. A failure of the service raises no error."""
        ...


class HttpServices:
    """Services behind HTTP, each with one or more instances; a call goes to the one with the fewest calls under way.

    Every call opens its own connection, so that a free one of several processes sharing a port accepts it. A kept
    connection would stay with the process that once accepted it.
    """

    def __init__(self, targets: Mapping[str, Sequence[str]]) -> None:
        self._addresses = {service: [_address(url) for url in urls] for service, urls in targets.items()}
        self._under_way = {address: 0 for addresses in self._addresses.values() for address in addresses}
        self._lock = threading.Lock()

    def post(self, service: str, path: str, body: bytes, headers: Mapping[str, str], timeout: float) -> int:
        """Deliver to one instance; refused, broken and late calls get distinct statuses."""
        address = self._take(service)
        connection = http.client.HTTPConnection(*address, timeout=timeout)
        try:
            connection.request("POST", path, body, {**headers, "Connection": "close"})
            return connection.getresponse().status
        except ConnectionRefusedError:
            return REFUSED
        except TimeoutError:
            return LATE
        except (OSError, http.client.HTTPException):
            return BROKEN
        finally:
            connection.close()
            with self._lock:
                self._under_way[address] -= 1

    def _take(self, service: str) -> tuple[str, int]:
        with self._lock:
            addresses = self._addresses[service]
            address = min(addresses, key=self._under_way.__getitem__)
            # Equal ones take turns.
            addresses.remove(address)
            addresses.append(address)
            self._under_way[address] += 1
            return address


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 80
