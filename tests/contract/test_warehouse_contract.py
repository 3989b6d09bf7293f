"""What every warehouse promises: the same tests over memory and over BigQuery's emulator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from contract.warehouse_acts import PLAYERS, Promote, by_id, current, promote, seed
from regen.domain.audit import AuditEvent
from regen.domain.errors import FenceLost, InvalidInput, PromotionAborted, StagingMissing
from regen.domain.promotion import StagedRow
from support.warehouse_rows import SYSTEMS, entry, everyone, fence, new, old, promotion, rollback, run, slate, staging
from support.warehouses import DAY, Harness, at, harness

__all__ = ["harness", "promote"]


def test_a_promotion_replaces_the_predecessors_rows(harness: Harness, promote: Promote) -> None:
    seed(harness)
    counts = promote("b1", 1, everyone("b1", PLAYERS))
    assert (counts.superseded, counts.withdrawn, counts.inserted) == (16, 0, 8)
    assert (counts.at, counts.token) == (at(0), 1)
    rows = harness.predictions(DAY)
    assert Counter(row["superseded"] for row in rows) == {True: 16, None: 8}
    assert all(row["is_active"] is (row["superseded"] is None) for row in rows)
    assert set(current(harness)) == {(p, s, 24.5, "b1") for p in PLAYERS for s in SYSTEMS}


def test_old_and_new_rows_link_to_each_other(harness: Harness, promote: Promote) -> None:
    seed(harness)
    promote("b1", 1, everyone("b1", PLAYERS))
    rows = by_id(harness)
    for row in rows.values():
        if row["superseded"]:
            heir = rows[row["superseded_by_prediction_id"]]
            assert (heir["player_lookup"], heir["system_id"]) == (row["player_lookup"], row["system_id"])
            assert row["superseded_by_batch_id"] == "b1"
            assert row["superseded_reason"] == "bdb_available"
            assert row["superseded_metadata"] == {"who": "it's me"}
            assert row["superseded_at"] == row["updated_at"] == at(0)
        else:
            assert rows[row["supersedes_prediction_id"]]["current_points_line"] == 24.5
            assert (row["created_at"], row["round"], row["updated_at"]) == (at(0), 1, None)
            assert row["key_factors"] == {"rest": 0.5, "words": "it's 100 % “so”"}
            assert row["warnings"] == ["a", "b"]


def test_superseded_row_links_to_the_nearest_line(harness: Harness, promote: Promote) -> None:
    lines = (24.5, 25.0, 30.5, None)
    harness.seed([old("p", "s", line) for line in lines])
    promote("b1", 1, [*slate("p"), new("b1", "p", "s", 24.5), new("b1", "p", "s", 28.5), new("b1", "p", "s", None)])
    rows = by_id(harness)
    links = {
        line: rows[rows[f"old-p-s-{line}"]["superseded_by_prediction_id"]]["current_points_line"] for line in lines
    }
    assert links == {24.5: 24.5, 25.0: 24.5, 30.5: 28.5, None: None}
    back = {
        row["current_points_line"]: rows[row["supersedes_prediction_id"]]["current_points_line"]
        for row in rows.values()
        if row["superseded"] is None
    }
    assert back == {24.5: 24.5, 28.5: 30.5, None: None}


def test_row_without_line_replaces_row_with_line(harness: Harness, promote: Promote) -> None:
    harness.seed([old("p", "s", 20.5), old("q", "s", None)])
    promote("b1", 1, [*slate("p", "q"), new("b1", "p", "s", None), new("b1", "q", "s", 11.5), new("b1", "q", "s", 9.5)])
    rows = by_id(harness)
    assert rows["old-p-s-20.5"]["superseded_by_prediction_id"] == "b1/1/p/s/None"
    assert rows["old-q-s-None"]["superseded_by_prediction_id"] == "b1/1/q/s/9.5"


def test_lines_half_a_point_apart_are_two_rows(harness: Harness, promote: Promote) -> None:
    counts = promote("b1", 1, [*slate("p"), *(new("b1", "p", "s", line) for line in (24.5, 25.0, None))])
    assert counts.inserted == 3
    assert [line for _, _, line, _ in current(harness)] == [24.5, 25.0, None]


def test_a_first_promotion_supersedes_nothing(harness: Harness, promote: Promote) -> None:
    counts = promote("b1", 1, everyone("b1", PLAYERS))
    assert (counts.superseded, counts.withdrawn, counts.inserted) == (0, 0, 8)
    assert all(row["supersedes_prediction_id"] is None for row in harness.predictions(DAY))


def test_names_with_special_characters_are_kept(harness: Harness, promote: Promote) -> None:
    names = ("nikolajokić", "d'angelo-russell", 'o"neal', "p.j.washington", "šarić\\")
    promote("b1", 1, [*slate(*names), *(new("b1", name, "s", 10.5) for name in names)])
    assert {player for player, *_ in current(harness)} == set(names)


def test_repeated_promotion_returns_the_first_result(harness: Harness, promote: Promote) -> None:
    seed(harness)
    counts = promote("b1", 1, everyone("b1", PLAYERS))
    before = by_id(harness)
    assert harness.warehouse.promote(promotion("b1", 1, 8)) == counts
    assert by_id(harness) == before
    assert [row["event"] for row in harness.audit()] == ["promoted"]


def test_promoted_round_is_not_promoted_under_another_token(harness: Harness, promote: Promote) -> None:
    seed(harness)
    promote("b1", 1, everyone("b1", PLAYERS))
    before = by_id(harness)
    with pytest.raises(FenceLost):
        promote("b1", 2, everyone("b1", PLAYERS), minute=5)
    assert by_id(harness) == before


def test_a_stale_token_changes_nothing(harness: Harness, promote: Promote) -> None:
    seed(harness)
    warehouse = harness.warehouse
    count = warehouse.stage(staging("b1", 1), everyone("b1", PLAYERS))
    warehouse.raise_fence(fence("b1", 1))
    warehouse.raise_fence(fence("b1", 2))
    before = by_id(harness)
    with pytest.raises(FenceLost):
        warehouse.promote(promotion("b1", 1, count))
    with pytest.raises(FenceLost):
        warehouse.raise_fence(fence("b1", 1))
    assert by_id(harness) == before
    assert harness.audit() == []
    assert harness.runs() == []


def test_without_a_fence_nothing_is_promoted(harness: Harness) -> None:
    count = harness.warehouse.stage(staging("b1", 1), everyone("b1", PLAYERS))
    with pytest.raises(FenceLost):
        harness.warehouse.promote(promotion("b1", 1, count))
    assert harness.predictions(DAY) == []


def test_raising_the_fence_twice_is_harmless(harness: Harness) -> None:
    harness.warehouse.raise_fence(fence("b1", 3))
    harness.warehouse.raise_fence(fence("b1", 3))
    with pytest.raises(FenceLost):
        harness.warehouse.raise_fence(fence("b2", 3))
    harness.warehouse.raise_fence(fence("b2", 4))


def test_players_ruled_out_and_off_the_slate_are_withdrawn(harness: Harness, promote: Promote) -> None:
    seed(harness, ["stays", "out", "traded", "kept"])
    rows = [
        *slate("stays", "out", "kept"),
        StagedRow("withdrawal", "out", reason="out"),
        *(new("b1", "stays", system, 24.5) for system in SYSTEMS),
    ]
    counts = promote("b1", 1, rows)
    assert (counts.superseded, counts.withdrawn, counts.inserted) == (4, 8, 2)
    found = {(r["player_lookup"], bool(r["superseded"]), r["superseded_reason"]) for r in harness.predictions(DAY)}
    assert found == {
        ("stays", True, "bdb_available"),
        ("stays", False, None),
        ("out", True, "out"),
        ("traded", True, "not_on_slate"),
        ("kept", False, None),
    }
    withdrawn = [row for row in harness.predictions(DAY) if row["player_lookup"] in {"out", "traded"}]
    assert all(row["superseded_by_prediction_id"] is None and row["is_active"] is False for row in withdrawn)


def test_a_system_without_a_replacement_keeps_its_rows(harness: Harness, promote: Promote) -> None:
    seed(harness, ["p"])
    promote("b1", 1, [*slate("p"), new("b1", "p", SYSTEMS[0], 24.5)])
    assert current(harness) == [
        ("p", SYSTEMS[1], 24.5, None),
        ("p", SYSTEMS[1], 25.0, None),
        ("p", SYSTEMS[0], 24.5, "b1"),
    ]


def test_retired_systems_go_with_new_rows_and_come_back(harness: Harness, promote: Promote) -> None:
    seed(harness, ["p", "kept", "out"])
    harness.seed([old(player, "catboost_v8", 24.5) for player in ("p", "kept", "out")])
    rows = [
        *slate("p", "kept", "out"),
        StagedRow("withdrawal", "out", reason="out"),
        *(new("b1", "p", system, 24.5) for system in SYSTEMS),
    ]
    counts = promote("b1", 1, rows, retired=("catboost_v8", "ensemble_v1_1"))
    assert (counts.superseded, counts.withdrawn, counts.inserted) == (4, 6, 2)
    gone = {r["player_lookup"]: r for r in harness.predictions(DAY) if r["system_id"] == "catboost_v8"}
    assert {player: row["superseded_reason"] for player, row in gone.items()} == {
        "p": "system_retired", "kept": None, "out": "out",
    }  # fmt: skip
    assert (gone["p"]["superseded_by_prediction_id"], gone["p"]["superseded_by_batch_id"]) == (None, "b1")
    (audit,) = harness.audit()
    assert audit["withdrawn"] == 6
    harness.warehouse.raise_fence(fence("b1", 2, 2))
    harness.warehouse.rollback(rollback("b1", 2, minute=9, round_=2))
    assert ("p", "catboost_v8", 24.5, None) in current(harness)


def test_a_filtered_batch_touches_only_its_filter(harness: Harness, promote: Promote) -> None:
    seed(harness)
    counts = promote("b1", 1, everyone("b1", PLAYERS[:1]), whole_slate=False)
    assert (counts.superseded, counts.withdrawn, counts.inserted) == (4, 0, 2)
    assert sum(batch is None for *_, batch in current(harness)) == 12


def test_other_dates_are_not_touched(harness: Harness, promote: Promote) -> None:
    other = DAY.replace(day=21)
    harness.seed([old("p", "s", 1.5, day=other)])
    promote("b1", 1, everyone("b1", PLAYERS))
    assert [row["superseded"] for row in harness.predictions(other)] == [None]


def test_the_same_players_keep_their_rows_on_other_dates(harness: Harness, promote: Promote) -> None:
    """The superseding UPDATE is bound to its date: without that it ends its players' current rows on every date."""
    other = DAY.replace(day=21)
    seed(harness)
    harness.seed([old(p, s, 24.5, day=other, prediction_id=f"{p}-{s}-next") for p in PLAYERS for s in SYSTEMS])
    before = sorted(harness.predictions(other), key=str)
    counts = promote("b1", 1, everyone("b1", PLAYERS))
    assert counts.superseded == 2 * len(PLAYERS) * len(SYSTEMS)
    assert sorted(harness.predictions(other), key=str) == before


@pytest.mark.parametrize("foreign", [{"batch": "another"}, {"batch": "b1", "game_date": "2026-01-21"}])
def test_staged_rows_of_others_count_for_nothing(harness: Harness, promote: Promote, foreign: dict[str, Any]) -> None:
    seed(harness)
    rows = everyone("b1", PLAYERS[:1])
    harness.warehouse.stage(staging("b1", 1), [*rows, new(player=PLAYERS[1], system=SYSTEMS[0], line=24.5, **foreign)])
    harness.warehouse.raise_fence(fence("b1", 1))
    counts = harness.warehouse.promote(promotion("b1", 1, 2, whole_slate=False))
    assert (counts.superseded, counts.withdrawn, counts.inserted) == (4, 0, 2)
    assert sum(batch is None for *_, batch in current(harness)) == 12


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows: [*rows, new("another", "lukadoncic", "x", 1.5)],
        lambda rows: [*rows, new("b1", "lukadoncic", "x", 1.5, game_date="2026-01-21")],
        lambda rows: [*rows, new("b1", "lukadoncic", "x", 1.5), new("b1", "lukadoncic", "x", 1.5, prediction_id="2")],
        lambda rows: [
            *rows,
            new("b1", "lukadoncic", "x", 1.5),
            new("b1", "lukadoncic", "x", 2.5, prediction_id="b1/1/lukadoncic/x/1.5"),
        ],
        lambda rows: [row for row in rows if row.kind != "slate"],
    ],
    ids=["foreign batch", "foreign date", "a key twice", "an id twice", "no slate"],
)
def test_a_failing_assertion_rolls_everything_back(
    harness: Harness, promote: Promote, spoil: Callable[[list[StagedRow]], list[StagedRow]]
) -> None:
    seed(harness)
    before = by_id(harness)
    with pytest.raises(PromotionAborted):
        promote("b1", 1, spoil(everyone("b1", PLAYERS)))
    assert by_id(harness) == before
    assert harness.audit() == []
    assert harness.runs() == []
    # The same round goes through once what was wrong is right: the failed job does not stand in the way.
    assert promote("b1", 1, everyone("b1", PLAYERS)).inserted == 8


def test_fewer_rows_than_announced_are_refused(harness: Harness) -> None:
    harness.warehouse.stage(staging("b1", 1), everyone("b1", PLAYERS))
    harness.warehouse.raise_fence(fence("b1", 1))
    with pytest.raises(PromotionAborted, match="9 rows were staged, 8 inserted"):
        harness.warehouse.promote(promotion("b1", 1, 9))
    assert harness.predictions(DAY) == []


def test_audit_row_holds_measured_counts(harness: Harness, promote: Promote) -> None:
    seed(harness)
    asked = entry("b1", AuditEvent.REQUESTED, at(-10))
    taken = entry("b1", AuditEvent.COALESCED, at(-5))
    harness.warehouse.record([asked])
    promote("b1", 1, everyone("b1", PLAYERS))
    harness.warehouse.record([asked, taken])
    audit = {row["event"]: row for row in harness.audit()}
    assert len(harness.audit()) == 3
    own = audit["promoted"]
    assert (own["superseded_count"], own["regenerated_count"], own["withdrawn"]) == (16, 8, 0)
    assert (own["fence_token"], own["requested"], own["metadata"]) == (1, 7, {"note": "it's late"})
    assert own["verdict"] == {"coverage": 1.0}
    assert (audit["coalesced"]["superseded_count"], audit["coalesced"]["fence_token"]) == (None, None)


def test_promotion_of_returns_what_was_committed(harness: Harness, promote: Promote) -> None:
    seed(harness)
    counts = promote("b1", 4, everyone("b1", PLAYERS))
    ask = harness.warehouse.promotion_of
    assert ask(DAY, "b1", 1) == counts
    assert ask(DAY, "b1", 2) is None
    assert ask(DAY, "b2", 1) is None
    assert ask(DAY.replace(day=21), "b1", 1) is None
    assert ask(DAY, "b1", 1, AuditEvent.ROLLED_BACK) is None


def test_an_entry_is_recorded_once(harness: Harness) -> None:
    acts = [entry("b1", AuditEvent.REQUESTED, at(0)), entry("b1", AuditEvent.REJECTED, at(1), verdict={"a": [1]})]
    harness.warehouse.record(acts)
    harness.warehouse.record([*acts, entry("b1", AuditEvent.HEALED, at(-20), error="it's gone")])
    assert sorted(row["event"] for row in harness.audit()) == ["healed", "rejected", "requested"]
    harness.warehouse.record([])


def test_runs_of_a_rejected_round_are_recorded_once(harness: Harness, promote: Promote) -> None:
    harness.warehouse.stage(staging("b1", 1), everyone("b1", PLAYERS))
    for _ in range(2):
        harness.warehouse.record([entry("b1", AuditEvent.REJECTED, at(0))], staging("b1", 1))
    assert len(harness.runs()) == 4
    promote("b1", 2, everyone("b1", PLAYERS))
    runs = harness.runs()
    assert len(runs) == 4
    assert runs[0]["systems_attempted"] == list(SYSTEMS)
    assert runs[0]["line_values_requested"] == []
    assert runs[0]["system_errors"] == {"x": "y"}


def test_staging_can_be_replaced_and_dropped(harness: Harness) -> None:
    warehouse = harness.warehouse
    assert warehouse.stage("s_1", everyone("b1", PLAYERS)) == 8
    assert warehouse.stage("s_1", everyone("b1", PLAYERS[:1])) == 2
    (table,) = warehouse.staging_tables()
    assert table.name == "s_1"
    assert table.expires_at is not None
    assert 86_000 < (table.expires_at - table.created_at).total_seconds() < 87_000
    warehouse.drop_staging("s_1")
    warehouse.drop_staging("s_1")
    assert warehouse.staging_tables() == []
    assert warehouse.stage("s_1", everyone("b1", PLAYERS)) == 8
    warehouse.raise_fence(fence("b1", 1))
    with pytest.raises(StagingMissing):
        warehouse.promote(promotion("b1", 1, 8))


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (new("b1", "p", "s", float("nan")), "player_prop_predictions.current_points_line"),
        (new("b1", "p", "s", 1.5, predicted_points=float("inf")), "player_prop_predictions.predicted_points"),
        (new("b1", "p", "s", 1.5, recommendation=None), "player_prop_predictions.recommendation"),
        (new("b1", "p", "s", 1.5, superseded=False), "player_prop_predictions.superseded"),
        (new("b1", "p", "s", 1.5, nonsense=1), "player_prop_predictions.nonsense"),
        (new("b1", "p", "s", 1.5, is_active=False), "player_prop_predictions.is_active"),
        (StagedRow("withdrawal", "p"), "staging.reason"),
        (StagedRow("whatever", "p"), "staging.kind"),
        (StagedRow("prediction", "p"), "staging.prediction"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_row_is_named_before_anything_is_sent(harness: Harness, row: StagedRow, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        harness.warehouse.stage("s_bad", [*slate("p"), row])
    assert caught.value.field == field
    assert harness.warehouse.staging_tables() == []


def test_promotion_aborts_on_two_current_rows_of_one_key(harness: Harness, promote: Promote) -> None:
    row = new("b0", "kept", "s", 1.5).prediction
    assert row is not None
    harness.seed([{**row, "prediction_id": name, "created_at": at(-9)} for name in ("x", "y")])
    with pytest.raises(PromotionAborted, match="more than one current row for a key of kept/s"):
        promote("b1", 1, [*slate("kept", *PLAYERS), *everyone("b1", PLAYERS)])


def test_predecessors_double_rows_do_not_block_a_promotion(harness: Harness, promote: Promote) -> None:
    harness.seed([old("kept", "s", 1.5), old("kept", "s", 1.5, prediction_id="double")])
    assert promote("b1", 1, [*slate("kept"), *everyone("b1", PLAYERS)]).inserted == 8


def test_promotion_aborts_on_two_current_generations(harness: Harness, promote: Promote) -> None:
    row = new("b0", "kept", "s", 1.5).prediction
    assert row is not None
    harness.seed([{**row, "created_at": at(-9)}, old("kept", "s", 2.5)])
    with pytest.raises(PromotionAborted, match="more than one current generation of kept/s"):
        promote("b1", 1, [*slate("kept"), *everyone("b1", PLAYERS)])


def test_date_without_predictions_has_no_current_rows(harness: Harness) -> None:
    assert harness.warehouse.current_predictions(DAY) == []
    assert harness.warehouse.staging_tables() == []


def test_reading_a_date_without_a_slate_gives_an_empty_one(harness: Harness) -> None:
    day = DAY.replace(year=2024)
    found = harness.warehouse.read_slate(day)
    assert (found.game_date, list(found.entries), found.features_built_at) == (day, [], None)


def test_current_rows_carry_what_the_checks_need(harness: Harness, promote: Promote) -> None:
    promote("b1", 1, [*slate("p"), new("b1", "p", "s", 24.5, data_source_tier="GOLD"), run("b1", "p")])
    (row,) = harness.warehouse.current_predictions(DAY)
    assert (row.batch_id, row.game_id, row.line, row.points) == ("b1", "0022500601", 24.5, 21.25)
    assert (row.recommendation, row.data_source_tier, row.created_at) == ("OVER", "GOLD", at(0))
