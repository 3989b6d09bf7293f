"""Messages: decoders raise InvalidInput and nothing else; what is acknowledged was acted on or is on record."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.odd import anything, bounded, few, objects, regenerations, texts, written
from regen.domain.errors import InvalidInput
from regen.domain.ids import is_document_id
from regen.web.callers import Gatekeeper
from regen.web.envelopes import Pushed, changed_document, decode_push
from regen.web.settings import read_settings
from regen.web.tokens import Unauthenticated
from support.league import players
from support.web_bench import Web, claims, environment, pushed, token

ids = st.sampled_from(["BATCH", "REQUEST", "b1", "regen_2026-01-20_x_1"])
commands = objects(batch_id=ids, request_id=ids, round=st.integers(1, 3))
wakings = objects(mode=st.just("advance_backfill"), backfill_id=st.sampled_from(["backfill_x", "b1"]))
triggers = st.one_of(regenerations, regenerations.map(lambda b: {**b, "mode": "regenerate_with_supersede"}), wakings)
bodies = st.one_of(anything, commands, triggers)


def _encoded(value: object) -> str:
    return base64.b64encode(written(value)).decode()


def envelopes(data: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """Envelopes as Pub/Sub sends them, and odd ones."""
    message = objects(
        data=data.map(_encoded),
        messageId=st.sampled_from(["1", "2", "3", "4"]),
        attributes=st.dictionaries(texts, texts | anything, max_size=2),
    )
    return objects(message=message, subscription=st.just("s"), deliveryAttempt=st.integers(1, 9)).map(written)


def _decoded(body: bytes) -> Pushed | None:
    try:
        return decode_push(body)
    except InvalidInput:
        return None


@bounded
@given(body=envelopes(bodies) | st.binary(max_size=100) | anything.map(written))
def test_any_envelope_is_decoded_or_invalid(body: bytes) -> None:
    message = _decoded(body)
    if message is None:
        return
    assert 0 < len(message.message_id) <= 200
    assert all(isinstance(k, str) and isinstance(v, str) for k, v in message.attributes.items())
    assert isinstance(message.data, dict)
    json.dumps([message.message_id, dict(message.data), dict(message.attributes)], ensure_ascii=False).encode()


names = texts | st.sampled_from(
    ["prediction_batches/b1", "documents/prediction_batches/b1", "prediction_batches/a%2Fb"]
)


@bounded
@given(headers=st.dictionaries(st.sampled_from(["ce-document", "ce-subject", "ce-type"]), names))
def test_any_event_names_a_document_or_is_invalid(headers: dict[str, str]) -> None:
    with suppress(InvalidInput):
        assert is_document_id(changed_document(headers, "prediction_batches"))


GATES = [Gatekeeper(read_settings(environment(REGEN_TOKEN_CHECK=mode))) for mode in ("signature", "claims")]
odd_claims = objects(**{name: st.just(value) for name, value in claims().items() if name != "email"})


@bounded
@given(body=odd_claims, header=objects(alg=st.just("RS256"), kid=texts), raw=texts)
def test_token_of_an_unknown_account_is_refused(body: dict[str, Any], header: dict[str, Any], raw: str) -> None:
    for gate in GATES:
        for given_ in (token(body, header), f"Bearer {raw}", f"Bearer {raw}.{raw}.{raw}", raw):
            with pytest.raises(Unauthenticated):
                gate.by_push({"Authorization": given_})


def _acted(web: Web, before: dict[str, Any]) -> bool:
    """Whether anything is otherwise than before: records, the outbox, or messages on their way."""
    return web.everything() != before or bool(web.bench.queue.published)


DOORS = [("coordinator", "/regenerate-pubsub"), ("worker", "/"), ("verifier", "/verify"), ("verifier", "/dead-letters")]


@pytest.mark.parametrize(("service", "path"), DOORS, ids=[d[1] for d in DOORS])
def test_acknowledged_message_was_handled_or_recorded(service: str, path: str) -> None:
    data = triggers if service == "coordinator" else commands

    @few
    @given(body=envelopes(data) | envelopes(data) | st.binary(max_size=60))
    def probe(body: bytes) -> None:
        web = Web(players(3))
        opened = web.bench.regenerate()
        (request,) = web.bench.store.find(f"prediction_batches/{opened.batch_id}/requests")
        body = _named(body, opened.batch_id, str(request.data["request_id"]))
        web.bench.queue.published.clear()
        before = web.everything()
        status = web.call(service, "POST", path, body, pushed()).status_code
        assert status == 204
        acted = _acted(web, before)
        assert acted or _of_our_own(web, body, opened.batch_id), body
        after = web.everything()
        assert web.call(service, "POST", path, body, pushed()).status_code == 204
        assert len(web.everything()) == len(after), "delivered again, it is one thing"

    probe()


def _named(body: bytes, batch_id: str, request_id: str) -> bytes:
    """The same about a batch and a request that are there."""
    try:
        envelope = json.loads(body)
        data = base64.b64decode(envelope["message"]["data"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return body
    data = data.replace(b'"BATCH"', json.dumps(batch_id).encode()).replace(
        b'"REQUEST"', json.dumps(request_id).encode()
    )
    envelope["message"]["data"] = base64.b64encode(data).decode()
    return written(envelope)


def _of_our_own(web: Web, body: bytes, batch_id: str) -> bool:
    """A verification that is not due, of a batch that is there: nothing is to be done, and the sweep knows of it."""
    message = decode_push(body)
    return message.data.get("batch_id") == batch_id and web.bench.batch(batch_id).live
