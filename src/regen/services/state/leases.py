"""Leases: short, and renewed while their owner works. They only order work; the token in BigQuery stops a stale owner."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from msgspec import Struct

from regen.domain.errors import Conflict, Unavailable, Unreadable
from regen.domain.values import replace
from regen.ports import Snapshot, Write
from regen.services.state.alerting import alert_unreadable
from regen.services.state.decoding import is_newer
from regen.services.state.deps import Deps
from regen.services.state.documents import LeaseRecord, decode_lease, encode_lease
from regen.services.state.paths import lease_path
from regen.services.state.stored import MAX_NUMBER

log = logging.getLogger(__name__)
POLL_SECONDS = 0.1
RENEWALS = 3
LONGEST_SECONDS = 600.0
"""The longest time for which a lease is renewed during one call; after that its owner counts as hung."""
PROMOTION = "promotion"


class LeaseBusy(Unavailable):
    """Another owner holds the lease."""


class LeaseLost(Unavailable):
    """The lease expired and another owner took it."""


class Lease(Struct):
    """A lease that this process holds.

    Attributes:
        token: grows whenever any owner takes this lease.
    """

    deps: Deps
    name: str
    owner: str
    token: int

    def renew(self) -> None:
        """Extend the lease.

        Raises:
            LeaseLost: another owner has taken it.
        """
        for attempt in range(RENEWALS):
            snapshot, record = self._mine()
            renewed = replace(record, expires_at=_expiry(self.deps))
            try:
                self.deps.store.commit([Write("update", snapshot.path, encode_lease(renewed), snapshot.version)])
            except Conflict:
                if attempt == RENEWALS - 1:
                    raise
            else:
                return  # the other writer may have been our own heartbeat

    def lift(self, above: int) -> None:
        """Raise the token above one that BigQuery knows and Firestore has lost, in one step.

        Raises:
            LeaseLost: another owner has taken the lease.
        """
        for attempt in range(RENEWALS):
            snapshot, record = self._mine()
            lifted = replace(record, token=max(above, record.token) + 1, expires_at=_expiry(self.deps))
            try:
                self.deps.store.commit([Write("update", snapshot.path, encode_lease(lifted), snapshot.version)])
            except Conflict:
                if attempt == RENEWALS - 1:
                    raise
            else:
                self.token = lifted.token
                return

    def _mine(self) -> tuple[Snapshot, LeaseRecord]:
        snapshot = self.deps.store.get(lease_path(self.name))
        record = _sound(snapshot)
        if snapshot is None or record is None or record.owner != self.owner or record.token != self.token:
            raise LeaseLost(f"the lease {self.name} was taken by another owner")
        return snapshot, record

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renew the lease while the block runs, so that a call longer than the lease does not lose it."""
        until = self.deps.clock.now() + timedelta(seconds=LONGEST_SECONDS)

        def beat() -> bool:
            try:
                self.renew()
            except LeaseLost:
                return False
            except Unavailable:
                return True  # the next beat tries again
            return self.deps.clock.now() < until

        with self.deps.heartbeat(beat, self.deps.config.lease_seconds / 3):
            yield

    def release(self) -> None:
        """Release the lease, if this process still holds it (I-22)."""
        snapshot = self.deps.store.get(lease_path(self.name))
        record = _sound(snapshot)
        if snapshot is None or record is None or record.owner != self.owner or record.token != self.token:
            return
        freed = replace(record, owner="", expires_at=self.deps.clock.now())
        try:
            self.deps.store.commit([Write("update", snapshot.path, encode_lease(freed), snapshot.version)])
        except Conflict:
            return  # it had expired, and another owner has just taken it


def take(deps: Deps, name: str, wait_seconds: float = 0.0) -> Lease:
    """Take a lease that is free, has expired or has a broken record.

    Args:
        wait_seconds: how long to wait for it.

    Raises:
        LeaseBusy: another owner held it for the whole wait.
        Unreadable: a newer version wrote it.
    """
    owner = deps.ids.suffix()
    end = deps.clock.now() + timedelta(seconds=wait_seconds)
    while True:
        snapshot = deps.store.get(lease_path(name))
        record = _standing(deps, snapshot)
        if _free(deps, record):
            taken = LeaseRecord(owner, record.token + 1, _expiry(deps))
            write = (
                Write("update", snapshot.path, encode_lease(taken), snapshot.version)
                if snapshot
                else Write("create", lease_path(name), encode_lease(taken))
            )
            try:
                deps.store.commit([write])
            except Conflict:
                pass  # another owner took it first: decide whether to wait
            else:
                return Lease(deps, name, owner, taken.token)
        if deps.clock.now() >= end:
            raise LeaseBusy(f"the lease {name} is held until {record.expires_at.isoformat()}")
        deps.clock.sleep(POLL_SECONDS)


def is_free(deps: Deps, name: str) -> bool:
    """Whether no owner holds the lease: the last one, if any, has released it or died, or its record is broken.

    Raises:
        Unreadable: a newer version wrote it.
    """
    return _free(deps, _standing(deps, deps.store.get(lease_path(name))))


def replace_broken(deps: Deps, name: str) -> str | None:
    """Replace a lease's broken record with a free one; what was wrong, or None if nothing was.

    Raises:
        Unreadable: a newer version wrote it.
    """
    snapshot = deps.store.get(lease_path(name))
    if snapshot is None or _sound(snapshot):
        return None
    free = _standing(deps, snapshot)
    try:
        deps.store.commit([Write("update", snapshot.path, encode_lease(free), snapshot.version)])
    except Conflict:
        return None  # another process replaced it first
    return "the broken record was replaced"


def _free(deps: Deps, record: LeaseRecord) -> bool:
    """Whether the lease was released, regardless of the clock of its last owner, has expired, or ends later than any can."""
    now = deps.clock.now()
    return not record.owner or not now < record.expires_at < now + timedelta(seconds=LONGEST_SECONDS) + _length(deps)


def _standing(deps: Deps, snapshot: Snapshot | None) -> LeaseRecord:
    """The lease as stored; a missing or broken one has no owner. Alert to a broken one.

    Raises:
        Unreadable: a newer version wrote it.
    """
    if snapshot is None:
        return LeaseRecord("", 0, deps.clock.now())
    try:
        return decode_lease(snapshot)
    except Unreadable as error:
        if is_newer(snapshot.data):
            raise
        log.warning("a broken lease counts as free: %s", error)
        with suppress(Unavailable):  # the sweep alerts, too
            alert_unreadable(deps, error)
        token = snapshot.data.get("token")
        whole = token if isinstance(token, int) and 0 <= token < MAX_NUMBER else 0
        return LeaseRecord("", whole, deps.clock.now())


def _sound(snapshot: Snapshot | None) -> LeaseRecord | None:
    """The lease; None if it is missing or cannot be read: its owner has lost it."""
    try:
        return decode_lease(snapshot) if snapshot else None
    except Unreadable:
        return None


def opening_lease(batch_id: str) -> str:
    """The name of an opener's lease. It differs from the verifier's: workers may finish before all is published."""
    return f"opening-{batch_id}"


def opening_write(deps: Deps, batch_id: str) -> tuple[Lease, Write]:
    """An opener's lease, and the write that takes it in the commit of the batch."""
    owner, name = deps.ids.suffix(), opening_lease(batch_id)
    record = LeaseRecord(owner, 1, _expiry(deps))
    return Lease(deps, name, owner, 1), Write("put", lease_path(name), encode_lease(record))


def _expiry(deps: Deps) -> datetime:
    return deps.clock.now() + _length(deps)


def _length(deps: Deps) -> timedelta:
    return timedelta(seconds=deps.config.lease_seconds)
