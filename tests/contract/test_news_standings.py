"""What the news watch reads is the same of every warehouse: what predictions rest on, beside what is there now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from contract.test_tip_off import CONTEXT, FEATURES, GAME, LINES, START, context, features, hours, line
from googlesql.warehouse import EvaluatorHarness
from regen.adapters.bigquery.ledger import BigQueryLedger
from regen.adapters.memory.ledger import MemoryLedger
from regen.domain.inputs import Line, PlayerInputs, SourceTier
from regen.domain.news import Standing
from regen.domain.promotion import StagedRow
from regen.domain.slate_reading import SlateEntry, SlateReading
from regen.domain.values import replace
from regen.ports import Ledger
from support.warehouse_rows import fence, new, old, promotion, run, staging
from support.warehouses import DAY, BigQueryHarness, Harness, MemoryHarness, at, harness

__all__ = ["harness"]

SYSTEM = "ensemble_v1"
NOW = hours(-1)
Rows = Sequence[Mapping[str, Any]]


def put(harness: Harness, slate: Rows, lines: Rows = ()) -> Ledger:
    """Replace the date's slate and lines, in the warehouse's own way."""
    if isinstance(harness, MemoryHarness):
        harness.warehouse.seed_slate(SlateReading(DAY, [_entry(row, lines) for row in slate], "s", None))
        return MemoryLedger(harness.warehouse)
    tables = cast("EvaluatorHarness | BigQueryHarness", harness)
    if isinstance(tables, BigQueryHarness):
        for name in (CONTEXT, FEATURES, LINES):
            tables.client.query_and_wait(f"DELETE FROM `{tables.name(name)}` WHERE game_date > '1990-01-01'")
    tables.load(CONTEXT, slate)
    tables.load(FEATURES, [features(row["player_lookup"]) for row in slate])
    if lines:
        tables.load(LINES, lines)
    if isinstance(tables, BigQueryHarness):
        return BigQueryLedger(tables.warehouse.jobs, tables.warehouse._names)
    return tables.ledger


def _entry(row: Mapping[str, Any], lines: Rows) -> SlateEntry:
    player, status, start = row["player_lookup"], row["player_status"], row["game_start"]
    offered = tuple(
        Line(one["line"], one["bookmaker"], one["over_price"], one["under_price"], one["captured_at"])
        for one in lines
        if one["player_lookup"] == player
    )
    inputs = PlayerInputs(
        player, DAY, row["game_id"], row["team_abbr"], row["opponent_team_abbr"], True, {}, "v3", "h", 90.0,
        SourceTier.SILVER, lines=offered, injury_status=status, game_start=start, features_built_at=hours(-5),
        context_built_at=hours(-0.5),
    )  # fmt: skip
    minutes, called_off = row["avg_minutes_per_game_last_7"], row.get("game_status") == "Postponed"
    return SlateEntry(
        player, player.title(), row["game_id"], row["team_abbr"], row["opponent_team_abbr"], True, start, status, minutes,
        bool(offered), inputs, called_off=called_off,
    )  # fmt: skip


def of(found: Sequence[Standing]) -> dict[str, Standing]:
    return {one.player_lookup: one for one in found}


def read(ledger: Ledger, now: datetime = NOW) -> dict[str, Standing]:
    return of(ledger.standings(DAY, DAY, now))


def promote(harness: Harness, batch: str, token: int, rows: Sequence[Any], minute: int) -> None:
    count = harness.warehouse.stage(staging(batch, token), rows)
    harness.warehouse.raise_fence(fence(batch, token))
    number = sum(row.kind == "prediction" for row in rows)
    assert count == number
    harness.warehouse.promote(promotion(batch, token, number, whole_slate=False, minute=minute))


def test_standing_has_what_predictions_rest_on_and_what_is_new(harness: Harness) -> None:
    ledger = put(
        harness,
        [
            context("anton", player_status="out"),
            context("bela", player_status="questionable", avg_minutes_per_game_last_7=None),
            context("carl", team_abbr="BOS", opponent_team_abbr="NYK"),
            context("dora", player_status="unknown"),
        ],
        [
            line("carl", 20.5, -3), line("carl", 22.5, -2), line("carl", 30.5, -2, "fanduel"),
            line("dora", 18.5, -2, "fanduel"), line("dora", 19.5, -2, "betmgm"),
        ],
    )  # fmt: skip
    told: dict[str, Any] = {"sportsbook": "draftkings", "injury_status_at_prediction": "probable"}
    harness.seed(
        [
            old("anton", SYSTEM, 24.5, created_at=hours(-6), **told),
            old("carl", SYSTEM, 20.5, created_at=hours(-6), **told),
            old("carl", "moving_average", 20.5, created_at=hours(-6), **told),
            old("dora", SYSTEM, None, created_at=hours(-6)),
        ]
    )
    found = read(ledger)
    anton = Standing(
        DAY, GAME, "NYK", "anton", START, "out", avg_minutes=31.25, predicted=True, rested_status="probable",
        line_was=24.5, changed_at=hours(-6),
    )  # fmt: skip
    assert found["anton"] == anton
    assert found["bela"] == Standing(DAY, GAME, "NYK", "bela", START, "questionable")
    assert (found["carl"].line_was, found["carl"].line_now) == (20.5, 22.5), "of the bookmaker whose line was predicted"
    dora = found["dora"]
    assert (dora.predicted, dora.rested_status, dora.has_line, dora.line_was, dora.line_now) == (
        True, None, True, None, 19.0,
    )  # fmt: skip


def test_alternates_that_are_offered_again_have_not_moved(harness: Harness) -> None:
    lines = [line("anton", value, -2) for value in (19.5, 24.5)]
    ledger = put(harness, [context("anton")], lines)
    told: dict[str, Any] = {"sportsbook": "draftkings", "created_at": hours(-3)}
    harness.seed([old("anton", system, v, **told) for system in (SYSTEM, "moving_average") for v in (19.5, 24.5)])
    found = read(ledger)["anton"]
    assert (found.line_was, found.line_now) == (22.0, 22.0)


def test_game_that_has_begun_is_no_news(harness: Harness) -> None:
    later: dict[str, Any] = {"game_id": "g2", "game_start": START + timedelta(hours=3)}
    ledger = put(harness, [context("anton"), context("bela", **later), context("carl", game_id="g3", game_start=None)])
    assert set(read(ledger, START - timedelta(hours=3))) == {"anton", "bela", "carl"}
    assert set(read(ledger, START)) == {"bela"}, "a start that nobody knows is taken for midnight UTC"
    assert read(ledger, START + timedelta(hours=3)) == {}


def test_withdrawn_player_is_told_from_one_never_requested(harness: Harness) -> None:
    ledger = put(
        harness, [context("anton"), context("bela"), context("carl"), context("dora", game_status="Postponed")]
    )
    harness.seed([old("anton", SYSTEM, 24.5), old("dora", SYSTEM, 20.5)])
    rows = [StagedRow("withdrawal", "anton", "out"), new("b1", "dora", SYSTEM, 20.5), run("b1", "bela")]
    promote(harness, "b1", 1, rows, 0)
    found = read(ledger)
    assert (found["anton"].predicted, found["anton"].withdrawn, found["anton"].requested) == (False, "out", False)
    assert (found["bela"].predicted, found["bela"].withdrawn, found["bela"].requested) == (False, None, True)
    assert (found["carl"].predicted, found["carl"].withdrawn, found["carl"].requested) == (False, None, False)
    assert (found["dora"].predicted, found["dora"].withdrawn, found["dora"].called_off) == (True, None, True)
    assert {found[p].changed_at for p in ("anton", "dora")} == {at(0)}
    assert replace(found["carl"], player_lookup="bela", requested=True) == found["bela"]
