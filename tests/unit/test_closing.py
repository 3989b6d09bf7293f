"""`regen close`: an operator ends the waiting, and what is there is verified."""

from __future__ import annotations

from typing import Any

import pytest

from regen.services.batch import closing
from support.league import players
from support.web_bench import Web


def _half_done() -> tuple[Web, str]:
    """A batch of two requests, of which one is done and the message of the other was lost."""
    web = Web(players(8), thresholds={**Web().bench.deps.config.thresholds, "coverage_pct": 50.0})
    batch_id = web.bench.regenerate().batch_id
    web.bench.step(events=False)
    web.bench.queue.waiting.clear()
    return web, batch_id


def test_pending_players_of_a_closed_batch_fail_by_name() -> None:
    web, batch_id = _half_done()
    assert web.post(f"/batches/{batch_id}/close", {"reason": "tip-off is near"}).status_code == 202
    web.bench.drain()
    web.bench.sweep()
    done: dict[str, Any] = web.get(f"/batches/{batch_id}").json or {}
    assert (done["status"], done["counts"]["produced"], done["counts"]["failed"]) == ("promoted", 4, 4)
    assert {problem["reason"] for problem in done["outcomes"]} == {"closed"}
    (entry,) = web.bench.audited("close_requested")
    assert (entry.triggered_by, entry.metadata) == ("api_key:old", {"order_reason": "tip-off is near"})
    assert any(step["why"] == "closed: tip-off is near" and step["by"] == "api_key:old" for step in done["history"])
    assert web.post(f"/batches/{batch_id}/redrive", {}).status_code == 202


def test_a_closer_who_dies_leaves_the_rest_to_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    web, batch_id = _half_done()

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(closing, "close_pending", dies)
    with pytest.raises(KeyboardInterrupt):
        web.post(f"/batches/{batch_id}/close", {"reason": "now"})
    assert web.post(f"/batches/{batch_id}/close", {"reason": "again"}).status_code == 409
    web.bench.clock.advance(60)
    web.bench.sweep()
    done: dict[str, Any] = web.get(f"/batches/{batch_id}").json or {}
    assert {problem["reason"] for problem in done["outcomes"]} == {"closed"}
    assert done["status"] == "promoted"
