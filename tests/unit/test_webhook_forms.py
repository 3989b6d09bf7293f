"""Alerts as each place takes them: its documented form, its limits, its markup; in bounded time."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from regen.adapters import webhook
from regen.adapters.webhook import Webhook
from regen.adapters.webhook_forms import FORMS, Links
from regen.domain.alerts import AlertKind, alert, key_of
from regen.domain.errors import AlertRefused, Unavailable
from support.fake_coordinator import FakeCoordinator, serving

FIXTURES = Path(__file__).parents[1] / "fixtures" / "alerts"
KEY = "0123456789abcdef0123456789ABCDEF"
LINKS = Links("https://console.example", "my-project")
SIZES = {"slack": 60_000, "teams": 28_000, "pagerduty": 512_000, "json": 512_000}
EVIL = "<!channel> *bold* [click](javascript:alert) & <https://evil.example|here> \x1b[31m \u202e @everyone"
HUGE = (EVIL + '\U0001f3c0&<>"\\') * 2000


@pytest.fixture(scope="module")
def receiver() -> Iterator[FakeCoordinator]:
    with serving() as fake:
        fake.say("POST /hook", (202, {"status": "success"}))
        yield fake


def schema(form: str) -> Any:
    if form == "json":
        return {"type": "object", "required": ["type", "why", "dedup_key", "resolved", "links"]}
    return json.loads((FIXTURES / f"{form}.json").read_text())


def raised(kind: AlertKind = AlertKind.BATCH_REJECTED, why: str = "coverage is 50 %", **more: Any) -> dict[str, Any]:
    fields = {"batch_id": "regen_2026-01-20_x_1", "game_date": "2026-01-20", "requested": 10, "coverage_pct": 50.0}
    told = alert(kind, why, **(fields | more))
    return {**told, "event_id": "e1", "runbook": f"https://docs.example/operations.md#{kind}"}


def sent(receiver: FakeCoordinator, form: str, content: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """What the receiver got, and its size."""
    address = f"{receiver.url}/hook" + (f"?routing_key={KEY}" if form == "pagerduty" else "")
    receiver.asked.clear()
    Webhook(address, form, LINKS).send(content)
    ((route, body, headers),) = receiver.asked
    assert route == "POST /hook", "PagerDuty's key stands in the event alone"
    assert headers["Content-Type"] == "application/json"
    assert body is not None
    return body, int(headers["Content-Length"])


@pytest.mark.parametrize("form", FORMS)
def test_a_receiver_gets_its_documented_form(form: str, receiver: FakeCoordinator) -> None:
    rules = OAS31Validator(schema(form))
    contents = [raised(kind) for kind in AlertKind]
    contents += [
        alert(AlertKind.ACCESS_DENIED, "denied", service="BigQuery"),
        {"type": "of_a_later_version", "why": ""},
    ]
    contents += [raised(why="promoted since", resolved=True), raised(why=HUGE, service=HUGE, path=HUGE, look=HUGE)]
    for content in contents:
        body, size = sent(receiver, form, content)
        rules.validate(body)
        assert size <= SIZES[form], size


@pytest.mark.parametrize("form", FORMS)
def test_links_lead_to_the_batch_and_the_runbook(form: str) -> None:
    text = json.dumps(FORMS[form](raised(), LINKS))
    assert "https://console.example/batches/regen_2026-01-20_x_1" in text
    assert "https://docs.example/operations.md#batch_rejected" in text
    bare = FORMS[form]({"type": "coverage_low", "why": "x", "runbook": "docs/operations.md#coverage_low"}, Links())
    OAS31Validator(schema(form)).validate({**bare, **({"routing_key": KEY} if form == "pagerduty" else {})})


def test_slack_reads_no_markup_in_what_upstream_wrote() -> None:
    message = FORMS["slack"](raised(why=EVIL, path=EVIL, batch_id="<!here>|x", look=EVIL), LINKS)
    texts = [message["text"]]
    for block in message["blocks"]:
        for text in (block.get("text"), *block.get("fields", ())):
            if text and text["type"] == "mrkdwn":
                assert text["verbatim"]
                assert text["text"].count("<") == text["text"].count("|") == text["text"].count(">") == 2
            elif text:
                assert text["emoji"] is False
                texts.append(text["text"])
    assert not any("<" in text or ">" in text or "\x1b" in text or "\u202e" in text for text in texts)
    assert "&lt;!channel&gt; *bold*" in message["blocks"][1]["text"]["text"]


def test_slack_cuts_no_entity_in_half() -> None:
    text = FORMS["slack"](raised(why="&" * 5000), LINKS)["blocks"][1]["text"]["text"]
    assert text.removesuffix("\N{HORIZONTAL ELLIPSIS}").replace("&amp;", "") == ""
    assert 2900 < len(text) <= 3000


def test_teams_reads_no_markdown_in_what_upstream_wrote() -> None:
    card = FORMS["teams"](raised(why=EVIL, path=EVIL), LINKS)["attachments"][0]["content"]
    runs = [run for block in card["body"] for run in block["inlines"]]
    assert {run["type"] for run in runs} == {"TextRun"}, "a text block or a fact would be read as Markdown"
    assert any("[click](javascript:alert)" in run["text"] for run in runs)


def test_pagerduty_ends_what_it_began() -> None:
    first, again = raised(), raised(why="twice", batch_id="regen_2026-01-20_x_2")
    over = {**raised(why="promoted"), "resolved": True}
    began, repeated, ended = (FORMS["pagerduty"](content, LINKS) for content in (first, again, over))
    assert [e["event_action"] for e in (began, repeated, ended)] == ["trigger", "trigger", "resolve"]
    assert {e["dedup_key"] for e in (began, repeated, ended)} == {"regen/batch_rejected/2026-01-20"}
    assert (began["payload"]["severity"], began["payload"]["source"]) == ("error", "my-project")
    assert len(key_of({"type": "record_unreadable", "path": "x" * 900})) <= 255


@pytest.mark.parametrize(
    ("status", "error"), [(400, AlertRefused), (404, AlertRefused), (429, Unavailable), (503, Unavailable)]
)
def test_a_refusal_is_told_from_a_silence(status: int, error: type[Exception], receiver: FakeCoordinator) -> None:
    receiver.say("POST /no", (status, {}))
    with pytest.raises(Unavailable) as caught:
        Webhook(f"{receiver.url}/no?routing_key={KEY}", "pagerduty").send(raised())
    assert type(caught.value) is error
    assert KEY not in str(caught.value)


def test_an_answer_that_drips_in_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                for letter in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40:
                    try:
                        connection.sendall(bytes([letter]))
                    except OSError:
                        return
                    time.sleep(0.02)

        threading.Thread(target=drip, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(Unavailable, match="within"):
            Webhook(f"http://127.0.0.1:{server.getsockname()[1]}/x").send(raised())
        assert time.monotonic() - began < 5


def test_a_proxy_is_not_asked_for_this_machine(receiver: FakeCoordinator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    sent(receiver, "json", raised())
