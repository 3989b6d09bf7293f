"""The guide's table of costs is what the tool says, and the tool's counts are what the services do."""

from __future__ import annotations

import inspect
import json
import random
import re
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import pytest

import cost
from regen.api.kept import KeptRequest, packed
from regen.api.packed_inputs import pack_inputs
from regen.domain.values import replace
from regen.ports import Write
from regen.topology import topology
from support.bench import Bench
from support.league import entry, players

ROOT = Path(__file__).parents[2]


def test_cost_counts_match_a_measured_regeneration() -> None:
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
    bench.sweep()
    reads = bench.store.reads
    for _ in range(10):
        bench.clock.advance(60)
        bench.sweep()
    assert (bench.store.reads - reads) / 10 <= cost.SWEEP_READS


def test_priced_storage_covers_what_is_kept() -> None:
    """What a regeneration leaves in Firestore, and all versions of it: recovery to a point in time keeps each."""
    bench = Bench(players(90), players_per_request=50)
    bench.run("first")
    written: list[str] = []
    sizes: dict[str, list[int]] = {}
    commit = bench.store.commit

    def noting(writes: Sequence[Write]) -> None:
        commit(writes)
        for write in writes:
            if found := bench.store.get(write.path):
                written.append(write.path)
                sizes.setdefault(write.path, []).append(len(json.dumps(found.data, default=repr)))

    with patch.object(bench.store, "commit", noting):
        bench.regenerate("second")
        while bench.queue.waiting or bench.events:
            bench.step()
    assert len(written) > 10
    assert 10_000 < sum(s[-1] for s in sizes.values()) <= cost.BATCH_STORED_BYTES
    assert sum(map(sum, sizes.values())) <= cost.BATCH_WRITTEN_BYTES
    assert cost.dollars(cost.kept(3))["kept and recoverable"] < 0.25


def test_priced_inputs_cover_what_is_kept() -> None:
    numbers = random.Random(7)  # noqa: S311
    inputs = []
    for n in range(90):
        one = entry(f"player{n}", games=30, lines=(19.5, 20.5, 21.5)).inputs
        assert one
        inputs.append(replace(one, features={f"a_feature_{k}": numbers.gauss(10, 5) for k in range(90)}))
    parts = [KeptRequest(f"r{n}", (), pack_inputs(inputs[n : n + 50])) for n in (0, 50)]
    _, content = packed("b", inputs[0].game_date, 1, parts)
    assert cost.INPUT_BYTES / 2 < len(content) <= cost.INPUT_BYTES


def test_guide_names_the_price_of_kept_inputs() -> None:
    said = f"${cost.inputs(15, 1):.3f} a month after a year, ${cost.inputs(15, 10):.2f} after ten"
    assert said in (ROOT / "docs" / "deployment.md").read_text()
    assert cost.inputs(15, 10) < 0.02


def test_guide_holds_the_cost_table() -> None:
    guide = (ROOT / "docs" / "deployment.md").read_text()
    assert cost.table() in guide
    assert cost.beside() in guide


def test_the_watch_on_quality_costs_cents() -> None:
    assert cost.quality_watch(15) < 0.05


def test_monthly_cost_is_within_its_bound() -> None:
    assert sum(cost.dollars(cost.month(15)).values()) < 2


def test_each_schedule_and_condition_is_priced() -> None:
    """By the definitions themselves: one more alert is not free."""
    schedules = len(topology().schedules)
    alerts = (ROOT / "infra" / "alerts.tf").read_text()
    named = re.findall(r"^    (\w+) = \{$", alerts, re.MULTILINE)
    conditions = len(named) + alerts.split('"sweep_missing"')[1].count("  conditions {")
    defaults = inspect.signature(cost.table).parameters
    assert (schedules, conditions) == (defaults["schedules"].default, defaults["conditions"].default)
