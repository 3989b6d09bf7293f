"""Idempotency keys: the same key gets the same answer, another body under it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec

from regen.domain import ids
from regen.domain.errors import KeyReused
from regen.ports import Write
from regen.services.deps import Deps
from regen.services.records import IDEMPOTENCY


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller is told.

    Attributes:
        status: `accepted`, `coalesced`, or `rejected`.
        requests: messages that the batch is made of.
    """

    status: str
    batch_id: str
    game_date: date
    requested_players: int
    requests: int


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
        return f"{IDEMPOTENCY}/{ids.digest(self.scope, self.key)}"


def known_answer(deps: Deps, key: IdempotencyKey) -> Answer | None:
    """The answer that this key got before, if it did.

    Raises:
        KeyReused: it came with another body.
    """
    snapshot = deps.store.get(key.path)
    if snapshot is None or snapshot.data["expires_at"] <= deps.clock.now():
        return None
    if snapshot.data["fingerprint"] != key.fingerprint:
        raise KeyReused(f"the idempotency key was used with another body; it gave {snapshot.data['answer']}")
    return msgspec.json.decode(snapshot.data["answer"], type=Answer)


def remember(deps: Deps, key: IdempotencyKey, answer: Answer) -> Write:
    """The write that claims the key, in the same commit as what it asked for; one that has expired is taken over."""
    old = deps.store.get(key.path)
    data: Mapping[str, Any] = {
        "key": key.key,
        "fingerprint": key.fingerprint,
        "answer": msgspec.json.encode(answer).decode(),
        "expires_at": deps.clock.now() + timedelta(days=7),
    }
    if old is not None and old.data["expires_at"] <= deps.clock.now():
        return Write("update", key.path, data, old.version)
    return Write("create", key.path, data)
