"""The guide's table of costs is what the tool says, and the tool's counts are what the services do."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from simulation.bench import Bench
from simulation.league import players

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
try:
    spec = importlib.util.spec_from_file_location("cost", ROOT / "tools" / "cost.py")
    assert spec
    assert spec.loader
    cost = importlib.util.module_from_spec(spec)
    sys.modules["cost"] = cost
    spec.loader.exec_module(cost)
finally:
    sys.path.remove(str(ROOT / "tools"))


def test_the_counts_are_what_a_regeneration_takes() -> None:
    bench = Bench(players(90), players_per_request=50)
    bench.run("first")
    bench.sweep()
    reads, writes, messages = bench.store.reads, bench.store.writes, len(bench.queue.published)
    bench.regenerate("second")
    events = 0
    while bench.queue.waiting or bench.events:
        events += bool(bench.events)
        bench.step()
    counted = (bench.store.reads - reads, bench.store.writes - writes, len(bench.queue.published) - messages, events)
    said = (cost.BATCH_READS, cost.BATCH_WRITES, cost.BATCH_MESSAGES, cost.BATCH_EVENTS)
    assert counted == pytest.approx(said, rel=0.15, abs=1.1)
    reads = bench.store.reads
    bench.sweep()
    assert bench.store.reads - reads <= cost.SWEEP_READS


def test_the_guide_has_the_table() -> None:
    assert cost.table() in (ROOT / "docs" / "deployment.md").read_text()


def test_it_costs_next_to_nothing() -> None:
    assert sum(cost.dollars(cost.month(15)).values()) < 2
