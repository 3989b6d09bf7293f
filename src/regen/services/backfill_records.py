"""Where a backfill lies in Firestore, and its conditional changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from regen.domain import ids
from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.backfill import Backfill
from regen.domain.errors import NoSuchBackfill
from regen.ports import Snapshot, Write
from regen.services.commit import until_committed
from regen.services.deps import Deps
from regen.services.forms import Form
from regen.services.records import BACKFILLS, SCHEMA, check_name, decoding
from regen.services.unknown_fields import keep_unknown

_BACKFILL = Form(Backfill)


def backfill_path(backfill_id: str) -> str:
    """A backfill."""
    return f"{BACKFILLS}/{backfill_id}"


def encode_backfill(backfill: Backfill) -> dict[str, Any]:
    """The document of a backfill; what came from outside as JSON text."""
    document: dict[str, Any] = msgspec.to_builtins(backfill, builtin_types=(datetime,))
    more = {"metadata": json.dumps(document["metadata"]), "live": backfill.unsettled, "schema": SCHEMA}
    return {**document, **more}


def decode_backfill(snapshot: Snapshot) -> Backfill:
    """The backfill of a document.

    Raises:
        Unreadable: this version cannot read it.
    """
    with decoding(snapshot) as data:
        backfill = _BACKFILL.convert({**data, "metadata": json.loads(data["metadata"])})
        check_name(snapshot, backfill.backfill_id)
        return backfill


def read_backfill(deps: Deps, backfill_id: str) -> tuple[Backfill, Snapshot]:
    """A backfill, with the version that a write of it must name.

    Raises:
        NoSuchBackfill: there is none of that id.
    """
    snapshot = deps.store.get(backfill_path(backfill_id))
    if snapshot is None:
        raise NoSuchBackfill(f"no backfill {backfill_id}")
    return decode_backfill(snapshot), snapshot


def change_backfill(
    deps: Deps, backfill_id: str, change: Callable[[Backfill], tuple[Backfill, Sequence[Write]]]
) -> Backfill:
    """Read, change, write under the version that was read; on a conflict read and decide again.

    Args:
        change: the backfill afterwards (the same: nothing is written), and what goes into the same commit.
    """

    def decide() -> tuple[Sequence[Write], Backfill]:
        known, snapshot = read_backfill(deps, backfill_id)
        after, more = change(known)
        if after == known:
            return [], known
        data = {k: keep_unknown(snapshot.data.get(k), v) for k, v in encode_backfill(after).items()}
        return [Write("update", snapshot.path, data, snapshot.version), *more], after

    return until_committed(deps, decide)


def audit_entry(backfill: Backfill, status: str, caller: str, at: datetime) -> AuditEntry:
    """The audit entry of an order on a backfill; each of its batches leaves its own."""
    return AuditEntry(
        event_id=ids.digest("backfill", backfill.backfill_id, status, at.isoformat(), length=24),
        event=AuditEvent.BACKFILL,
        at=at,
        game_date=None,
        batch_id=None,
        round=0,
        status=status,
        reason=backfill.reason,
        triggered_by=caller,
        metadata={
            **backfill.metadata,
            "backfill_id": backfill.backfill_id,
            "from": backfill.first.isoformat(),
            "to": backfill.last.isoformat(),
            "only": backfill.only.value,
        },
    )
