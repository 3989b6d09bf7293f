"""Idempotency keys: the same key gets the same answer, another body under it is refused."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import msgspec

from regen.domain.errors import Conflict, KeyReused
from regen.ports import Write
from regen.services.state.deps import Deps
from regen.services.state.documents import OnceRecord, decode_once, encode_once
from regen.services.state.forms import Form
from regen.services.state.paths import key_path

log = logging.getLogger(__name__)
MAX_ANSWER = 500_000
"""Bytes of an answer that its key's document holds; a longer one is made again when it is asked for again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller is told.

    Attributes:
        status: `accepted`, `coalesced`, `rejected`, or `malformed` (a message that named whom the slate did not have).
        requests: messages that the batch is made of.
        trigger_id: which trigger it answers: the batch that carries it has it among its `trigger_ids`.
        excluded: players who were asked for and are left out, by reason.
    """

    status: str
    batch_id: str
    game_date: date
    requested_players: int
    requests: int
    excluded: Mapping[str, int] = field(default_factory=dict)
    trigger_id: str = ""


_ANSWER = Form(Answer)


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A key with what it was sent for.

    Attributes:
        scope: route and caller, so that two callers may use the same word.
        fingerprint: of the body; the same key with another one is refused.
    """

    scope: str
    key: str
    fingerprint: str

    @property
    def path(self) -> str:
        """Where its record lies."""
        return key_path(self.scope, self.key)


def known_answer(deps: Deps, key: IdempotencyKey | None) -> Answer | None:
    """The answer of an opening that this key got before, if it did.

    Raises:
        KeyReused: it came with another body.
    """
    found = recall(deps, key)
    return None if found is None else _ANSWER.convert(found)


def recall(deps: Deps, key: IdempotencyKey | None) -> Mapping[str, Any] | None:
    """What this key was answered before; None without a key, or with a new one.

    Raises:
        KeyReused: it came with another body.
    """
    if key is None:
        return None
    snapshot = deps.store.get(key.path)
    record = None if snapshot is None else decode_once(snapshot)
    if record is None or record.expires_at <= deps.clock.now():
        return None
    if record.fingerprint != key.fingerprint:
        raise KeyReused(f"the idempotency key was used with another body; it gave {record.answer}")
    found: Mapping[str, Any] = msgspec.json.decode(record.answer)
    return found


def claims(deps: Deps, key: IdempotencyKey | None, answer: Answer | Mapping[str, Any]) -> list[Write]:
    """What claims a key, if there is one, in the same commit as what it asked for."""
    return [remember(deps, key, answer)] if key else []


def remember(deps: Deps, key: IdempotencyKey, answer: Answer | Mapping[str, Any]) -> Write:
    """The write that claims the key, in the same commit as what it asked for; one that has expired is taken over."""
    old = deps.store.get(key.path)
    expires_at = deps.clock.now() + timedelta(days=7)
    data = encode_once(OnceRecord(key.key, key.fingerprint, msgspec.json.encode(answer).decode(), expires_at))
    if old is not None and decode_once(old).expires_at <= deps.clock.now():
        return Write("update", key.path, data, old.version)
    return Write("create", key.path, data)


def settle(deps: Deps, key: IdempotencyKey | None, answer: Mapping[str, Any]) -> None:
    """Claim a key after an act that changes nothing when it is done again; whoever claimed it first did the same."""
    if key is None:
        return
    try:
        deps.store.commit(claims(deps, key, answer if len(msgspec.json.encode(answer)) < MAX_ANSWER else {}))
    except Conflict:
        log.info("the idempotency key of %s has been claimed meanwhile", key.scope, extra={"action": "settle"})
