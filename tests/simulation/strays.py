"""Records in Firestore that this version cannot read, and fields that it does not know."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from regen.ports import Write
from regen.services.state.deps import ALERT_TOPIC
from simulation.faults import Mishap
from simulation.marks import BY_NAME, MARK, marked, places
from simulation.world import World

ODD = "strays"
BATCH = f"regen_2026-02-19_{ODD}_00000001"
NEWER = f"regen_2026-02-19_{ODD}_00000002"
RECORDS: Mapping[str, Mapping[str, Any]] = {
    f"prediction_batches/{BATCH}": {"batch_id": BATCH, "schema": 1, "status": MARK, "live": True},
    f"prediction_batches/{NEWER}": {"batch_id": NEWER, "schema": 99, "status": "running", "live": True, "parts": [{}]},
    "game_dates/2026-02-19": {"schema": 99, "live": NEWER, "waits": [{"for": "a form of another version"}]},
    f"backfills/backfill_{ODD}": {"backfill_id": f"backfill_{ODD}", "schema": 1, "status": MARK, "live": True},
    f"outbox/{ODD}_1": {"event_id": f"{ODD}_1", "kind": "audit", "schema": 1, "batch_id": None, "payload": "{"},
    f"outbox/{ODD}_2": {"event_id": f"{ODD}_2", "kind": "message", "schema": 1, "batch_id": None, "payload": "[7]"},
    f"outbox/{ODD}_3": {"event_id": f"{ODD}_3", "kind": "letter", "schema": 99, "batch_id": None, "payload": "{}"},
}
LATER_KIND: Mapping[str, Mapping[str, Any]] = {
    f"outbox/{ODD}_4": {"event_id": f"{ODD}_4", "kind": "page", "schema": 1, "batch_id": None, "payload": "{}"},
}
UNSENDABLE = f"outbox/{ODD}_5"
"""A message with an empty payload: it alone is postponed, with one alert."""
BROKEN_LEASES: tuple[Mapping[str, Any], ...] = (
    {},
    {"owner": "x", "schema": 1},
    {"owner": "", "token": "seven", "schema": 1},
    {"owner": "x", "token": 3, "expires_at": "0001-01-01T00:00:00", "schema": 1},
)
COLLECTIONS = (("prediction_batches/", 1), ("prediction_batches/", 3), ("game_dates/", 1), ("backfills/", 1))


@dataclass
class Strays:
    """Writes such records and fields, and checks them at the end.

    Attributes:
        marked: by record, the places of fields of a later version: the top, a field, or a named item of a list.
    """

    world: World
    rng: random.Random
    marked: dict[str, set[tuple[str, str]]] = field(default_factory=dict)

    def plan(self, horizon: float) -> None:
        """Schedule all such writes of the run."""
        if self.rng.random() < 0.2:
            for path in RECORDS:
                if self.rng.random() < 0.6:
                    self.world.later(self.rng.random() * horizon, lambda path=path: self._leave(path))  # type: ignore[misc]
        if self.rng.random() < 0.3:
            for _ in range(self.rng.choice((2, 5, 10))):
                self.world.later(self.rng.random() * horizon, lambda: self.world.run_amid_calls(0.0, self._mark))
        self._plan_more(horizon)

    def _plan_more(self, horizon: float) -> None:
        """Draw later additions from a generator of their own, so that the known seeds keep their runs."""
        more = random.Random(f"strays {self.world.seed}")  # noqa: S311
        if more.random() < 0.15:
            self.world.later(more.random() * horizon, self._leave_unsendable)
        if more.random() < 0.15:
            for path in LATER_KIND:
                self.world.later(more.random() * horizon, lambda path=path: self._leave(path))  # type: ignore[misc]
        if more.random() < 0.2:
            for _ in range(more.choice((1, 2, 5))):
                lease, data = more.choice(("promotion", "audit")), more.choice(BROKEN_LEASES)
                self.world.later(
                    more.random() * horizon,
                    lambda lease=lease, data=data: self._break_lease(lease, data),  # type: ignore[misc]
                )

    def _leave(self, path: str) -> None:
        data: dict[str, Any] = {**{**RECORDS, **LATER_KIND}[path]}
        if path.startswith("outbox/"):
            data["due_at"] = self.world.clock.now()
        self.world.faults.counted[Mishap.STRAY] += 1
        self.world.log(f"a record of another version: {path}")
        self.world.store.strays[path] = data
        self.world.store.commit([Write("put", path, data)])

    def _leave_unsendable(self) -> None:
        data = {"event_id": f"{ODD}_5", "kind": "message", "schema": 1, "batch_id": None, "payload": "{}"}
        self.world.faults.counted[Mishap.STRAY] += 1
        self.world.log(f"a message without anything to send: {UNSENDABLE}")
        self.world.store.strays[UNSENDABLE] = data
        self.world.store.commit([Write("put", UNSENDABLE, {**data, "due_at": self.world.clock.now()})])

    def _break_lease(self, lease: str, data: Mapping[str, Any]) -> None:
        path = f"leases/{lease}"
        self.world.faults.counted[Mishap.STRAY] += 1
        self.world.log(f"a broken lease: {path}: {data}")
        self.world.store.commit([Write("put", path, data)])

    def _mark(self) -> None:
        """Update a record as a later version would, with fields that this one does not know."""
        store = self.world.store
        kind, depth = self.rng.choice(COLLECTIONS)
        known = [p for p in store._documents if p.startswith(kind) and p.count("/") == depth and p not in store.strays]
        if not known:
            return
        path = self.rng.choice(sorted(known))
        data = store.peek(path)
        assert data is not None
        self.world.faults.counted[Mishap.MARKED] += 1
        self.world.log(f"fields of a later version: {path}")
        self.marked.setdefault(path, set()).update(where for where, _ in places(data))
        store.commit(
            [Write("update", path, {**{k: v if k in BY_NAME else marked(v) for k, v in data.items()}, MARK: 1})]
        )

    def check(self) -> None:
        """Check that unreadable records are unchanged with one alert each, and that unknown fields are kept."""
        store, report = self.world.store, self.world.watch.report
        for path, left in store.strays.items():
            if path != UNSENDABLE and store.peek(path) != left:
                report("11", f"{path}, which another version wrote, has been changed")
            alerts = [
                m.data
                for t, m in self.world.published
                if t == ALERT_TOPIC and m.data["type"] == "record_unreadable" and path in m.data["why"]
            ]
            if len({m["why"] for m in alerts}) != 1:
                report("11", f"{path} cannot be read, and {len(alerts)} alerts report it: {alerts}")
        for path, wanted in self.marked.items():
            data = store.peek(path)
            found = dict(places(data)) if data is not None else {}
            lost = [where for where in sorted(wanted) if where in found and MARK not in found[where]]
            if data is not None and lost:
                report("11", f"{path} has lost what a later version wrote at {lost}")
