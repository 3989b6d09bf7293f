"""No key, token or address of a webhook is ever said again: not in a log, an answer, an error, a record or a repr."""

from __future__ import annotations

import json
import logging
import traceback
from typing import Any

import pytest

from regen.adapters.webhook import Webhook
from regen.domain.errors import Unavailable
from regen.services.batch import opening
from regen.web.callers import Gatekeeper
from regen.web.settings import read_settings
from support.fake_coordinator import serving
from support.league import DAY
from support.web_bench import Web, envelope, environment, pushed, ticked, token

CANARY = "canary-0123456789-canary"
HOOK = f"https://hooks.example/{CANARY}"
SETTINGS = read_settings(
    environment(REGEN_API_KEYS=f"me:{CANARY}-key,you:{CANARY}-other", REGEN_WEBHOOK_URL=HOOK, REGEN_CODE_VERSION="1")
)
REGENERATE = "/regenerate-with-supersede"


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def _secrets() -> list[str]:
    return [CANARY, *(header["Authorization"].removeprefix("Bearer ") for header in (pushed(), ticked()))]


def _told(web: Web, caplog: pytest.LogCaptureFixture) -> str:
    records = [{**vars(record), "text": record.getMessage()} for record in caplog.records]
    return (
        json.dumps([records, web.everything(), web.bench.queue.published, web.bench.warehouse.audit()], default=repr)
        + caplog.text
    )


def test_calls_leave_no_secret_in_records_or_logs(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = Web(settings=SETTINGS)
    day = DAY.isoformat()
    answers = []
    forged = {"Authorization": token({"note": CANARY}, {"alg": "RS256", "kid": CANARY})}
    bodies = (b"{", b"[]", json.dumps({"game_date": day}).encode(), b'{"game_date": "x"}')
    for key in ({"X-API-Key": f"{CANARY}-key"}, {"X-API-Key": f"{CANARY}-wrong"}):
        answers += [web.call("coordinator", "POST", REGENERATE, body, key) for body in bodies]
        answers += [web.call("coordinator", "GET", path, headers=key) for path in ("/ready", "/batches", "/no")]
    for service, path in (
        ("coordinator", "/regenerate-pubsub"),
        ("worker", "/"),
        ("verifier", "/verify"),
        ("verifier", "/dead-letters"),
        ("verifier", "/events/batch"),
        ("verifier", "/sweep"),
    ):
        for headers in (pushed(), ticked(), forged):
            for body in (
                b"{",
                envelope(b"x"),
                envelope({"batch_id": "b1", "request_id": "r1", "round": 1, "game_date": day}),
            ):
                answers.append(web.call(service, "POST", path, body, {**headers, "ce-document": "x/y/z"}))

    def fail(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(opening, "open_batch", fail)
    answers.append(
        web.call(
            "coordinator", "POST", REGENERATE, json.dumps({"game_date": day}).encode(), {"X-API-Key": f"{CANARY}-key"}
        )
    )
    answers.append(web.call("coordinator", "POST", "/regenerate-pubsub", envelope({"game_date": day}), pushed()))
    assert {answer.status_code for answer in answers} >= {200, 202, 204, 400, 401, 403, 404, 500}
    told = _told(web, caplog) + "".join(answer.text + str(answer.headers) for answer in answers)
    assert web.bench.audited("malformed")
    assert not [secret for secret in _secrets() if secret in told]
    assert forged["Authorization"].split(".")[1] not in told


def test_secrets_are_hidden_in_reprs() -> None:
    for holder in (SETTINGS, Gatekeeper(SETTINGS), Webhook(HOOK), SETTINGS.api_keys, SETTINGS.webhook_url):
        assert CANARY not in repr(holder)


@pytest.mark.parametrize(
    "address",
    [f"hooks.example/{CANARY}", f"https://127.0.0.1:9/{CANARY}", f"https://x y/{CANARY}\n", f"http://[{CANARY}"],
)
def test_unreachable_webhook_is_not_named(address: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Unavailable) as error:
        Webhook(address).send({"type": "batch_rejected", "why": "x"})
    logging.getLogger("regen.test").error("not delivered", exc_info=error.value)
    assert CANARY not in "".join(traceback.format_exception(error.value)) + caplog.text


def test_webhook_redirect_is_not_followed() -> None:
    with serving() as chat:
        chat.say("POST /hook", (302, {}))
        chat.say("GET /elsewhere", (200, {}))
        with pytest.raises(Unavailable):
            Webhook(f"{chat.url}/hook").send({"type": "batch_rejected", "why": "x"})
        assert [route for route, _, _ in chat.asked] == ["POST /hook"]
