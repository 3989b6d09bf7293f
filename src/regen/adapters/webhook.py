"""Alerts to a Slack-compatible incoming webhook."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from regen.domain.errors import Unavailable

TIMEOUT_SECONDS = 5.0
SYMBOLS = {"ERROR": ":red_circle:", "WARNING": ":large_yellow_circle:"}


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Refuses redirects: only the setting decides where alerts go."""

    def redirect_request(self, *_: object) -> None:
        return None


class Webhook:
    """Posts one short text per alert. The address is a secret and appears in no error."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opener = urllib.request.build_opener(_NoRedirects)

    def send(self, alert: Mapping[str, Any]) -> None:
        body = json.dumps({"text": text_of(alert)}).encode()
        try:
            request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})  # noqa: S310
            with self._opener.open(request, timeout=TIMEOUT_SECONDS):
                pass
        except urllib.error.HTTPError as error:
            raise Unavailable(f"the webhook answered {error.code}") from None
        except (OSError, ValueError, http.client.HTTPException):
            # Without the cause: some of these errors quote the address.
            raise Unavailable("the webhook does not answer") from None


def text_of(alert: Mapping[str, Any]) -> str:
    """The text of an alert for a chat: its type, fields and cause, the follow-up command, and the runbook's heading."""
    head = f"{SYMBOLS.get(str(alert.get('severity')), '')} *{alert.get('type')}*"
    fields = ("batch_id", "game_date", "requested", "produced", "skipped", "failed", "violations", "games", "why")
    text = f"{head} " + " · ".join(f"{k}: {alert[k]}" for k in fields if alert.get(k) is not None)
    return text + "".join(f"\n{alert[k]}" for k in ("look", "runbook") if alert.get(k))
