from __future__ import annotations

import math
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regen.data.csvs import DataFolder
from regen.data.played_days import played_days
from regen.domain.inputs import Line, PlayerInputs, SourceTier
from regen.domain.values import replace
from regen.features.history import History
from regen.features.inputs import Fixture, player_inputs
from regen.features.names import FEATURE_NAMES, feature_hash, pack, unpack
from regen.systems import estimate_all, systems
from regen.training.dataset import samples
from support.season_factory import FIRST, game_log, season, zone_row

LATER = FIRST + timedelta(days=100)


def fed(*games: tuple[int, float], gap: int = 2) -> History:
    """A history of one player's games (points, minutes), one every `gap` days, against BBB."""
    history = History()
    for index, (points, minutes) in enumerate(games):
        day = FIRST + timedelta(days=gap * index)
        mate = game_log(day, "aaab", points=20, minutes=34)
        other = game_log(day, "bbba", "BBB", "AAA", points=15, home=False)
        history.feed(day, (game_log(day, points=points, minutes=minutes), mate, other))
    return history


def fixture(day: date, home: bool = True) -> Fixture:  # noqa: FBT001, FBT002
    return Fixture(day, "g", "AAA", "BBB", home, "2025-26")


def inputs(history: History, **more: object) -> PlayerInputs:
    assert history.last_day is not None
    return player_inputs(history, "aaaa", fixture(history.last_day + timedelta(days=2)), **more)  # type: ignore[arg-type]


def test_means_are_what_they_say() -> None:
    features = inputs(fed(*((points, 20.0) for points in range(1, 13)))).features
    assert features["points_avg_last_5"] == pytest.approx(10.0)
    assert features["points_avg_last_10"] == pytest.approx(7.5)
    assert features["points_avg_season"] == pytest.approx(6.5)
    assert features["pts_slope_10g"] == pytest.approx(1.0)
    assert features["ppm_avg_last_10"] == pytest.approx(0.375)
    decay = 0.5 ** (1 / 12)
    weights = [decay ** (12 - points) for points in range(1, 13)]
    wanted = sum(w * p for w, p in zip(weights, range(1, 13), strict=True)) / sum(weights)
    assert features["points_ew_12"] == pytest.approx(wanted, abs=1e-5)


def test_a_player_never_seen_is_unknown_not_average() -> None:
    history = fed((10, 20), (12, 22))
    features = player_inputs(history, "nobody", fixture(LATER)).features
    assert features["points_avg_season"] is None
    assert features["fatigue_score"] is None
    assert features["games_known"] == 0
    assert set(features) == set(FEATURE_NAMES)


def test_a_high_fatigue_score_means_rested() -> None:
    tired = inputs(fed(*[(10, 38.0)] * 6, gap=1)).features["fatigue_score"]
    rested = inputs(fed(*[(10, 12.0)] * 6, gap=5)).features["fatigue_score"]
    assert tired is not None
    assert rested is not None
    assert 0 <= tired < rested <= 100


def test_back_to_back_is_a_matter_of_the_teams_days() -> None:
    history = fed(*[(10, 20.0)] * 4)
    assert history.last_day is not None
    day = history.last_day + timedelta(days=1)
    assert player_inputs(history, "aaaa", fixture(day)).features["back_to_back"] == 1.0
    assert player_inputs(history, "aaaa", fixture(day + timedelta(days=1))).features["back_to_back"] == 0.0


def test_no_report_is_unknown_and_a_report_counts() -> None:
    history = fed(*[(10, 20.0)] * 8)
    silent = inputs(history)
    assert silent.injury_status == "unknown"
    assert silent.features["injury_risk"] is None
    assert silent.features["teammates_out_minutes"] is None
    told = inputs(history, statuses={"aaab": "out"})
    assert told.injury_status == "available"
    assert told.features["teammates_out_minutes"] == pytest.approx(34.0)
    assert told.features["absent_minutes_expected"] == pytest.approx(34.0)
    assert (told.features["mates_minutes_expected"] or 0) < (silent.features["mates_minutes_expected"] or 0)
    assert inputs(history, statuses={"aaaa": "questionable"}).features["injury_risk"] == 2.0


def test_zones_are_asked_for_and_carry_their_age() -> None:
    history = fed(*[(10, 20.0)] * 6)
    assert history.last_day is not None
    day = history.last_day + timedelta(days=2)
    assert inputs(history, with_zones=True).data_source_tier is SourceTier.SILVER
    history.feed(day, (), (zone_row(day, "aaaa", "g", 12),))
    plain, zoned = inputs(history), inputs(history, with_zones=True)
    assert plain.data_source_tier is SourceTier.SILVER
    assert plain.shot_zones_source is None
    assert plain.features["pct_paint"] is None
    assert zoned.data_source_tier is SourceTier.GOLD
    assert zoned.shot_zones_source == "bigdataball"
    assert zoned.features["zones_age_days"] == 2
    shares = [zoned.features[name] or 0 for name in ("pct_paint", "pct_mid_range", "pct_three", "pct_free_throw")]
    assert sum(shares) == pytest.approx(1.0, abs=1e-4)
    assert zoned.feature_hash != plain.feature_hash
    assert zoned.feature_quality > plain.feature_quality


def test_recent_games_are_thirty_at_most_newest_first() -> None:
    made = inputs(fed(*[(10, 20.0)] * 35))
    days = [game.game_date for game in made.recent_games]
    assert len(days) == 30
    assert days == sorted(days, reverse=True)
    assert made.recent_games[0].days_rest == 1
    assert made.recent_games[0].opponent_def_rating is not None


def test_packing_and_unpacking_keep_features_and_hash() -> None:
    features = inputs(fed(*[(10, 20.0)] * 4)).features
    again = unpack(*pack(features))
    assert again == features
    assert feature_hash(again) == feature_hash(features)


def test_dates_come_in_order_and_never_too_late() -> None:
    history = fed((10, 20.0), (12, 20.0))
    assert history.last_day is not None
    with pytest.raises(ValueError, match="in order"):
        history.feed(history.last_day, ())
    with pytest.raises(ValueError, match="too late"):
        player_inputs(history, "aaaa", fixture(history.last_day))
    with pytest.raises(ValueError, match="another date"):
        history.feed(LATER, (game_log(FIRST),))


def test_lines_become_the_vegas_features_and_nothing_else() -> None:
    history = fed(*[(10, 20.0)] * 4)
    without, given_line = inputs(history), inputs(history, lines=(Line(10.5, "dk"), Line(11.5, "fd")))
    changed = {n for n in FEATURE_NAMES if without.features[n] != given_line.features[n]}
    assert changed == {"vegas_points_line", "has_vegas_line"}


@pytest.mark.parametrize("cut", [10, 25])
def test_changing_the_future_changes_no_prediction(cut: int) -> None:
    made = season(days=30)
    border = FIRST + timedelta(days=2 * cut)
    altered = DataFolder(
        tuple(replace(log, points=50, minutes=45.0) if log.game_date >= border else log for log in made.logs),
        tuple(replace(line, line=49.5) if line.game_date > border else line for line in made.lines),
        tuple(row for row in made.zones if row.game_date < border),
        tuple(row for row in made.injuries if row.game_date <= border),
        made.report,
    )
    before = {sample.inputs.player_lookup: sample.inputs for sample in samples(made, border) if sample.day == border}
    after = {sample.inputs.player_lookup: sample.inputs for sample in samples(altered, border) if sample.day == border}
    assert len(before) > 40
    assert before == after
    chosen = systems()
    for name, one in before.items():
        assert estimate_all(chosen, one)[0] == estimate_all(chosen, after[name])[0]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 70), st.floats(0, 60)), min_size=1, max_size=15))
def test_features_are_finite_or_unknown(games: list[tuple[int, float]]) -> None:
    made = inputs(fed(*((points, round(minutes, 2)) for points, minutes in games)), with_zones=True)
    assert all(value is None or math.isfinite(value) for value in made.features.values())
    assert 0 <= made.feature_quality <= 100
    assert len(made.inputs_hash()) == 32


def test_box_scores_without_shots_leave_shots_unknown() -> None:
    history = History()
    for index in range(6):
        day = FIRST + timedelta(days=index)
        history.feed(day, (replace(game_log(day), fga=None, fta=None),))
    features = inputs(history).features
    assert features["fga_per_minute_ew_6"] is None
    assert features["opponent_matchup_box"] is None
    assert features["points_ew_12"] == pytest.approx(10.0)


def test_walk_brings_dates_that_have_zones_only() -> None:
    made = season(days=3)
    late = FIRST + timedelta(days=50)
    folder = replace(made, zones=(*made.zones, zone_row(late, "aaaa", "x", 9)))
    assert [day for day, _, _ in played_days(folder)][-1] == late
    assert late not in [day for day, _, _ in played_days(folder, late - timedelta(days=1))]
