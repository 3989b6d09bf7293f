"""Idempotency keys: a repeated key gets the same answer; a repeated key with another body is refused."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TypeVar

import msgspec
from msgspec import Struct

from regen.api.forms import Form
from regen.domain.errors import Conflict, KeyReused, Unreadable
from regen.ports import Snapshot, Write
from regen.services.state.alerting import alert_unreadable
from regen.services.state.deps import Deps
from regen.services.state.documents import OnceRecord, decode_once, encode_once
from regen.services.state.paths import key_path

T = TypeVar("T")
log = logging.getLogger(__name__)
MAX_ANSWER = 500_000
"""Bytes of an answer that its key's document holds; a longer one is made again when it is asked for again."""
NOTHING = "{}"


class IdempotencyKey(Struct, frozen=True):
    """An idempotency key with its scope and fingerprint.

    Attributes:
        scope: route and caller, so that two callers may use the same key.
        fingerprint: of the body; the same key with another fingerprint is refused.
    """

    scope: str
    key: str
    fingerprint: str

    @property
    def path(self) -> str:
        """The path of its record."""
        return key_path(self.scope, self.key)


class KeyUnreadable(Unreadable):
    """The record of a key cannot be read. What the key came with was done: its record was written in the same commit."""


def recall(deps: Deps, key: IdempotencyKey | None, form: Form[T]) -> T | None:
    """What this key was answered before; None without a key, with a new one, or if the answer was too long to be kept.

    Raises:
        KeyReused: it came with another body.
        KeyUnreadable: what it was answered cannot be read, or another version was asked for something else under it.
    """
    record = _record(deps, key)
    if record is None or record.answer == NOTHING:
        return None
    try:
        return form.json(record.answer)
    except msgspec.MsgspecError as error:
        trouble = KeyUnreadable(f"{key.path if key else ''}: idempotency key {record.key}: {error}")
        alert_unreadable(deps, trouble)
        raise trouble from error


def is_known(deps: Deps, key: IdempotencyKey | None) -> bool:
    """Whether this key was answered before, be it that its record cannot be read any more.

    Raises:
        KeyReused: the key came with another body.
    """
    try:
        return _record(deps, key) is not None
    except KeyUnreadable:
        return True


def _record(deps: Deps, key: IdempotencyKey | None) -> OnceRecord | None:
    if key is None:
        return None
    snapshot = deps.store.get(key.path)
    try:
        record = None if snapshot is None else decode_once(snapshot)
    except Unreadable as error:
        alert_unreadable(deps, error)
        raise KeyUnreadable(str(error)) from error
    if record is None or record.expires_at <= deps.clock.now():
        return None
    if record.fingerprint != key.fingerprint:
        raise KeyReused(f"the idempotency key was used with another body; it gave {record.answer}")
    return record


def claims(deps: Deps, key: IdempotencyKey | None, answer: msgspec.Struct) -> list[Write]:
    """What claims a key, if there is one, in the same commit as what it asked for."""
    return [remember(deps, key, answer)] if key else []


def remember(deps: Deps, key: IdempotencyKey, answer: msgspec.Struct) -> Write:
    """The write that claims the key, in the same commit as what it asked for; one that has expired is taken over."""
    return _claim(deps, key, msgspec.json.encode(answer).decode())


def _claim(deps: Deps, key: IdempotencyKey, answer: str) -> Write:
    old = deps.store.get(key.path)
    expires_at = deps.clock.now() + timedelta(days=7)
    data = encode_once(OnceRecord(key.key, key.fingerprint, answer, expires_at))
    if old is not None and _has_expired(deps, old):
        return Write("update", key.path, data, old.version)
    return Write("create", key.path, data)


def _has_expired(deps: Deps, old: Snapshot) -> bool:
    try:
        return decode_once(old).expires_at <= deps.clock.now()
    except Unreadable:
        return False  # its expiry is unknown, so it still counts


def settle(deps: Deps, key: IdempotencyKey | None, answer: msgspec.Struct | None = None) -> None:
    """Claim a key after an act that changes nothing when it is done again; an earlier claim did the same."""
    if key is None:
        return
    said = NOTHING if answer is None else msgspec.json.encode(answer).decode()
    try:
        deps.store.commit([_claim(deps, key, said if len(said.encode()) < MAX_ANSWER else NOTHING)])
    except Conflict:
        log.info("a concurrent call has claimed the idempotency key of %s", key.scope, extra={"action": "settle"})
