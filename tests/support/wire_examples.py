"""Everything that regen says over the wire in a few small stories, byte for byte: answers, problems, messages, alerts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from regen.adapters.memory.ledger import MemoryLedger
from regen.domain.bdb import BdbGame
from regen.domain.errors import Unavailable
from regen.domain.invariants import Finding
from regen.ports import Write
from regen.services.batch import orders
from regen.services.state.paths import backfill_path, batch_path
from support.bench import Bench
from support.box_scores import box
from support.league import DAY, TIP_OFF, WIDE, entry, old_row, players
from support.web_bench import KEYED, Web, envelope, pushed, ticked

FOLDER = Path(__file__).parents[1] / "fixtures" / "wire"
D = DAY.isoformat()
PARENT = {"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}
ODD = {"ticket": "Ö-17", "nested": [1, 2.5, None, {"é": True}]}
Example = tuple[str, str]


def answers() -> Iterator[Example]:
    """Every answer of the three functions, and problems of every kind; the body behind the status."""
    yield from _batches()
    yield from _orders()
    yield from _backfills()
    yield from _tables()
    yield from _problems()


def messages() -> Iterator[Example]:
    """Every message of every topic, with its attributes, as they are published; those of the outbox included."""
    bench = _story().bench
    for number, (topic, message) in enumerate(bench.queue.published):
        attributes = {k: v for k, v in message.attributes.items() if k != "traceparent"}
        yield f"{number:03} {topic}", json.dumps([message.data, attributes])


def _said(answer: TestResponse) -> str:
    return f"{answer.status_code} {answer.content_type} {answer.text}"


def _web() -> Web:
    return Web(_roster(), thresholds={**WIDE, "coverage_pct": 60.0})


def _roster() -> list[Any]:
    return [
        *players(6),
        entry("gone", status="OUT"),
        entry("mended", broken=True),
        entry("thin", minutes=3.0, lines=()),
    ]


def _batches() -> Iterator[Example]:
    web = _web()
    yield "health coordinator", _said(web.get("/health"))
    yield "health worker", _said(web.call("worker", "GET", "/health"))
    yield "health verifier", _said(web.call("verifier", "GET", "/health"))
    yield "ready, nothing has run", _said(_web().get("/ready"))
    web.bench.warehouse.seed_predictions([old_row("playera", "steady", 11.5), old_row("stranger", "steady", 19.5)])
    asked = {"game_date": D, "metadata": ODD, "reason": "bdb_upgrade"}
    yield "preview", _said(web.post("/regenerate-with-supersede", {**asked, "dry_run": True}))
    yield "preview of a start", _said(web.post("/start", {"game_date": D, "min_minutes": 2, "dry_run": True}))
    accepted = web.post("/regenerate-with-supersede", asked)
    yield "accepted", _said(accepted)
    yield "coalesced", _said(web.post("/regenerate-with-supersede", {"game_date": D, "players": ["playera"]}))
    yield "preview, coalesced", _said(web.post("/regenerate-with-supersede", {"game_date": D, "dry_run": True}))
    path = f"/batches/{_id(accepted)}"
    yield "batch, dispatching", _said(web.get(path))
    web.bench.step(events=False)
    yield "batch, running", _said(web.get(path))
    yield "batches, with what waits", _said(web.get(f"/batches?game_date={D}"))
    yield "would cancel", _said(web.post(f"{path}/cancel", {"dry_run": True}))
    web.bench.drain()
    web.bench.clock.advance(1)
    yield "batch, ended", _said(web.get(path))
    yield "status", _said(web.get(f"/status?batch_id={_id(accepted)}"))
    web.bench.sweep()
    web.bench.sweep()
    yield "batches", _said(web.get("/batches?limit=1"))
    yield "sweep", _said(web.call("verifier", "POST", "/sweep", headers=ticked()))
    other = DAY + timedelta(days=1)
    web.bench.slate([entry("alone", day=other, broken=True)], other)
    started = web.post("/start", {"game_date": other.isoformat()})
    yield "started", _said(started)
    web.bench.drain()
    web.bench.clock.advance(1)
    yield "batch, rejected", _said(web.get(f"/batches/{_id(started)}"))
    web.bench.store.commit([Write("update", batch_path(_id(started)), {"schema": 99})])
    yield "batches, one unreadable", _said(web.get("/batches"))
    yield "ready", _said(web.get("/ready"))


def _id(answer: TestResponse) -> str:
    return str((answer.json or {})["batch_id"])


def _orders() -> Iterator[Example]:
    web = _web()
    batch_id = web.bench.run().batch_id
    path = f"/batches/{batch_id}"
    for word in ("redrive", "rollback"):
        yield f"would {word}", _said(web.post(f"{path}/{word}", {"dry_run": True, "reason": "why not"}))
    yield "redrive", _said(web.post(f"{path}/redrive", {}, {"Idempotency-Key": "k"}))
    yield "redrive again", _said(web.post(f"{path}/redrive", {}, {"Idempotency-Key": "k"}))
    yield "would do nothing", _said(web.post(f"{path}/redrive", {"dry_run": True}, {"Idempotency-Key": "k"}))
    web.bench.step(events=False)
    yield "batch, redriven", _said(web.get(path))
    yield "cancel", _said(web.post(f"{path}/cancel", {}))
    yield "batch, cancelled", _said(web.get(path))
    web.bench.drain()
    web.bench.clock.advance(1)
    yield "rollback", _said(web.post(f"{path}/rollback", {}))
    web.bench.drain()
    yield "batch, rolled back", _said(web.get(path))
    web.bench.slate([players(1)[0], entry("mended", broken=True)])
    rejected = web.bench.run("t9")
    yield "promote refused", _said(web.post(f"/batches/{rejected.batch_id}/promote", {"checks": ["bold"]}))
    failed = list((rejected.verdict or {})["failed"])
    yield "would promote", _said(web.post(f"/batches/{rejected.batch_id}/promote", {"checks": failed, "dry_run": True}))


def _backfills() -> Iterator[Example]:
    web = _web()
    asked = {"from": D, "to": "2026-01-22", "metadata": ODD, "backwards": True, "max_concurrent_dates": 1}
    yield "plan", _said(web.post("/backfills", {**asked, "dry_run": True}))
    yield "no backfills", _said(web.get("/backfills"))
    made = web.post("/backfills", asked)
    yield "backfill made", _said(made)
    path = f"/backfills/{(made.json or {})['backfill_id']}"
    yield "would pause", _said(web.post(f"{path}/pause", {"dry_run": True}))
    yield "paused", _said(web.post(f"{path}/pause", {}))
    yield "resumed", _said(web.post(f"{path}/resume", {}))
    web.bench.drain()
    yield "backfill", _said(web.get(path))
    for _ in range(3):
        web.bench.clock.advance(1)
        web.bench.sweep()
    yield "backfill, done", _said(web.get(path))
    other = web.post("/backfills", {"from": D, "to": D}).json or {}
    web.bench.store.commit([Write("update", backfill_path(other["backfill_id"]), {"schema": 99})])
    yield "backfills, one unreadable", _said(web.get("/backfills"))


def _game(game_id: str, **more: Any) -> BdbGame:
    known: dict[str, Any] = {"tip_off": TIP_OFF, "features": 8, "stale": 8, **more}
    return BdbGame(DAY, game_id, known.pop("status", "bdb_available"), **known)


def _tables() -> Iterator[Example]:
    web = _web()
    ledger = web.bench.deps.ledger
    assert isinstance(ledger, MemoryLedger)
    web.bench.run()
    now = web.bench.clock.now()
    for one in (_game("a", updated_at=now), _game("b", status="pending_bdb"), _game("c", status="odd")):
        ledger.games[one.game_date, one.game_id] = one
    yield "would scan", _said(web.post("/bdb/scan", {"dry_run": True}))
    yield "scan", _said(web.post("/bdb/scan", {}, {"Idempotency-Key": "k"}))
    yield "scan again", _said(web.post("/bdb/scan", {}, {"Idempotency-Key": "k"}))
    web.bench.slate([e if e.player_lookup != "playera" else entry("playera", status="out") for e in _roster()])
    yield "would scan news", _said(web.post("/news/scan", {"game_date": D, "dry_run": True}))
    yield "scan news", _said(web.post("/news/scan", {}, {"Idempotency-Key": "n"}))
    yield "scan news again", _said(web.post("/news/scan", {}, {"Idempotency-Key": "n"}))
    yield "news not due", _said(web.post("/news/scan", {"if_due": True}))
    yield "news", _said(web.get(f"/news?game_date={D}"))
    ledger.findings = [Finding("unique_keys", 7, 0), Finding("coverage", 2, 1, ("2026-01-20: 50 %",))]
    yield "checks", _said(web.post("/checks", {"from": D}))
    ledger.scores = box(playera=20, playerb=None)
    yield "alerts", _said(web.get("/alerts?limit=3"))
    yield "open alerts", _said(web.get("/alerts?open=true"))
    web.bench.clock.advance(2 * 86400)
    yield "would grade", _said(web.post("/grades", {"from": D, "to": "2026-01-21", "dry_run": True}))
    yield "would grade what is due", _said(web.post("/grades", {"dry_run": True}))
    yield "grades", _said(web.post("/grades", {"from": D}, {"Idempotency-Key": "g"}))
    yield "grades again", _said(web.post("/grades", {"from": D}, {"Idempotency-Key": "g"}))


def _problems() -> Iterator[Example]:
    web = _web()
    run, keyed = "/regenerate-with-supersede", {"Idempotency-Key": "k"}
    bad: list[tuple[str, Any]] = [
        (run, {}),
        (run, {"game_date": "2026-02-30"}),
        (run, {"game_date": D, "player": "x"}),
        (run, {"game_date": D, "reason": "Free Text"}),
        (run, {"game_date": D, "reason": None}),
        (run, {"game_date": D, "metadata": []}),
        (run, {"game_date": D, "metadata": {"a": "x" * 30_000}}),
        (run, {"game_date": D, "players": []}),
        (run, {"game_date": D, "players": None}),
        (run, {"game_date": D, "players": ["playera", "playerq"]}),
        (run, {"game_date": D, "systems": "steady"}),
        (run, {"game_date": D, "systems": ["nosuch_v1"]}),
        (run, {"game_date": D, "dry_run": "yes"}),
        (run, b"{"),
        (run, b"[]"),
        ("/start", {"game_date": 7}),
        ("/start", {"game_date": D, "min_minutes": 49}),
        ("/start", {"game_date": D, "min_minutes": True}),
        ("/start", {"game_date": D, "force": 1}),
        ("/backfills", {"to": D}),
        ("/backfills", {"from": D}),
        ("/backfills", {"from": D, "to": D, "max_concurrent_dates": 11}),
        ("/backfills", {"from": D, "to": D, "max_concurrent_dates": 1.5}),
        ("/backfills", {"from": D, "to": D, "only": "some"}),
        ("/backfills", {"from": D, "to": D, "only": 3}),
        ("/backfills", {"from": D, "to": "2024-01-01"}),
        ("/checks", {"days": 0}),
        ("/checks", {"days": True}),
        ("/checks", {"days": 1, "from": D}),
        ("/grades", {"from": D, "to": "2027-12-01"}),
        ("/bdb/scan", {"dry_run": None}),
        ("/news/scan", {"players": []}),
        ("/batches/regen_none/promote", {}),
        ("/batches/regen_none/promote", {"checks": []}),
        ("/batches/regen_none/cancel", {"reason": ""}),
        ("/batches/regen_none/cancel", {"why": ""}),
        ("/batches/regen_none/cancel", {}),
        ("/backfills/none/pause", {}),
    ]
    for path, body in bad:
        yield (
            f"refused: {path} {json.dumps(body) if not isinstance(body, bytes) else body.decode()}"[:160],
            _said(web.post(path, body)),
        )
    yield "no key", _said(web.call("coordinator", "GET", "/batches"))
    yield "no route", _said(web.get("/nowhere"))
    yield "no such method", _said(web.call("coordinator", "PUT", "/start", headers=KEYED))
    yield "no such batch", _said(web.get("/batches/regen_none"))
    web.post(run, {"game_date": D}, keyed)
    yield "key reused", _said(web.post(run, {"game_date": D, "reason": "other"}, keyed))
    yield "in the way", _said(web.post("/start", {"game_date": D}))
    yield "no slate", _said(web.post("/start", {"game_date": "2025-12-25"}))

    def silent(*_: object, **__: object) -> None:
        raise Unavailable("no answer").of("Firestore")

    web.bench.store.get = silent  # type: ignore[method-assign]
    yield "unavailable", _said(web.call("coordinator", "GET", "/batches/regen_x", headers={**KEYED, **PARENT}))
    web.bench.store.find = silent  # type: ignore[assignment,method-assign]
    yield "not ready", _said(web.call("coordinator", "GET", "/ready", headers={**KEYED, **PARENT}))


def _story() -> Web:
    """A night in which everything is published that ever is."""
    web = _web()
    bench = web.bench
    web.post("/regenerate-with-supersede", {"game_date": D, "metadata": ODD})
    web.post("/regenerate-with-supersede", {"game_date": D, "players": ["playera"]})
    _settled(bench)
    bench.slate([entry("alone", broken=True)])
    rejected = bench.run("rejected")
    orders.cancel(bench.deps, bench.order(bench.regenerate("cancelled")))
    bench.slate(_roster())
    ledger = bench.deps.ledger
    assert isinstance(ledger, MemoryLedger)
    ledger.games[DAY, "a"] = _game("a", updated_at=bench.clock.now())
    web.post("/bdb/scan", {})
    _settled(bench)
    bench.slate([e if e.player_lookup != "playera" else entry("playera", status="out") for e in _roster()])
    web.post("/news/scan", {})
    _settled(bench)
    web.call("coordinator", "POST", "/regenerate-pubsub", envelope({"game_date": "never"}), pushed())
    for path, data in (
        ("nba-prediction-trigger", {"mode": "grade"}),
        ("prediction-verify", {"batch_id": "x", "round": 1}),
    ):
        body = json.loads(envelope(data, CloudPubSubDeadLetterSourceSubscription=path))
        web.call("verifier", "POST", "/dead-letters", json.dumps(body).encode(), pushed())
    web.post("/backfills", {"from": D, "to": "2026-01-22"})
    _settled(bench)
    bench.clock.advance(86400 * 2)
    again = bench.run("a played date")
    bench.clock.advance(60)
    _settled(bench)
    orders.rollback(bench.deps, bench.order(again))
    _settled(bench)
    ledger.findings = [Finding("coverage", 2, 1, ("2026-01-20: 50 %",)), Finding("unique_keys", 2, 1, ("twice",))]
    web.post("/checks", {"from": D})
    bench.store.commit([Write("update", batch_path(rejected.batch_id), {"schema": 99, "live": True})])
    bench.events.clear()
    _settled(bench)
    return web


def _settled(bench: Bench) -> None:
    for _ in range(3):
        bench.drain()
        bench.clock.advance(61)
        bench.sweep()


EXAMPLES: dict[str, Callable[[], Iterator[Example]]] = {"answers": answers, "messages": messages}


def lines(name: str) -> list[str]:
    """One line for each example: its name, a tab, and what was said."""
    return [f"{what}\t{said}".replace("\n", "\\n") for what, said in EXAMPLES[name]()]


def recorded(name: str) -> list[str]:
    """The same, as it stands in the file."""
    return (FOLDER / f"{name}.tsv").read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    for wanted in EXAMPLES:
        (FOLDER / f"{wanted}.tsv").write_text("".join(f"{line}\n" for line in lines(wanted)), encoding="utf-8")
