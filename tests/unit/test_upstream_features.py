"""Upstream's feature rows: features made of its box scores, and what is taken of its store."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import force_setattr

from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.data.csvs import DataFolder
from regen.domain.batch import Status
from regen.domain.feature_versions import FeatureVersions
from regen.domain.inputs import PlayerInputs, SourceTier
from regen.domain.slate_reading import SlateEntry, SlateReading
from regen.domain.values import replace
from regen.features.names import FEATURE_NAMES
from regen.features.upstream import NotUsable, mapping, stored, upstream_versions
from regen.features.versions import ACCEPTED, SERVED_VERSION
from regen.services.batch.reading import histories, with_features
from regen.services.views import batch_view
from regen.systems import by_version, load_artefact
from support.bench import Bench
from support.season_factory import season
from support.upstream_tables import VERSION, feature_row, imported, listed, read, slate_row, with_box_scores

NEW = season(days=24)
OLD = season(days=14, seed=8, first=date(2024, 10, 22))
FOLDER = replace(
    NEW, logs=(*(replace(log, season="2024-25") for log in OLD.logs), *NEW.logs), lines=(*OLD.lines, *NEW.lines)
)
SYSTEMS = ("moving_average", "zone_matchup_v1", "ensemble_v1")
UNSAID = {"playoff_game"}
"""What upstream's tables do not say."""


def slates(folder: DataFolder, **context: Any) -> dict[date, tuple[SlateReading, list[PlayerInputs]]]:
    """Each date as upstream's tables have it, and as the importer makes it of the same box scores."""
    found = {}
    for day, made in imported(folder):
        rows = [
            slate_row(i, feature_row(i.player_lookup, i.game_id), **{"player_status": listed(day, i), **context})
            for i in made
        ]
        found[day.game_date] = read(day.game_date, rows), made
    return found


def served_bench(folder: DataFolder) -> Bench:
    """A bench with the deployed systems over upstream's box scores."""
    bench = Bench(
        [],
        systems=SYSTEMS,
        run_for=by_version(SYSTEMS),
        feature_versions=FeatureVersions(ACCEPTED, upstream_versions()),
    )
    with_box_scores(folder, bench.warehouse)
    return bench


def inputs_of(entries: Any, player: str) -> PlayerInputs:
    entry: SlateEntry = next(e for e in entries if e.player_lookup == player)
    assert entry.inputs is not None, entry.problem
    return entry.inputs


def known(features: Any) -> dict[str, float | None]:
    return {name: value for name, value in features.items() if name not in UNSAID}


def test_features_are_those_of_the_import_to_the_last_digit() -> None:
    bench = served_bench(FOLDER)
    compared = 0
    for reading, expected in list(slates(FOLDER).values())[::3]:
        made = {e.player_lookup: e.inputs for e in with_features(bench.deps, reading).entries}
        for wanted in expected:
            found = made[wanted.player_lookup]
            assert found is not None
            assert known(found.features) == known(wanted.features)
            assert found.recent_games == wanted.recent_games
            assert (found.injury_status, found.lines) == (wanted.injury_status, wanted.lines)
            assert (found.feature_version, found.data_source_tier) == (SERVED_VERSION, SourceTier.SILVER)
            compared += 1
    assert compared > 600


def test_every_name_of_upstream_is_taken_or_left_with_a_reason() -> None:
    rules = mapping()
    assert upstream_versions() == ("v2_33features", "v2_37features")
    assert set(rules.names) == rules.taken.keys() | rules.left.keys()
    assert not rules.taken.keys() & rules.left.keys()
    assert all(rules.left.values())
    assert rules.taken.keys() <= set(FEATURE_NAMES)
    assert all(rule.because for rule in rules.taken.values() if rule.times != 1)
    assert max(rules.versions.values()) == len(rules.names) == len(set(rules.names))


@pytest.mark.parametrize(
    ("rows", "completeness", "tier"),
    [(12, 96.5, "GOLD"), (12, None, "GOLD"), (0, 100.0, "SILVER"), (None, None, "SILVER"), (12, 79.9, "SILVER")],
)
def test_the_tier_follows_from_the_source_of_shot_zones(rows: float, completeness: float, tier: str) -> None:
    found = stored(VERSION, ["pct_paint", "fatigue_score"], [0.4, 99.0], rows, completeness)
    assert found.tier == tier
    assert found.features == ({"pct_paint": 0.4} if tier == "GOLD" else {})
    assert found.shot_zones_source == ("bigdataball" if tier == "GOLD" else None)


def test_a_mismatch_is_brought_into_our_unit_and_bounds() -> None:
    name = "shot_zone_mismatch_score"
    assert stored(VERSION, [name], [2.0], 1, None).features[name] == 5.0
    assert stored(VERSION, [name], [-14.0], 1, None).features[name] == -15.0


@pytest.mark.parametrize("value", [None, math.nan, math.inf, 35.0, -0.1])
def test_a_share_that_can_be_none_is_named(value: float | None) -> None:
    with pytest.raises(NotUsable, match=r"features\.pct_three: expected"):
        stored(VERSION, ["pct_paint", "pct_three"], [0.4, value], 1, None)


def test_unknown_names_are_kept_out_and_named() -> None:
    found = stored("v2_33features", ["pct_paint", "dnp_rate", "mood"], [0.4, 0.1, 3.0], 1, None)
    assert found.features == {"pct_paint": 0.4}
    assert found.warnings == ("feature_unknown:'dnp_rate'", "feature_unknown:'mood'")


def last_date() -> tuple[date, SlateReading, list[PlayerInputs]]:
    day, (reading, made) = list(slates(NEW).items())[-1]
    return day, reading, made


def rows_of(made: list[PlayerInputs], **changed: dict[str, Any]) -> list[dict[str, Any]]:
    """GOLD rows of all, of which some are changed by player."""
    return [
        slate_row(i, feature_row(i.player_lookup, i.game_id, **{"gold": True, **changed.get(i.player_lookup, {})}))
        for i in made
    ]


def test_odd_rows_of_upstream_are_their_players_outcome_alone() -> None:
    day, _, made = last_date()
    assert len(made) > 40
    requested = [i.player_lookup for i in made if i.injury_status != "out"]
    odd, newer, unread, *_ = requested
    changed: dict[str, dict[str, Any]] = {
        odd: {"pct_paint": math.nan},
        newer: {"version": "v3_60features"},
        unread: {"vegas_points_line": math.nan, "mood": 3.0},
    }
    bench = served_bench(NEW)
    bench.warehouse.seed_slate(read(day, rows_of(made, **changed)))
    before = bench.warehouse.submitted
    batch = bench.run(day=day)
    assert batch.status is Status.PROMOTED, batch.verdict
    assert (batch.counts.requested, batch.counts.produced) == (len(requested), len(requested) - 2)
    assert bench.warehouse.submitted - before <= 8
    told = {o.player_lookup: o for o in batch_view.view_batch(bench.deps, batch.batch_id).outcomes}
    assert told[odd].reason == "invalid_features"
    assert "features.pct_paint: expected a finite number" in (told[odd].error or "")
    assert told[newer].reason == "feature_version_mismatch"
    assert told[newer].error == (
        "features are of version v3_60features, the systems expect regen_v1, regen_v2 or v2_33features or v2_37features"
    )
    rows = [row for row in bench.warehouse.predictions(day) if row["player_lookup"] == unread]
    assert {row["system_id"] for row in rows} == set(SYSTEMS)
    assert {(r["feature_version"], r["data_source_tier"], r["shot_zones_source"]) for r in rows} == {
        (SERVED_VERSION, "GOLD", "bigdataball")
    }
    assert {r["model_version"] for r in rows} == {f"2-{load_artefact(feature_version=SERVED_VERSION).hash}"}
    assert "feature_unknown:'mood'" in str(rows[0]["warnings"])


def test_late_zones_move_zone_matchup_alone() -> None:
    day, _, made = last_date()
    points = {}
    for gold in (False, True):
        bench = served_bench(NEW)
        bench.warehouse.seed_slate(read(day, rows_of(made, **{i.player_lookup: {"gold": gold} for i in made})))
        bench.run(day=day)
        points[gold] = {
            (row.player_lookup, row.system_id, row.line): row.points for row in bench.warehouse.current_predictions(day)
        }
    moved = {key[1] for key, value in points[True].items() if value != points[False][key]}
    assert moved == {"zone_matchup_v1"}


def test_a_date_of_our_own_rows_costs_no_further_statement() -> None:
    bench = Bench()
    asked: list[Any] = []
    bench.warehouse.box_scores = lambda *a: asked.append(a) or []  # type: ignore[method-assign, func-returns-value]
    assert bench.run().status is Status.PROMOTED
    assert asked == []


def test_what_is_not_known_of_a_side_is_not_a_game_away() -> None:
    day, _, made = last_date()
    bench = served_bench(replace(NEW, logs=tuple(replace(log, home=None) for log in NEW.logs)))
    rows = rows_of(made)
    found = with_features(bench.deps, read(day, rows)).entries
    assert {game.home for game in inputs_of(found, made[0].player_lookup).recent_games} == {None}
    nowhere = [slate_row(i, feature_row(i.player_lookup, i.game_id), home_game=None) for i in made]
    assert inputs_of(with_features(bench.deps, read(day, nowhere)).entries, made[0].player_lookup).home is None
    first = made[0]
    one = [r if r["player_lookup"] == first.player_lookup else n for r, n in zip(rows, nowhere, strict=True)]
    sides = {
        i.team: inputs_of(read(day, one).entries, i.player_lookup).home for i in made if i.game_id == first.game_id
    }
    assert sides == {first.team: first.home, first.opponent: not first.home}


def test_a_report_that_clears_a_player_is_a_report_all_the_same() -> None:
    day, _, made = last_date()
    one, mate, *_ = (i for i in made if i.team == made[0].team)
    risks = []
    for status in (None, "AVAILABLE"):
        rows = [
            slate_row(i, feature_row(i.player_lookup, i.game_id), player_status=status if i is one else None)
            for i in made
            if i.team == one.team
        ]
        found = with_features(served_bench(NEW).deps, read(day, rows)).entries
        risks.append(inputs_of(found, mate.player_lookup).features["injury_risk"])
    assert risks == [None, 0.0]


def test_no_box_scores_are_no_history() -> None:
    day, reading, _ = last_date()
    bench = Bench([])
    found = with_features(bench.deps, reading)
    assert all(e.inputs and e.inputs.recent_games == () for e in found.entries)
    assert found.game_date == day


def test_a_date_pays_for_the_days_that_are_new() -> None:
    bench = served_bench(NEW)
    readings = slates(NEW)
    days = list(readings)
    for day in days[-3:]:
        with_features(bench.deps, readings[day][0])
    fed = histories(bench.deps).fed
    assert fed == len(days) - 1
    with_features(bench.deps, readings[days[-1]][0])
    assert histories(bench.deps).fed == fed


def test_a_corrected_box_score_counts_from_its_day_on() -> None:
    day, reading, made = last_date()
    bench = served_bench(NEW)
    player = made[0].player_lookup
    before = inputs_of(with_features(bench.deps, reading).entries, player)
    late = max(log.game_date for log in NEW.logs if log.player_lookup == player and log.game_date < day)
    corrected = replace(
        NEW,
        logs=tuple(
            replace(log, points=log.points + 9) if (log.player_lookup, log.game_date) == (player, late) else log
            for log in NEW.logs
        ),
    )
    kept = histories(bench.deps)
    force_setattr(bench.deps, "warehouse", with_box_scores(corrected, MemoryWarehouse()))
    after = inputs_of(with_features(bench.deps, reading).entries, player)
    fresh = inputs_of(with_features(served_bench(corrected).deps, reading).entries, player)
    assert after == fresh
    assert after.features["points_avg_last_5"] != before.features["points_avg_last_5"]
    assert histories(bench.deps) is kept


def test_rows_that_cannot_be_read_are_left_out_and_counted() -> None:
    day, reading, made = last_date()
    player = made[0].player_lookup
    bench = served_bench(NEW)
    stranger = {
        "player_lookup": player, "game_id": "g", "game_date": day - timedelta(days=1), "team_abbr": "AAA",
        "opponent_team_abbr": "AAA", "minutes_played": 20.0, "points": 5,
    }  # fmt: skip
    bench.warehouse.seed_box_scores([stranger, {**stranger, "player_lookup": "x", "points": "many", "game_id": "h"}])
    found = inputs_of(with_features(bench.deps, reading).entries, player)
    assert found.warnings == ("box_scores_unreadable:2",)
    assert found.recent_games[0].game_date < day - timedelta(days=1)
