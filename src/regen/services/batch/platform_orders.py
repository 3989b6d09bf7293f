"""What operators' orders that are of no batch and no date have in common."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from regen.domain.audit import AuditEntry, AuditEvent
from regen.services.state.idempotency import IdempotencyKey


class PlatformOrder(Struct, frozen=True, kw_only=True):
    """An operator's order to the whole platform.

    Attributes:
        dry_run: only report the result; write nothing.
        key: repeated orders with the same key are carried out once.
        person: the person behind the caller (`regen.domain.persons`).
    """

    caller: str
    reason: str
    dry_run: bool = False
    key: IdempotencyKey | None = None
    person: str | None = None

    def entry(self, event_id: str, event: AuditEvent, word: str, at: datetime, **about: str) -> AuditEntry:
        """The audit entry of this order.

        Args:
            word: the order in one word.
            about: what the order was about, for the metadata.
        """
        return AuditEntry(
            event_id=event_id,
            event=event,
            at=at,
            game_date=None,
            batch_id=None,
            round=0,
            status=event.value,
            reason=word,
            triggered_by=self.caller,
            on_behalf_of=self.person,
            metadata={"order_reason": self.reason, **about},
        )
