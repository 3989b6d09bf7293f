"""Checks every change of a backfill's record at its commit."""

from collections.abc import Callable, Mapping
from typing import Any

from simulation.marks import unmarked
from simulation.ports import QuickStore

STEPS: Mapping[str, frozenset[str]] = {
    "waiting": frozenset({"opening", "cancelled"}),
    "opening": frozenset({"running", "waiting", "no_slate", "failed", "cancelled"}),
    "running": frozenset({"running", "waiting", "opening", "promoted", "rejected", "held", "failed", "cancelled"}),
    "rejected": frozenset({"promoted", "rejected", "held", "cancelled"}),
    "held": frozenset({"promoted", "rejected", "held", "cancelled"}),
    "cancelled": frozenset({"running", "promoted", "rejected", "held", "cancelled"}),
    # The opening answered with an error although it opened the batch.
    "failed": frozenset({"promoted", "rejected", "held", "cancelled"}),
    "promoted": frozenset(),
    "no_slate": frozenset(),
    "skipped": frozenset(),
}
UNDER_WAY = frozenset({"opening", "running"})
UNFINISHED = UNDER_WAY | {"waiting"}
Report = Callable[[str, str], None]


class BackfillWatch:
    """Checks each version of a backfill against the previous one.

    Attributes:
        orders: the statuses that orders gave a backfill, its creation first, by backfill.
    """

    def __init__(self, store: QuickStore, report: Report) -> None:
        self._store, self._report = store, report
        self._seen: dict[str, Mapping[str, Any]] = {}
        self.orders: dict[str, list[str]] = {}

    def on_commit(self, path: str, *, follows: bool) -> None:
        """Check a write of a backfill; `follows`: the commit also writes an outbox item."""
        data = self._store.peek(path)
        assert data is not None
        name = path.split("/")[1]
        old = self._seen.get(name)
        self._seen[name] = data
        self._check_status(name, old, data, follows=follows)
        if sum(d["status"] in UNDER_WAY for d in data["dates"]) > data["max_concurrent"]:
            self._report("backfill", f"{name} has more than {data['max_concurrent']} dates under way")
        unfinished = any(d["status"] in UNFINISHED for d in data["dates"])
        if (data["status"] == "done") == unfinished and data["status"] in {"running", "done"}:
            self._report("backfill", f"{name} is {data['status']}: {[d['status'] for d in data['dates']]}")
        if old is None:
            return
        if [d["game_date"] for d in old["dates"]] != [d["game_date"] for d in data["dates"]]:
            self._report("backfill", f"{name} has other dates than before")
            return
        for before, after in zip(old["dates"], data["dates"], strict=True):
            if unmarked(before) != unmarked(after):
                self._check_date(name, old["status"], before, after)

    def _check_status(
        self, name: str, old: Mapping[str, Any] | None, data: Mapping[str, Any], *, follows: bool
    ) -> None:
        if old is not None and old["status"] == data["status"]:
            return
        ordered = data["status"] != "done" or old is None
        if ordered:
            self.orders.setdefault(name, []).append(data["status"] if old else "created")
            if not follows:
                self._report("P7", f"{name} became {data['status']} without an entry in the same commit")
        if old is not None and old["status"] in {"done", "cancelled"}:
            self._report("backfill", f"{name} was {old['status']} and is {data['status']}")
        if data["status"] in {"done", "cancelled"} and not data["ended_at"]:
            self._report("backfill", f"{name} is {data['status']} without `ended_at`")

    def _check_date(self, name: str, status: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        who, to = f"{name} {after['game_date']}", after["status"]
        if to not in STEPS[before["status"]]:
            self._report("backfill", f"{who} went from {before['status']} to {to}")
        if to == "opening" and status != "running":
            self._report("backfill", f"{who} is opened while the backfill is {status}")
        if to in {"promoted", "rejected", "held"} or (to == "cancelled" and after["batch_id"]):
            batch = self._store.peek(f"prediction_batches/{after['batch_id']}")
            ends = {step["to"] for step in batch["history"]} if batch else set()
            if not ends & {to, "rolled_back" if to == "cancelled" else to}:
                self._report("backfill", f"{who} is {to}, and {after['batch_id']} has never been")
