"""What the slate of a date is read as does not move with what came after the games began, whichever warehouse is asked."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest

from googlesql.warehouse import PROJECT, EvaluatorHarness
from regen.client.reader import Reader
from regen.client.training_tables import rows_to_learn_from
from regen.domain.inputs import Line, PlayerInputs, SourceTier
from regen.domain.slate_reading import SlateEntry, SlateReading
from regen.domain.tip_off import InputsAsOf, inputs_as_of
from regen.domain.values import replace
from regen.features.records import PropLine
from regen.training.warehouse import tables_as_data
from support.official import read_through
from support.warehouses import DAY, BigQueryHarness, Harness, MemoryHarness, harness

__all__ = ["harness"]

START = datetime(2026, 1, 21, 0, 30, tzinfo=UTC)
GAME = "0022500601"
PLAYERS = ("anton", "bela", "carl")
CONTEXT, FEATURES, HISTORY, LINES = (
    "upcoming_player_game_context",
    "ml_feature_store_v2",
    "player_game_summary",
    "player_prop_lines",
)
Rows = dict[str, list[dict[str, Any]]]


def hours(number: float) -> datetime:
    return START + timedelta(hours=number)


def context(player: str, made: float = -5, **more: Any) -> dict[str, Any]:
    return {
        "player_lookup": player, "player_name": player.title(), "game_id": GAME, "game_date": DAY, "team_abbr": "NYK",
        "opponent_team_abbr": "BOS", "home_game": True, "game_start": START, "has_prop_line": False,
        "avg_minutes_per_game_last_7": 31.25, "player_status": "available", "created_at": hours(made), **more,
    }  # fmt: skip


def features(player: str, made: float = -5, **more: Any) -> dict[str, Any]:
    return {
        "player_lookup": player, "game_date": DAY, "game_id": GAME, "features": [21.5], "feature_names": ["points_avg_last_5"],
        "feature_count": 1, "feature_version": "v3", "feature_quality_score": 87.5, "data_source": "importer",
        "data_source_tier": "SILVER", "data_hash": f"hash-{player}", "created_at": hours(made), **more,
    }  # fmt: skip


def game(player: str, day: date, points: int = 20) -> dict[str, Any]:
    return {
        "player_lookup": player, "game_id": f"g{day}", "game_date": day, "team_abbr": "NYK", "opponent_team_abbr": "MIA",
        "home_game": False, "minutes_played": 26.0, "points": points, "processed_at": hours(40),
    }  # fmt: skip


def line(player: str, value: float, seen: float | None, book: str = "draftkings", **more: Any) -> dict[str, Any]:
    return {
        "game_date": DAY, "game_id": GAME, "player_lookup": player, "market": "points", "bookmaker": book, "line": value,
        "over_price": -110, "under_price": -110, "captured_at": None if seen is None else hours(seen), **more,
    }  # fmt: skip


def before() -> Rows:
    """A date as it stood before the start."""
    return {
        CONTEXT: [context(p, made) for p in PLAYERS for made in (-9, -5)],
        FEATURES: [features(p) for p in PLAYERS],
        HISTORY: [game(p, DAY - timedelta(days=n), n) for p in PLAYERS for n in range(1, 4)],
        LINES: [
            *(line(p, 20.5, -3) for p in PLAYERS),
            *(line(p, 21.5, -2, "fanduel") for p in PLAYERS),
            line("anton", 19.5, None, "betmgm"),
        ],
    }


def after() -> Rows:
    """What the game itself, the days after it and wrong clocks brought."""
    return {
        CONTEXT: [
            *(context(p, 1, player_status="out", avg_minutes_per_game_last_7=3.0) for p in PLAYERS),
            *(context(p, 30, team_abbr="MIA", current_points_line=40.5, has_prop_line=True) for p in PLAYERS),
        ],
        FEATURES: [],
        HISTORY: [game(p, DAY + timedelta(days=n), 60) for p in PLAYERS for n in range(3)],
        LINES: [
            *(line(p, 40.5, 1) for p in PLAYERS),
            *(line(p, 20.5, 2, over_price=-900) for p in PLAYERS),
            *(line(p, 33.5, 20, "betmgm") for p in PLAYERS),
        ],
    }


def together(*parts: Rows) -> Rows:
    """All rows, in another order."""
    rows = {name: [row for part in parts for row in part[name]] for name in parts[0]}
    for found in rows.values():
        random.Random(5).shuffle(found)  # noqa: S311
    return rows


def fresh(rows: Rows) -> EvaluatorHarness:
    made = EvaluatorHarness()
    for name, found in rows.items():
        if found:
            made.load(name, found)
    return made


def read(rows: Rows) -> SlateReading:
    return fresh(rows).warehouse.read_slate(DAY)


def entries(reading: SlateReading) -> dict[str, SlateEntry]:
    return {entry.player_lookup: entry for entry in reading.entries}


def of(reading: SlateReading, player: str) -> PlayerInputs:
    inputs = entries(reading)[player].inputs
    assert inputs is not None
    return inputs


def without_warnings(reading: SlateReading) -> list[SlateEntry]:
    return [replace(e, inputs=replace(e.inputs, warnings=()) if e.inputs else None) for e in reading.entries]


def put(harness: Harness, lines: Sequence[Mapping[str, Any]]) -> None:
    """One player with lines, in the warehouse's own way."""
    if isinstance(harness, MemoryHarness):
        made = [
            Line(row["line"], row["bookmaker"], row["over_price"], row["under_price"], row["captured_at"])
            for row in lines
        ]
        inputs = PlayerInputs(
            "anton", DAY, GAME, "NYK", "BOS", True, {}, "v3", "h", 90.0, SourceTier.SILVER,
            lines=tuple(made), game_start=START, features_built_at=hours(-5), context_built_at=hours(-5),
        )  # fmt: skip
        entry = SlateEntry("anton", "Anton", GAME, "NYK", "BOS", True, START, "available", 31.0, bool(made), inputs)
        harness.warehouse.seed_slate(SlateReading(DAY, [entry], "s", None))
        return
    tables = cast("EvaluatorHarness | BigQueryHarness", harness)
    if isinstance(tables, BigQueryHarness):
        for name in (CONTEXT, FEATURES, LINES):
            tables.client.query_and_wait(f"DELETE FROM `{tables.name(name)}` WHERE game_date > '1990-01-01'")
    tables.load(CONTEXT, [context("anton")])
    tables.load(FEATURES, [features("anton")])
    tables.load(LINES, lines)


def test_a_line_from_after_the_start_is_named_and_not_there(harness: Harness) -> None:
    put(harness, [line("anton", 20.5, -3), line("anton", 40.5, 1), line("anton", 33.5, 20, "betmgm")])
    found = of(harness.warehouse.read_slate(DAY), "anton")
    assert [(known.bookmaker, known.value) for known in found.lines] == [("draftkings", 20.5)]
    assert found.warnings == ("line_after_start:betmgm:33.5", "line_after_start:draftkings:40.5")


def test_lines_offered_in_play_are_left_out(harness: Harness) -> None:
    put(harness, [line("anton", 40.5, 1)])
    reading = harness.warehouse.read_slate(DAY)
    assert of(reading, "anton").lines == ()
    assert not entries(reading)["anton"].has_line


def test_slate_tables_hold_nothing_from_after_the_start() -> None:
    clean, mutated = read(before()), read(together(before(), after()))
    assert len(clean.entries) == len(PLAYERS)
    assert without_warnings(mutated) == without_warnings(clean)
    assert mutated.snapshot == clean.snapshot
    for player in PLAYERS:
        assert of(mutated, player).inputs_hash() == of(clean, player).inputs_hash()
        assert inputs_as_of(of(mutated, player)) is InputsAsOf.TIP_OFF
        assert of(mutated, player).warnings == (
            "line_after_start:betmgm:33.5",
            "line_after_start:draftkings:20.5",
            "line_after_start:draftkings:40.5",
        )


def test_regeneration_reads_a_feature_row_that_came_late() -> None:
    late = {**after(), FEATURES: [features("anton", 45, data_source_tier="GOLD", data_hash="gold")]}
    found = read(together(before(), late))
    anton = of(found, "anton")
    assert (anton.data_source_tier, anton.feature_hash) == (SourceTier.GOLD, "gold")
    assert (inputs_as_of(anton), inputs_as_of(of(found, "bela"))) == (InputsAsOf.LATE, InputsAsOf.TIP_OFF)
    assert entries(found)["anton"].status == "available"


def test_slate_loaded_after_the_game_is_reported_as_late() -> None:
    rows = {**before(), CONTEXT: [context(p, 30) for p in PLAYERS]}
    found = read(rows)
    assert [inputs_as_of(of(found, p)) for p in PLAYERS] == [InputsAsOf.LATE] * 3
    assert [known.value for known in of(found, "bela").lines] == [20.5, 21.5]


def test_start_time_is_that_of_the_game_not_of_a_row() -> None:
    """One player's row lacks it, and another's is off; his lines are bounded all the same."""
    rows = before()
    rows[CONTEXT] = [
        context("anton", game_start=None),
        context("bela", game_start=hours(5)),
        context("carl"),
        context("dan"),
    ]
    rows[LINES] += [line("anton", 40.5, 1), line("bela", 40.5, 1)]
    found = read(rows)
    assert [known.value for known in of(found, "anton").lines] == [19.5, 20.5, 21.5]
    assert [known.value for known in of(found, "bela").lines] == [20.5, 21.5]
    assert entries(found)["anton"].game_start == START


def test_newest_rows_count_for_a_game_without_start_time() -> None:
    rows = before()
    rows[CONTEXT] = [
        context("anton", made, game_start=None, player_status=s) for made, s in ((-5, "available"), (9, "out"))
    ]
    rows[LINES] += [line("anton", 40.5, 1)]
    found = read(rows)
    assert entries(found)["anton"].status == "out"
    assert [known.value for known in of(found, "anton").lines] == [19.5, 20.5, 40.5, 21.5]
    assert inputs_as_of(of(found, "anton")) is None


def test_row_stamped_in_the_future_does_not_hide_others() -> None:
    """The slate of tomorrow is read: what is from 20 hours ahead is before the start, and cannot have been seen."""
    made = fresh(before())
    made.load(LINES, [line("anton", 26.5, -1, "caesars"), line("anton", 20.5, -1)])
    vars(made.warehouse)["_now"] = lambda: hours(-2)
    found = of(made.warehouse.read_slate(DAY), "anton")
    assert [(known.bookmaker, known.value) for known in found.lines] == [
        ("betmgm", 19.5),
        ("draftkings", 20.5),
        ("fanduel", 21.5),
    ]
    assert found.warnings == ("line_after_start:caesars:26.5", "line_after_start:draftkings:20.5")


def learnt(rows: Rows) -> tuple[PropLine, ...]:
    return learnt_from(fresh(rows), date(2026, 1, 1), date(2026, 2, 1))


def learnt_from(made: EvaluatorHarness, first: date, until: date) -> tuple[PropLine, ...]:
    reader = read_through(Reader(PROJECT, "http://emulator"), made.client)
    return tables_as_data(*rows_to_learn_from(reader, first, until)).lines


def test_a_fit_on_tables_learns_from_before_the_start() -> None:
    rows = before()
    rows[LINES] += [line("anton", 22.5, -2.9), line("anton", 9.5, -2.9, over_price=-700)]
    clean, mutated = learnt(rows), learnt(together(rows, after()))
    known = [offer for offer in mutated if offer.captured_at is None or offer.captured_at <= START]
    assert known == list(clean)
    assert {offer.game_start for offer in mutated} == {START}
    own = [
        (offer.line, offer.over_price)
        for offer in known
        if offer.bookmaker == "draftkings" and offer.player_lookup == "anton"
    ]
    assert own == [(9.5, -700), (22.5, -110)]
    assert len(mutated) - len(known) == 2 * len(PLAYERS)


@pytest.mark.parametrize("name", ["anton", "bela"])
def test_the_order_of_rows_changes_no_hash(name: str) -> None:
    assert of(read(together(before())), name).inputs_hash() == of(read(before()), name).inputs_hash()
