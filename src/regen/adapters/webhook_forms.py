"""An alert in the form that each place takes: Slack, Teams, PagerDuty, or plain JSON.

Alerts quote names and errors from upstream. They stand only where the vendor reads no markup, escaped as the vendor says,
and within the vendor's limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from regen.domain.alerts import key_of
from regen.domain.texts import visible

Alert = Mapping[str, Any]
MARKS = {"ERROR": "\N{LARGE RED CIRCLE}", "WARNING": "\N{LARGE YELLOW CIRCLE}"}
FIXED = "\N{LARGE GREEN CIRCLE}"
FIELDS = (
    "batch_id",
    "game_date",
    "requested",
    "produced",
    "skipped",
    "failed",
    "coverage_pct",
    "violations",
    "games",
    "service",
    "path",
    "source",
    "system_id",
    "as_of_date",
)
WHY, VALUE = 3000, 200
"""Most characters of a cause, and of a field's value."""
SLACK_HEADER, SLACK_TEXT, SLACK_FIELD, SLACK_FIELDS = 150, 3000, 2000, 10
"""https://docs.slack.dev/reference/block-kit/blocks/section-block, .../header-block"""
PAGERDUTY_SUMMARY = 1024
"""https://developer.pagerduty.com/docs/send-alert-event; a whole event has at most 512 kB."""
CARD = "application/vnd.microsoft.card.adaptive"


class Links(Struct, frozen=True):
    """Where messages point to.

    Attributes:
        console: address of the console; empty for none.
        source: name of the system.
    """

    console: str = ""
    source: str = "regen"

    def of(self, alert: Alert) -> Iterator[tuple[str, str]]:
        """The links of an alert: what it is called, and its address."""
        if self.console and alert.get("batch_id"):
            yield "Open batch", f"{self.console.rstrip('/')}/batches/{quote(str(alert['batch_id']), safe='')}"
        elif self.console and alert.get("game_date"):
            yield "Open date", f"{self.console.rstrip('/')}/dates/{quote(str(alert['game_date']), safe='')}"
        if (runbook := str(alert.get("runbook") or "")).startswith(("https://", "http://")):
            yield "Runbook", runbook


def slack(alert: Alert, links: Links) -> dict[str, Any]:
    """A message of an incoming webhook, with blocks; `text` is for notifications and for chats without blocks."""
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(_head(alert), SLACK_HEADER)},
        {"type": "section", "text": _plain(_why(alert), SLACK_TEXT)},
    ]
    fields = [_plain(f"{name}: {value}", SLACK_FIELD) for name, value in _facts(alert)]
    if fields:
        blocks.append({"type": "section", "fields": fields[:SLACK_FIELDS]})
    if alert.get("look"):
        blocks.append({"type": "section", "text": _plain(f"next: {alert['look']}", SLACK_TEXT)})
    named = [f"<{_escaped(url)}|{name}>" for name, url in links.of(alert)]
    if named:
        text = {"type": "mrkdwn", "verbatim": True, "text": " · ".join(named)[:SLACK_TEXT]}
        blocks.append({"type": "section", "text": text})
    return {"text": text_of(alert), "blocks": blocks}


def text_of(alert: Alert) -> str:
    """The text of an alert for a chat: its type, fields and cause, the follow-up command, and the runbook's heading."""
    facts = " · ".join(f"{name}: {value}" for name, value in (*_facts(alert), ("why", _why(alert))))
    lines = [
        f"{_head(alert)} ({alert.get('type')}) {facts}",
        *(str(alert[k]) for k in ("look", "runbook") if alert.get(k)),
    ]
    return "\n".join(_fitted(line, SLACK_TEXT, _escaped) for line in lines)


def teams(alert: Alert, links: Links) -> dict[str, Any]:
    """What the workflow "Post to a channel when a webhook request is received" takes: a message with an Adaptive Card.

    A text run has no markup, while text blocks and facts are read as Markdown
    (https://learn.microsoft.com/adaptive-cards/schema-explorer/text-run). A message has at most 28 kB
    (https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook).
    """
    body = [_runs((_head(alert), {"weight": "Bolder", "size": "Large"})), _runs((_why(alert), {}))]
    body += [_runs((f"{name}: ", {"weight": "Bolder"}), (value, {})) for name, value in _facts(alert)]
    if alert.get("look"):
        body.append(_runs((str(alert["look"]), {"fontType": "Monospace"})))
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": name, "url": url} for name, url in links.of(alert)],
    }
    return {"type": "message", "attachments": [{"contentType": CARD, "contentUrl": None, "content": card}]}


def pagerduty(alert: Alert, links: Links) -> dict[str, Any]:
    """An event of the Events API v2, without its routing key; an alert and its end have the same `dedup_key`."""
    event: dict[str, Any] = {"event_action": "trigger", "dedup_key": key_of(alert)}
    if alert.get("resolved"):
        return {**event, "event_action": "resolve"}
    severity = {"ERROR": "error", "WARNING": "warning"}.get(str(alert.get("severity")), "info")
    return {
        **event,
        "payload": {
            "summary": _fitted(f"{_title(alert)}: {_why(alert)}", PAGERDUTY_SUMMARY),
            "source": links.source,
            "severity": severity,
            "component": "regen",
            "group": str(alert.get("game_date") or "regen")[:VALUE],
            "class": str(alert.get("type"))[:VALUE],
            "custom_details": {
                **dict(_facts(alert)),
                "why": _why(alert),
                "next": _fitted(alert.get("look") or "-", WHY),
            },
        },
        "client": "regen",
        "links": [{"href": url, "text": name} for name, url in links.of(alert)],
    }


def plain_json(alert: Alert, links: Links) -> dict[str, Any]:
    """The alert as it is on the topic, with its key and links."""
    known = {k: _fitted(v, WHY) if isinstance(v, str) else v for k, v in alert.items()}
    return {
        **known,
        "resolved": bool(alert.get("resolved")),
        "dedup_key": key_of(alert),
        "links": dict(links.of(alert)),
    }


FORMS: Mapping[str, Callable[[Alert, Links], dict[str, Any]]] = {
    "slack": slack,
    "teams": teams,
    "pagerduty": pagerduty,
    "json": plain_json,
}


def _head(alert: Alert) -> str:
    if alert.get("resolved"):
        return f"{FIXED} resolved: {_title(alert)}"
    return f"{MARKS.get(str(alert.get('severity')), '')} {_title(alert)}".strip()


def _title(alert: Alert) -> str:
    day = alert.get("game_date")
    return str(alert.get("type")).replace("_", " ") + (f", {day}" if day else "")


def _why(alert: Alert) -> str:
    return _fitted(alert.get("why") or "-", WHY)


def _facts(alert: Alert) -> Iterator[tuple[str, str]]:
    for name in FIELDS:
        if alert.get(name) is not None:
            yield name.replace("_", " "), _fitted(alert[name], VALUE)


def _plain(text: str, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "emoji": False, "text": _fitted(text, most, _escaped)}


def _runs(*parts: tuple[str, Mapping[str, str]]) -> dict[str, Any]:
    runs = [{"type": "TextRun", "text": _fitted(text, WHY), **style} for text, style in parts]
    return {"type": "RichTextBlock", "inlines": runs}


def _escaped(text: str) -> str:
    """Slack's three control characters as entities (https://docs.slack.dev/messaging/formatting-message-text#escaping)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _fitted(value: object, most: int, write: Callable[[str], str] = str) -> str:
    """A text of at most so many characters as it is written, and at least one; what a screen would obey is written out, line ends too."""
    text = visible(str(value)) or "-"
    if len(write(text)) <= most:
        return write(text)
    text = text[: most - 1]
    while len(write(text)) > most - 1:
        text = text[: -max(1, (len(write(text)) - most + 1) // 5)]
    return write(text) + "\N{HORIZONTAL ELLIPSIS}"
