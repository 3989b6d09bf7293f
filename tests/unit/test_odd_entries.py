"""One odd entry of a slate is its own trouble in whatever reads the slate: batches by name, orders, surveys and news."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pytest

from regen.domain.inputs import RecentGame
from regen.domain.scope import Scope
from regen.domain.slate import is_told_apart, sound
from regen.domain.slate_reading import SlateEntry, SlateReading
from regen.domain.values import replace
from regen.services.batch import opening, orders, withdrawing
from regen.services.batch.withdrawing import Withdrawal
from support.backfill_bench import BackfillBench
from support.bench import Bench
from support.league import DAY, WIDE, entry, players
from unit.test_news_watch import News

Flow = Callable[[SlateEntry], None]
GAME = "0022500601"
NUMBER = 20
TEXTS: tuple[Any, ...] = ("", None, 7, ["a"], "x" * 500, "a\x00", "a\ud800")
MOMENTS: tuple[Any, ...] = (
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, tzinfo=UTC),
    datetime(2026, 1, 21),  # noqa: DTZ001 - without a time zone
    "soon",
    7,
    ["a"],
    date(2026, 1, 20),
)
NUMBERS: tuple[Any, ...] = (None, "x", float("nan"), float("inf"), 10**400, -1, ["a"])
FLAGS: tuple[Any, ...] = (None, "x", 7, ["a"])
OF_ENTRY: dict[str, Sequence[Any]] = {
    "player_lookup": TEXTS,
    "game_id": TEXTS,
    "team": TEXTS,
    "opponent": TEXTS,
    "status": TEXTS,
    "player_name": (None, 7),
    "problem": (7, ["a"], "a\x00" * 400),
    "game_start": MOMENTS,
    "avg_minutes": NUMBERS,
    "has_line": FLAGS,
    "home": FLAGS,
    "inputs": (None, "x", 7, ["a"], {}),
}
OF_INPUTS: dict[str, Sequence[Any]] = {
    **{
        name: (None, 7, ["a"], "a\x00")
        for name in (
            "player_lookup", "game_id", "team", "opponent", "feature_version", "feature_hash", "shot_zones_source",
            "injury_status", "data_source_tier", "shot_zones_hash",
        )
    },
    **dict.fromkeys(("game_start", "features_built_at", "context_built_at"), MOMENTS),
    "game_date": (None, "x", 7, date(1, 1, 1), ["a"]),
    "home": FLAGS,
    "feature_quality": NUMBERS,
    "features": (None, 7, ["a"], {7: 1.0}, {"form": "x"}, {"form": float("nan")}, {"form": 1e300}, {"form": 10**400}),
    "lines": (None, 7, (7,), ("x",), [None]),
    "recent_games": (None, 7, (7,), (RecentGame("x", "1", "BOS", "NYK", home=True, minutes=30.0, points=20),)),  # type: ignore[arg-type]
    "warnings": (None, 7, (7,), ("a\x00",)),
}  # fmt: skip


def changed(name: str, value: Any) -> SlateEntry:
    """A player one value of whose entry is odd."""
    return replace(entry("odd"), **{name: value})


def changed_inputs(name: str, value: Any) -> SlateEntry:
    """A player one value of whose inputs is odd."""
    one = entry("odd")
    assert one.inputs
    return replace(one, inputs=replace(one.inputs, **{name: value}))


CASES = [
    *(
        pytest.param(changed, name, value, id=f"{name}-{n}")
        for name, values in OF_ENTRY.items()
        for n, value in enumerate(values)
    ),
    *(
        pytest.param(changed_inputs, name, value, id=f"inputs.{name}-{n}")
        for name, values in OF_INPUTS.items()
        for n, value in enumerate(values)
    ),
]


def bench_of(odd: SlateEntry, cls: type[Bench] = Bench) -> Bench:
    made = cls()
    put(made, [*players(NUMBER), odd])
    return made


def put(bench: Bench, entries: Sequence[SlateEntry]) -> None:
    bench.warehouse.seed_slate(SlateReading(DAY, entries, f"snapshot {len(entries)}", None))


def whole(odd: SlateEntry) -> None:
    batch = bench_of(odd).run()
    assert batch.status == "promoted", batch.error
    assert (batch.counts.produced or 0) >= NUMBER


def of_players(odd: SlateEntry) -> None:
    batch = bench_of(odd).run(scope=Scope(players=(" PlayerA", "playerb")))
    assert (batch.status, batch.counts.produced) == ("promoted", 2), batch.error


def of_game(odd: SlateEntry) -> None:
    batch = bench_of(odd).run(scope=Scope(games=(GAME,)))
    assert batch.status == "promoted", batch.error


def after_a_withdrawal(odd: SlateEntry) -> None:
    bench = Bench(players(NUMBER))
    bench.run()
    withdrawing.withdraw(bench.deps, Withdrawal(DAY, "out", Scope(players=("playerh",)), "k", "t9", {}))
    bench.drain()
    bench.clock.advance(1)
    put(bench, [*players(NUMBER), odd])
    batch = bench.run("t2")
    assert batch.status == "promoted", batch.error


def redriven(odd: SlateEntry) -> None:
    bench = Bench([*players(NUMBER - 1), entry("broken1", broken=True)], thresholds={**WIDE, "coverage_pct": 50.0})
    batch = bench.run()
    put(bench, [*players(NUMBER - 1), entry("broken1"), odd])
    orders.redrive(bench.deps, bench.order(batch))
    bench.drain()
    assert (found := bench.batch(batch.batch_id)).status == "promoted"
    assert found.counts.produced == NUMBER


def scanned_for_news(odd: SlateEntry) -> None:
    bench = News()
    bench.warehouse.seed_slate(
        SlateReading(
            DAY, [*(replace(e, status="out") if e.player_lookup == "playera" else e for e in players()), odd], "s", None
        )
    )
    found = bench.scan()
    assert "playera" in {one.player_lookup for one in found.news}
    assert not any(one.player_lookup.startswith("unnamed") for one in found.news)


def surveyed(odd: SlateEntry) -> None:
    bench = bench_of(odd, BackfillBench)
    assert isinstance(bench, BackfillBench)
    (found,) = bench.ledger.survey(DAY, DAY)
    assert found.rostered == NUMBER + 1
    assert {e.player_lookup for e in players(NUMBER)} <= set(found.missing)


def watched_for_zones(odd: SlateEntry) -> None:
    bench = BackfillBench()
    zoned = [
        replace(e, inputs=replace(e.inputs, shot_zones_hash="z1", features_built_at=e.game_start))  # type: ignore[type-var]
        for e in players(NUMBER)
    ]
    put(bench, zoned)
    bench.run()
    put(bench, [replace(e, inputs=replace(e.inputs, shot_zones_hash="z2")) for e in zoned] + [odd])  # type: ignore[type-var]
    found = bench.ledger.zone_drifts(DAY, DAY)
    assert {one.player_lookup for one in found} == {e.player_lookup for e in zoned}


def previewed(odd: SlateEntry) -> None:
    bench = bench_of(odd)
    opening.preview(bench.deps, bench.trigger("p"))
    found = opening.preview(bench.deps, bench.trigger("p", scope=Scope(players=("playera",))))
    assert found is not None


FLOWS: tuple[Flow, ...] = (
    whole, of_players, of_game, after_a_withdrawal, redriven, scanned_for_news, surveyed, watched_for_zones, previewed,
)  # fmt: skip
OF_ALL: tuple[Flow, ...] = (whole, scanned_for_news, surveyed, watched_for_zones)
"""The flows that each odd value of a player's inputs goes through."""


@pytest.mark.parametrize(
    ("flow", "change", "name", "value"),
    [
        pytest.param(flow, *case.values, id=f"{flow.__name__}-{case.id}")
        for case in CASES
        for flow in FLOWS
        if case.values[0] is changed or flow in OF_ALL
    ],
)
def test_an_odd_entry_is_its_own_trouble(
    flow: Flow, change: Callable[[str, Any], SlateEntry], name: str, value: Any
) -> None:
    flow(change(name, value))


@pytest.mark.parametrize(("name", "value"), list(product(("player_lookup", "game_id"), TEXTS)))
def test_names_are_found_beside_an_odd_one(name: str, value: Any) -> None:
    """The slate as upstream has it, before anything is put right."""
    entries = [*players(2), changed(name, value)]
    assert Scope(players=("PLAYERB",)).on(entries, "the date").players == ("playerb",)
    assert Scope(games=(GAME,)).on(entries, "the date").games == (GAME,)


@pytest.mark.parametrize(("change", "name", "value"), CASES)
def test_a_sound_entry_stays_as_it_is(change: Callable[[str, Any], SlateEntry], name: str, value: Any) -> None:
    once = sound(change(name, value), 3)
    assert sound(once, 4) is once
    assert is_told_apart(once) == (name not in {"player_lookup", "game_id"} or change is changed_inputs)
