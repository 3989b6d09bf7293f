"""Messages from outside: each that is acknowledged was acted on or is on record; none is an error of ours (P10)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from regen.domain.errors import InvalidInput, Unavailable
from regen.services.batch import opening
from regen.services.healing import malformed
from regen.services.state import messages, outbox
from regen.services.state.deps import REQUEST_TOPIC, TRIGGER_TOPIC, VERIFY_TOPIC
from regen.services.state.paths import OUTBOX
from support.league import DAY, players
from support.web_bench import Web, envelope, pushed

DOORS = [
    ("coordinator", "/regenerate-pubsub"),
    ("worker", "/"),
    ("verifier", "/verify"),
    ("verifier", "/dead-letters"),
]
B64 = base64.b64encode(b"{}").decode()
ENVELOPES: dict[str, bytes] = {
    "nothing": b"",
    "no json": b"{",
    "no object": b"[]",
    "null": b"null",
    "no utf-8": b"\xff\xfe\xfa",
    "deep": b"[" * 100_000,
    "deep object": b'{"a":' * 500 + b"1" + b"}" * 500,
    "no message": b'{"subscription": "s"}',
    "message null": b'{"message": null}',
    "no id": b'{"message": {"data": "e30="}}',
    "id a number": b'{"message": {"data": "e30=", "messageId": 7}}',
    "id empty": b'{"message": {"data": "e30=", "messageId": ""}}',
    "id huge": json.dumps({"message": {"data": B64, "messageId": "x" * 900_000}}).encode(),
    "id no text": b'{"message": {"data": "e30=", "messageId": "\\ud800"}}',
    "attributes a list": b'{"message": {"data": "e30=", "messageId": "1", "attributes": [1]}}',
    "no data": b'{"message": {"messageId": "1"}}',
    "data null": b'{"message": {"messageId": "1", "data": null}}',
    "data no base64": b'{"message": {"messageId": "1", "data": "%%%"}}',
    "data no ascii": '{"message": {"messageId": "1", "data": "é"}}'.encode(),
    "data no json": envelope(b"no json"),
    "data a list": envelope([]),
    "data NaN": envelope(b"NaN"),
    "data huge number": envelope(b'{"n": ' + b"9" * 5000 + b"}"),
    "data big number": envelope({"batch_id": "b", "n": 2**70}),
    "data deep": envelope(b'{"x": ' + b"[" * 900 + b"]" * 900 + b"}"),
    "data no text": envelope(b'{"batch_id": "\\ud800"}'),
    "data empty": envelope({}),
}


@pytest.mark.parametrize(("service", "path"), [*DOORS, ("verifier", "/events/batch")], ids=lambda word: word)
@pytest.mark.parametrize("name", list(ENVELOPES))
def test_malformed_message_is_recorded_at_once(service: str, path: str, name: str) -> None:
    web = Web()
    assert web.push(service, path, ENVELOPES[name]) == 204
    (entry,) = web.malformed()
    assert entry["triggered_by"] in {"pubsub:pusher@test.iam", "dead-letter"}
    assert entry["error"]
    assert any(item.kind == "alert" for item in web.outbox())
    assert web.push(service, path, ENVELOPES[name]) == 204
    assert len(web.malformed()) == 1, "delivered again, it is on record once"
    web.bench.sweep()
    assert len(web.bench.audited("malformed")) == 1
    assert not web.outbox()


ODD_IDS = ["", "a/b", "..", ".", "__x__", "a b", "é", "\x00", "x" * 300, None, 7, True, ["b1"], {"a": 1}, "a\n"]


@pytest.mark.parametrize("batch_id", ODD_IDS, ids=repr)
@pytest.mark.parametrize(("service", "path"), DOORS[1:], ids=[d[1] for d in DOORS[1:]])
def test_impossible_id_reaches_no_database(service: str, path: str, batch_id: Any) -> None:
    web = Web()
    for data in (
        {"batch_id": batch_id, "request_id": "r1", "round": 1},
        {"batch_id": "b1", "request_id": batch_id, "round": "1"},
    ):
        before = len(web.malformed())
        assert web.push(service, path, envelope(data, json.dumps(data))) == 204
        assert len(web.malformed()) == before + 1


TRIGGERS: dict[str, dict[str, Any]] = {
    "another mode": {"mode": "delete_everything"},
    "no date": {"game_date": ...},
    "a number": {"game_date": 20260120},
    "no such day": {"game_date": "2026-02-30"},
    "day zero": {"game_date": "0000-00-00"},
    "the last day": {"game_date": "9999-12-31"},
    "today": {"game_date": "TODAY"},
    "lower case": {"game_date": "today"},
    "other digits": {"game_date": "2026-01-2\u0660"},
    "line break": {"game_date": "2026-01-20\n"},
    "reason with a line break": {"reason": "bdb\n"},
    "reason with a slash": {"reason": "a/b"},
    "reason null": {"reason": None},
    "metadata text": {"metadata": "x"},
    "metadata much": {"metadata": {"x": "y" * 20_001}},
    "metadata NaN": {"metadata": {"x": float("nan")}},
    "players nobody": {"players": []},
    "players a text": {"players": "playera"},
    "players a number": {"players": [1]},
    "unknown system": {"systems": ["nosuch"]},
    "unknown backfill": {"mode": "advance_backfill", "backfill_id": "backfill_x"},
    "no backfill": {"mode": "advance_backfill"},
    "odd backfill": {"mode": "advance_backfill", "backfill_id": "a/b"},
    "grades of no date": {"mode": "grade", "game_date": "soon"},
}


@pytest.mark.parametrize("name", list(TRIGGERS))
def test_impossible_trigger_is_recorded(name: str) -> None:
    web = Web()
    data = {k: v for k, v in {"game_date": DAY.isoformat(), **TRIGGERS[name]}.items() if v is not ...}
    assert web.push("coordinator", "/regenerate-pubsub", envelope(data)) == 204
    (entry,) = web.malformed()
    assert entry["trigger_id"] == "m-1"
    assert not web.bench.store.find("prediction_batches")


def test_a_refused_trigger_delivered_again_opens_no_batch() -> None:
    """P5: the slate may have the players by then; the answer to this message was no."""
    web = Web(players(2))
    data = {"game_date": DAY.isoformat(), "mode": "regenerate_with_supersede", "players": ["playerc"]}
    for attempt in (1, 2):
        body = json.loads(envelope(data)) | {"deliveryAttempt": attempt}
        assert web.push("coordinator", "/regenerate-pubsub", json.dumps(body).encode()) == 204
        web.bench.slate(players(3))
    assert len(web.malformed()) == 1, "one message, one entry, whatever its envelope counts"
    assert not web.bench.store.find("prediction_batches")
    assert web.push("coordinator", "/regenerate-pubsub", envelope(data, "m-2")) == 204
    assert len(web.bench.store.find("prediction_batches")) == 1, "another message is another trigger"


def test_handled_trigger_is_not_refused_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two deliveries at once: the one that saw the players opened the batch, and the other records nothing."""
    web = Web(players(3))
    data = {"game_date": DAY.isoformat(), "mode": "regenerate_with_supersede", "players": ["playerc"]}

    def late(*_: Any) -> None:
        monkeypatch.undo()
        assert web.push("coordinator", "/regenerate-pubsub", envelope(data)) == 204
        raise InvalidInput("players", "players of the slate that this delivery saw")

    monkeypatch.setattr(opening, "open_batch", late)
    assert web.push("coordinator", "/regenerate-pubsub", envelope(data)) == 204
    assert len(web.bench.store.find("prediction_batches")) == 1
    assert not web.malformed()


def test_messages_about_unknown_batches_are_recorded() -> None:
    web = Web()
    data = {"batch_id": "b1", "request_id": "r1", "round": 1}
    assert web.push("worker", "/", envelope(data, "m-1")) == 204
    assert web.push("verifier", "/verify", envelope(data, "m-2")) == 204
    assert sorted(e["error"].split(":")[0] for e in web.malformed()) == ["batch_id", "request_id"]


def test_redelivered_trigger_opens_one_batch() -> None:
    web = Web()
    data = {
        "game_date": DAY.isoformat(),
        "reason": "pubsub_test",
        "mode": "regenerate_with_supersede",
        "metadata": {"test": True},
    }
    for _ in range(3):
        assert web.push("coordinator", "/regenerate-pubsub", envelope(data)) == 204
    assert len(web.bench.store.find("prediction_batches")) == 1
    assert not web.malformed()
    for message in list(web.bench.queue.of(REQUEST_TOPIC)) * 2:
        assert web.push("worker", "/", envelope(dict(message))) == 204
    (batch,) = web.bench.store.find("prediction_batches")
    batch_id = batch.data["batch_id"]
    event = {**pushed(), "ce-document": f"prediction_batches/{batch_id}"}
    assert web.call("verifier", "POST", "/events/batch", b"not looked at", event).status_code == 204
    for message in list(web.bench.queue.of(VERIFY_TOPIC)) * 2:
        assert web.push("verifier", "/verify", envelope(dict(message))) == 204
    assert web.bench.batch(batch_id).status == "promoted"
    assert not web.malformed()


def test_unwritable_store_is_answered_503(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise Unavailable("down")

    monkeypatch.setattr(malformed, "claim", down)
    web = Web()
    for service, path in DOORS:
        assert web.push(service, path, b"no envelope") == 503
    assert not web.outbox()


EVENTS = ["", "x", "prediction_batches", "prediction_batches/", "prediction_batches/a/b", "prediction_batches/a%2Fb"]
EVENTS += [
    "prediction_batches/__x__",
    "prediction_batches/..",
    "other/b1",
    "prediction_batches/%00",
    "x" * 9000,
    "%ff/%fe",
]


@pytest.mark.parametrize("document", EVENTS)
def test_event_about_a_foreign_document_is_recorded(document: str) -> None:
    web = Web()
    headers = {**pushed(), "ce-document": document, "ce-type": "x"}
    assert web.call("verifier", "POST", "/events/batch", b"{", headers).status_code == 204
    (entry,) = web.malformed()
    assert "ce-document" in entry["metadata"]["body"].lower()
    assert "Bearer" not in json.dumps(entry)


def test_an_event_names_its_document_in_either_header() -> None:
    web = Web()
    assert (
        web.call(
            "verifier", "POST", "/events/batch", b"", {**pushed(), "ce-subject": "documents/prediction_batches/b1"}
        ).status_code
        == 204
    )
    assert not web.outbox()


def test_an_event_may_come_as_the_envelope_of_its_topic() -> None:
    web = Web()
    attributes = {"ce-document": "prediction_batches/b1", "ce-type": "google.cloud.firestore.document.v1.updated"}
    assert web.push("verifier", "/events/batch", envelope(b"\x0a\x00", **attributes)) == 204
    assert not web.outbox()
    assert web.push("verifier", "/events/batch", envelope(b"\x0a\x00", **{"ce-document": "other/b1"})) == 204
    assert len(web.malformed()) == 1


def test_event_published_twice_is_one_trigger() -> None:
    web = Web()
    trigger = {"game_date": DAY.isoformat(), "reason": "bdb_upgrade"}
    item = messages.message_item("e", web.bench.clock.now(), TRIGGER_TOPIC, trigger)
    web.bench.deps.store.commit([w for w in outbox.put([item]) if not w.path.startswith(OUTBOX)])
    for number in ("m-1", "m-2"):
        assert web.push("coordinator", "/regenerate-pubsub", envelope(trigger, number, event_id="e")) == 204
    assert [b.data["trigger_ids"] for b in web.bench.store.find("prediction_batches")] == [["m-1"]]
    web.bench.drain()
    other = {**trigger, "reason": "line_moved"}
    assert web.push("coordinator", "/regenerate-pubsub", envelope(other, "m-3", event_id="e")) == 204
    assert len(web.bench.store.find("prediction_batches")) == 2
