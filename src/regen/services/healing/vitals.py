"""Signs of life: heartbeats, late outbox items, batches past their deadline."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec import UNSET

from regen.api.health import Outbox, Vitals
from regen.domain.soundness import is_moment
from regen.services.batch.halting import view
from regen.services.state.deps import Deps
from regen.services.state.heartbeats import heartbeats
from regen.services.state.paths import BATCHES, OUTBOX, OUTBOX_DEAD, id_of

LATE_AFTER = timedelta(minutes=3)
"""A due outbox item is carried out within two sweeps (P7), and a sweep runs each minute."""
MOST = 100
"""Most items and batches that are read; larger numbers are reported as this one."""


def vitals(deps: Deps) -> Vitals:
    """The signs of life, for `/ready`; a record that cannot be read is named, and hides no other.

    Raises:
        Unavailable: Firestore does not answer.
    """
    now = deps.clock.now()
    late = deps.store.find(OUTBOX, [("due_at", "<=", now - LATE_AFTER)], limit=MOST, fields=["due_at"])
    waiting = deps.store.find(OUTBOX, limit=MOST, fields=["error"])
    dead = deps.store.find(OUTBOX_DEAD, limit=MOST, fields=["kind"])
    live = deps.store.find(BATCHES, [("live", "==", True)], limit=MOST, fields=["deadline"])
    failing = sum(1 for item in waiting if item.data.get("error"))
    deadlines: dict[str, Any] = {id_of(snapshot): snapshot.data.get("deadline") for snapshot in live}
    broken = sorted(name for name, deadline in deadlines.items() if not is_moment(deadline))
    return Vitals(
        heartbeats=dict(heartbeats(deps)),
        outbox=Outbox(late=len(late), failing=failing, dead=len(dead)),
        past_deadline=sorted(n for n, at in deadlines.items() if n not in broken and at < now - LATE_AFTER),
        unreadable=broken or UNSET,
        halt=view(deps),
    )
