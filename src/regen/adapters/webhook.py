"""Alerts to a webhook: Slack, Teams, PagerDuty, or plain JSON."""

from __future__ import annotations

import http.client
import json
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from regen.adapters.webhook_forms import FORMS, Links
from regen.domain.addresses import on_loopback
from regen.domain.errors import AlertRefused, Unavailable

TIMEOUT_SECONDS = 5.0
"""For one alert all in all, the look-up of the name included."""
ROUTING_KEY = "routing_key"
LATER = frozenset({408, 425, 429})


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Refuses redirects: only the setting decides where alerts go."""

    def redirect_request(self, *_: object) -> None:
        return None


class Webhook:
    """Posts one message per alert. The address is a secret and appears in no error."""

    def __init__(self, url: str, form: str = "slack", links: Links | None = None) -> None:
        """With the format of the messages, and where they point to.

        Args:
            url: PagerDuty's has its key in the query, as `routing_key`; it is sent in the event alone.
        """
        self._url, self._more = (url, {}) if form != "pagerduty" else _without_key(url)
        self._form, self._links = FORMS[form], links or Links()

    def send(self, alert: Mapping[str, Any]) -> None:
        """Deliver an alert.

        Raises:
            AlertRefused: the receiver does not take it, and would not take it again.
            Unavailable: it has not taken it.
        """
        body = json.dumps({**self._more, **self._form(alert, self._links)}, ensure_ascii=False, default=str)
        answer: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
        # A thread of its own: neither the look-up of a name nor an answer that drips in has a limit of time.
        threading.Thread(target=lambda: answer.put(self._posted(body.encode())), name="webhook", daemon=True).start()
        try:
            error = answer.get(timeout=TIMEOUT_SECONDS)
        except queue.Empty:
            raise Unavailable(f"the webhook has not answered within {TIMEOUT_SECONDS:g} s") from None
        if error is not None:
            raise error

    def _posted(self, body: bytes) -> Exception | None:
        try:
            request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})  # noqa: S310
            with self._opener().open(request, timeout=TIMEOUT_SECONDS):
                return None
        except urllib.error.HTTPError as error:
            error.close()
            if 400 <= error.code < 500 and error.code not in LATER:
                return AlertRefused(f"the webhook answered {error.code}: it does not take this alert")
            return Unavailable(f"the webhook answered {error.code}")
        except (OSError, ValueError, http.client.HTTPException):
            # Without the cause: some of these errors quote the address.
            return Unavailable("the webhook does not answer")

    def _opener(self) -> urllib.request.OpenerDirector:
        """Addresses of this machine are not reached through a proxy."""
        direct = [urllib.request.ProxyHandler({})] if on_loopback(self._url) else []
        return urllib.request.build_opener(_NoRedirects, *direct)


def _without_key(url: str) -> tuple[str, dict[str, str]]:
    """PagerDuty's address as it is called, and the key that its query has."""
    parts = urlsplit(url)
    asked = parse_qsl(parts.query)
    key = next((value for name, value in asked if name == ROUTING_KEY), "")
    return parts._replace(query=urlencode([p for p in asked if p[0] != ROUTING_KEY])).geturl(), {ROUTING_KEY: key}
