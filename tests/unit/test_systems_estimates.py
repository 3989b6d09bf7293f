from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache

import pytest

from regen.domain.errors import InsufficientData
from regen.domain.inputs import Line, PlayerInputs
from regen.domain.lines import consensus
from regen.domain.values import replace
from regen.systems import estimate_all, load_artefact, systems
from regen.systems.line_blend import price_lean
from regen.systems.moving_average import MovingAverage, weighted_mean
from regen.training.dataset import samples
from support.season_factory import season

ALL = tuple(system.system_id for system in systems())


@lru_cache(maxsize=1)
def everyone() -> tuple[PlayerInputs, ...]:
    made = season(days=25)
    last = made.logs[-1].game_date
    return tuple(sample.inputs for sample in samples(made) if sample.day == last)


def lined() -> PlayerInputs:
    return next(inputs for inputs in everyone() if inputs.lines and len(inputs.recent_games) > 15)


def test_every_system_predicts_a_player_with_history_and_line() -> None:
    estimates, refused = estimate_all(systems(), lined())
    assert tuple(estimates) == ALL
    assert not refused
    for estimate in estimates.values():
        assert 0 <= estimate.points <= 60
        assert estimate.sd > 0
        assert 0 <= estimate.confidence <= 100


def test_all_systems_but_the_line_system_predict_without_line() -> None:
    estimates, refused = estimate_all(systems(), replace(lined(), lines=()))
    assert set(estimates) == set(ALL) - {"line_blend_v1"}
    assert refused["line_blend_v1"].reason == "no_line"


def test_only_the_line_system_reads_the_line() -> None:
    inputs = lined()
    one, _ = estimate_all(systems(), inputs)
    two, _ = estimate_all(systems(), replace(inputs, lines=(Line(40.5, "dk"),)))
    assert {name for name in ALL if one[name] != two[name]} == {"line_blend_v1"}
    assert two["line_blend_v1"].points > one["line_blend_v1"].points


def test_the_same_inputs_give_the_same_estimates() -> None:
    for inputs in everyone()[:20]:
        assert estimate_all(systems(), inputs)[0] == estimate_all(systems(), inputs)[0]


def test_no_history_is_no_prediction() -> None:
    inputs = lined()
    estimates, refused = estimate_all(systems(), replace(inputs, recent_games=inputs.recent_games[:2]))
    assert not estimates
    assert {refused[name].reason for name in ALL[:6]} == {"no_history"}


def with_features(inputs: PlayerInputs, **values: float | None) -> PlayerInputs:
    features: Mapping[str, float | None] = {**inputs.features, **values}
    return replace(inputs, features=features)


def test_unknown_and_nan_features_give_no_prediction() -> None:
    inputs = lined()
    for value in (None, float("nan"), float("inf")):
        broken = replace(inputs, features=dict.fromkeys(inputs.features, value))
        estimates, refused = estimate_all(systems(), broken)
        assert set(estimates) == {"moving_average"}
        assert refused["learned_v1"].reason == "missing_features"
        assert refused["ensemble_v1"].reason == "too_few_systems"
        assert all(math.isfinite(estimate.points) for estimate in estimates.values())


def test_an_unknown_signal_contributes_nothing_and_is_named() -> None:
    estimates, _ = estimate_all(systems(["learned_v1"]), with_features(lined(), opponent_pace=None))
    assert "opponent_pace" in estimates["learned_v1"].warnings[0]


def test_only_the_learning_models_refuse_another_version() -> None:
    estimates, refused = estimate_all(systems(), replace(lined(), feature_version="v2_37features"))
    assert {name for name, why in refused.items() if why.reason == "feature_version"} == {"learned_v1", "trees_v1"}
    assert "ensemble_v1" in estimates
    assert "learned_v1" in estimates["ensemble_v1"].warnings[0]


def test_rested_is_not_worse_than_tired() -> None:
    """The predecessor had the sign of fatigue inverted."""
    inputs = lined()
    tired = with_features(inputs, days_rest=0.0, fatigue_score=10.0, minutes_in_last_7_days=150.0)
    fresh = with_features(inputs, days_rest=2.0, fatigue_score=80.0, minutes_in_last_7_days=60.0)
    for system in systems(["minutes_rate_v1", "moving_average", "zone_matchup_v1"]):
        assert system.estimate(fresh, {}).points >= system.estimate(tired, {}).points - 1e-9


def test_similarity_tells_defences_apart() -> None:
    """The predecessor's history always had an average opponent."""
    inputs = lined()
    games = tuple(
        replace(game, points=30 if index % 2 else 10, opponent_def_rating=120.0 if index % 2 else 105.0)
        for index, game in enumerate(inputs.recent_games)
    )
    weak = with_features(replace(inputs, recent_games=games), opponent_def_rating=120.0)
    strong = with_features(replace(inputs, recent_games=games), opponent_def_rating=105.0)
    system = systems(["similarity_balanced_v1"])[0]
    signals = [system.signals(each, {})["alike_less_usual"] for each in (weak, strong)]  # type: ignore[attr-defined]
    assert signals[0] > 5 > -5 > signals[1]


def test_zones_move_the_zone_system() -> None:
    system = systems(["zone_matchup_v1"])[0]
    soft, hard = (system.estimate(with_features(lined(), shot_zone_mismatch_score=s), {}) for s in (12.0, -12.0))
    assert soft.points > hard.points


@pytest.mark.parametrize("system_id", ["learned_v1", "trees_v1"])
def test_a_star_who_is_missing_tonight_moves_the_others(system_id: str) -> None:
    inputs = lined()
    usual = {"absent_minutes_ew": 20.0, "absent_points_ew": 8.0, "mates_minutes_ew": 190.0, "mates_points_ew": 90.0}
    here = {
        "absent_minutes_tonight": 12.0,
        "absent_points_tonight": 5.0,
        "mates_minutes_tonight": 200.0,
        "mates_points_tonight": 95.0,
    }
    gone = {
        "absent_minutes_tonight": 80.0,
        "absent_points_tonight": 50.0,
        "mates_minutes_tonight": 130.0,
        "mates_points_tonight": 50.0,
    }
    (system,) = systems([system_id])
    with_him, without = (
        system.estimate(with_features(inputs, **usual, **tonight), {}).points for tonight in (here, gone)
    )
    assert without > with_him + 0.3


def test_the_shipped_forest_is_at_most_350_trees_of_8_leaves() -> None:
    forest = load_artefact().models["trees_v1"].forest
    assert forest is not None
    assert sum(len(tree.splits) for tree in forest.trees) <= 350 * 7


def test_moving_average_decays_by_game_and_over_the_summer() -> None:
    games = lined().recent_games[:3]
    made = tuple(replace(game, points=points) for game, points in zip(games, (30, 10, 10), strict=True))
    assert weighted_mean(made, 1.0, 0.0) == pytest.approx((30 + 5 + 2.5) / 1.75)
    summer = (made[0], *(replace(game, game_date=game.game_date - timedelta(days=150)) for game in made[1:]))
    assert weighted_mean(summer, 1.0, 5.0) > weighted_mean(made, 1.0, 5.0)


def test_a_system_without_a_model_says_so() -> None:
    with pytest.raises(InsufficientData, match="no model"):
        MovingAverage().estimate(lined(), {})


def test_consensus_is_the_median_line_moved_by_prices() -> None:
    lines = [Line(20.5, "a", -110, -110), Line(21.5, "b", -150, 120), Line(35.0, "c", 5, None)]
    assert consensus(lines) == 21.5
    assert consensus(lines[:2]) == 21.0
    assert price_lean(lines[:1]) == 0
    assert 0.02 < price_lean(lines) < 0.05
    assert price_lean(lines[2:]) == 0


def test_the_systems_need_neither_numpy_nor_pandas() -> None:
    code = (
        "import sys, regen.systems as s; s.systems(); "
        "print([m for m in ('lightgbm', 'numpy', 'pandas', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_artefact_knows_every_system() -> None:
    assert set(load_artefact().models) == set(ALL)
