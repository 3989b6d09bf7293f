"""Late zones noticed by effect: who rests on others than the store has is predicted again, with no flag of anybody's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from regen.domain.alerts import AlertKind
from regen.domain.values import replace
from regen.domain.watching import MAX_ATTEMPTS
from regen.domain.zones import ZonesAct
from regen.ports import Write
from regen.services.batch import orders
from regen.services.state.deps import TRIGGER_TOPIC
from regen.services.tables import bdb_scanning
from support.backfill_bench import BackfillBench
from support.hands import NEWER, alerts
from support.league import DAY, players

DAYS = [DAY - timedelta(days=n) for n in range(4)]


class Zoned(BackfillBench):
    """A bench whose feature rows have upstream's hash of the zones."""

    def __init__(self, days: list[date] | None = None, **numbers: Any) -> None:
        super().__init__(days=[], **numbers)
        for day in days or [DAY]:
            self.zones("old", day=day, age=3600)

    def zones(self, hashed: str | None, *names: str, day: date = DAY, age: float = 3600) -> None:
        """The store as upstream writes it anew: a hash for these players (all without names), the others keep theirs.

        Args:
            age: seconds since the rows were written.
        """
        written = self.clock.now() - timedelta(seconds=age)
        known = {e.player_lookup: e.inputs.shot_zones_hash for e in self.warehouse.read_slate(day).entries if e.inputs}
        self.slate(
            [
                replace(
                    e,
                    inputs=replace(
                        e.inputs,
                        shot_zones_hash=hashed if e.player_lookup in names or not names else known[e.player_lookup],
                        features_built_at=written,
                    ),
                )
                for e in players(4, day=day)
                if e.inputs
            ],
            day,
        )

    def scan(self, **more: Any) -> list[tuple[str, list[str]]]:
        return [(one.act, one.players) for one in bdb_scanning.scan(self.deps, **more).zones]

    def triggers(self) -> list[Any]:
        return [d for d in self.queue.of(TRIGGER_TOPIC) if d.get("metadata", {}).get("source") == "zones_scan"]


def test_players_with_other_zones_are_regenerated() -> None:
    bench = Zoned()
    bench.run()
    assert bench.scan() == []
    bench.zones("new", "playerb", "playerc")
    assert bench.scan(dry_run=True) == [("regenerate", ["playerb", "playerc"])]
    assert bench.triggers() == []
    report = bdb_scanning.scan(bench.deps)
    assert report.triggered == [DAY]
    (trigger,) = bench.triggers()
    assert (trigger["game_date"], trigger["reason"], trigger["players"]) == (
        DAY.isoformat(), "bdb_upgrade", ["playerb", "playerc"],
    )  # fmt: skip
    assert bench.scan() == [("wait", ["playerb", "playerc"])]
    bench.drain()
    rows = {
        r["player_lookup"]: r["source_shot_zones_hash"]
        for r in bench.warehouse.predictions(DAY)
        if not r.get("superseded")
    }
    assert rows == {"playera": "old", "playerb": "new", "playerc": "new", "playerd": "old"}
    bench.clock.advance(86_400)
    assert bench.scan() == []
    assert len(bench.triggers()) == 1


@pytest.mark.parametrize(("before", "after"), [(None, "new"), ("old", None), (None, None), ("old", "old")])
def test_a_missing_hash_never_triggers(before: str | None, after: str | None) -> None:
    """Neither that of the predecessor's rows nor that of a store without one."""
    bench = Zoned()
    bench.zones(before)
    bench.run()
    bench.zones(after)
    assert bench.scan() == []


def test_a_moving_data_hash_never_triggers() -> None:
    """Lines move it all day."""
    bench = Zoned()
    bench.run()
    entries = bench.warehouse.read_slate(DAY).entries
    bench.slate([replace(e, inputs=replace(e.inputs, feature_hash="moved")) for e in entries if e.inputs])
    assert bench.scan() == []


def test_a_date_that_is_being_written_waits() -> None:
    """Upstream truncates a date: for a while it holds a part of it."""
    bench = Zoned(zones_hold_down_minutes=30.0)
    bench.run()
    bench.zones("new", age=29 * 60)
    assert bench.scan() == [("wait", [f"player{x}" for x in "abcd"])]
    bench.clock.advance(60)
    assert [act for act, _ in bench.scan()] == ["regenerate"]


def test_age_and_number_of_dates_are_limited() -> None:
    bench = Zoned(DAYS, zones_max_dates=2, zones_max_age_days=2)
    for n, day in enumerate(DAYS):
        bench.run(f"t{n}", day=day)
        bench.zones("new", day=day)
    today = bench.clock.now()
    bench.clock.advance((DAY - today.date()).days * 86_400)
    assert [act for act, _ in bench.scan()] == ["regenerate", "regenerate", "wait"]
    assert sorted(t["game_date"] for t in bench.triggers()) == [DAYS[1].isoformat(), DAYS[0].isoformat()]
    off = replace(bench.deps, config=replace(bench.deps.config, zones_max_age_days=0))
    assert bdb_scanning.scan(off).zones == []


def test_the_whole_date_is_regenerated_if_so_set() -> None:
    bench = Zoned(zones_scope="date")
    bench.run()
    bench.zones("new", "playerb")
    bench.scan()
    (trigger,) = bench.triggers()
    assert "players" not in trigger
    bench.drain()
    rows = {r["player_lookup"] for r in bench.warehouse.predictions(DAY) if r.get("superseded")}
    assert rows == {f"player{x}" for x in "abcd"}


def test_zones_that_do_not_come_in_are_given_up() -> None:
    bench = Zoned()
    bench.run()
    bench.zones("new", "playerb")
    acts = []
    for _ in range(20):
        acts += [act for act, _ in bench.scan()]
        bench.clock.advance(3600)
    assert (acts.count(ZonesAct.REGENERATE), acts[-1]) == (MAX_ATTEMPTS, ZonesAct.GIVE_UP)
    assert len(bench.triggers()) == MAX_ATTEMPTS


def test_a_rolled_back_date_stays_rolled_back() -> None:
    bench = Zoned()
    bench.run()
    bench.zones("new")
    bench.scan()
    bench.drain()
    newest = max(r["batch_id"] for r in bench.warehouse.predictions(DAY) if not r.get("superseded"))
    orders.rollback(bench.deps, bench.order(bench.batch(newest)))
    bench.drain()
    rows = [r for r in bench.warehouse.predictions(DAY) if not r.get("superseded")]
    assert {r["source_shot_zones_hash"] for r in rows} == {"old"}
    assert all(r["restored_from_prediction_id"] for r in rows)
    bench.clock.advance(86_400)
    assert bench.scan() == []


YEAR_1 = datetime(1, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("fields", [{}, {"key": 7}, {"expires_at": "soon"}, {"expires_at": YEAR_1}, NEWER], ids=str)
def test_a_broken_claim_holds_back_its_date_alone(fields: dict[str, Any]) -> None:
    other = DAYS[1]
    bench = Zoned(days=[DAY, other])
    for day in (DAY, other):
        bench.run(day=day)
    bench.zones("new", "playerb", day=other)
    before = {s.path for s in bench.store.find("idempotency")}
    assert bench.scan() == [("regenerate", ["playerb"])]
    bench.queue.waiting.clear()
    (claim,) = (s for s in bench.store.find("idempotency") if s.path not in before and "/alert_" in s.path)
    bench.store.commit([Write("put", claim.path, {**claim.data, **fields} if fields else {})])
    bench.zones("newer", "playerc", day=DAY)
    dry = bdb_scanning.scan(bench.deps, dry_run=True)
    assert {one.game_date: one.act for one in dry.zones} == {other: "wait", DAY: "regenerate"}
    assert alerts(bench, AlertKind.RECORD_UNREADABLE) == []
    report = bdb_scanning.scan(bench.deps)
    assert {one.game_date: one.act for one in report.zones} == {other: "wait", DAY: "regenerate"}
    assert report.triggered == [DAY]
    bench.sweep()
    assert [a["path"] for a in alerts(bench, AlertKind.RECORD_UNREADABLE)] == [claim.path]
