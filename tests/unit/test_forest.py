"""Boosted trees as data: evaluated as LightGBM does, refused when broken, part of an artefact."""

from __future__ import annotations

import json

import numpy as np
import pytest

from regen.systems import ArtefactRefused, load_artefact, member_ids, system_ids, systems, with_members
from regen.systems.artefact import Artefact, LinearModel, Spread, Term, parse_artefact
from regen.systems.forest import Forest, Split, Tree, forest_of
from regen.training.boosting import forest_points, grow

STUMP = Tree((Split(0, 2.5, 1, -1, -2),), (1.0, 3.0))
DEEP = Tree((Split(0, 2.5, 0, -1, 1), Split(1, 7.0, 1, -2, -3)), (0.5, 1.0, 2.0))
BOTH = Forest(("a", "b"), 0.25, (STUMP, DEEP))


@pytest.mark.parametrize(
    ("signals", "value"),
    [
        ({"a": 2.5, "b": 9.0}, 0.25 + 1.0 + 0.5),
        ({"a": 2.6, "b": 7.0}, 0.25 + 3.0 + 1.0),
        ({"a": 2.6, "b": 7.1}, 0.25 + 3.0 + 2.0),
        ({"a": None, "b": None}, 0.25 + 1.0 + 1.0),
        ({"a": float("nan")}, 0.25 + 1.0 + 1.0),
    ],
)
def test_signals_lead_to_a_leaf_and_unknown_ones_do(signals: dict[str, float | None], value: float) -> None:
    assert BOTH.value(signals) == pytest.approx(value)


def test_the_plain_form_is_the_forest() -> None:
    assert forest_of(json.loads(json.dumps(BOTH.body()))) == BOTH


@pytest.mark.parametrize(
    ("tree", "why"),
    [
        ([[[0, 1.0, 1, 0, -1]], [1.0, 2.0]], "nowhere or back"),
        ([[[0, 1.0, 1, -1, -3]], [1.0, 2.0]], "nowhere or back"),
        ([[[2, 1.0, 1, -1, -2]], [1.0, 2.0]], "signal 2 of 2"),
        ([[[0, 1.0, 1, -1, -2]], [1.0]], "1 splits and 1 leaves"),
        ([[[0, float("inf"), 1, -1, -2]], [1.0, 2.0]], "finite"),
        ([[[0, 1.0, 1, -1, -2]], [1.0, float("nan")]], "finite"),
        ([[], [0.0] * 65], "0 splits and 65 leaves"),
    ],
)
def test_a_broken_tree_is_refused(tree: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        forest_of({"names": ["a", "b"], "start": 0.0, "trees": [tree]})


def test_too_many_trees_are_refused() -> None:
    with pytest.raises(ValueError, match="1001 trees"):
        forest_of({"names": [], "start": 0.0, "trees": [[[], [0.0]]] * 1001})


def drawn(rows: int = 1500) -> tuple[np.ndarray, np.ndarray]:
    source = np.random.default_rng(5)
    x = source.normal(size=(rows, 4)).round(5)
    x[::9, 1] = np.nan
    y = np.maximum(0.0, 12 + 5 * (x[:, 0] > 0.3) + 3 * np.nan_to_num(x[:, 1]) + source.normal(size=rows))
    return x, y


def test_a_forest_gives_what_lightgbm_gives() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    from regen.training import boosting  # noqa: PLC0415

    x, y = drawn()
    forest = grow(x, y, ("a", "b", "c", "d"))
    model = lightgbm.train(boosting.PARAMETERS, lightgbm.Dataset(x, np.sqrt(y)), len(x) // boosting.ROWS_A_TREE)
    told = np.maximum(0.0, model.predict(x)) ** 2
    assert forest_points(forest, x)[:, 0] == pytest.approx(told, abs=0.01)
    for row in range(0, len(x), 101):
        signals = {n: None if np.isnan(v) else float(v) for n, v in zip(forest.names, x[row], strict=True)}
        assert max(0.0, forest.value(signals)) ** 2 == pytest.approx(told[row], abs=0.01)
    assert grow(x, y, forest.names) == forest


def test_what_was_never_unknown_goes_with_the_middle() -> None:
    x, y = drawn()
    forest = grow(x, y, ("a", "b", "c", "d"))
    middle = {n: float(v) for n, v in zip(forest.names, np.nanmedian(x, axis=0), strict=True)}
    assert forest.value({**middle, "a": None}) == pytest.approx(forest.value(middle))


def artefact(*models: tuple[str, LinearModel]) -> Artefact:
    return Artefact("2025-10-21", "2025-11-01", 9, "regen_v1", dict(models)).sealed()


def test_an_artefact_holds_forests_one_line_a_tree() -> None:
    model = LinearModel(1.0, (Term("forest", 2.0, 0.5),), Spread(1.0, 0.1, 0.4), forest=BOTH)
    made = artefact(("trees_v1", model), ("twice_v1", model))
    text = made.to_json()
    assert parse_artefact(text) == made
    assert json.loads(text)["format"] == 2
    assert text.count("[[[0,2.5,1,-1,-2]],[1.0,3.0]]") == 2
    broken = text.replace("[1.0,3.0]", "[1.0,3.5]", 1)
    with pytest.raises(ArtefactRefused, match="hash"):
        parse_artefact(broken)


def test_what_format_one_can_hold_keeps_its_hash() -> None:
    plain = artefact(("moving_average", LinearModel(1.0, (Term("mean", 2.0, 0.5),), Spread(1.0, 0.1, 0.4))))
    body = json.loads(plain.to_json())
    assert body["format"] == 1
    assert body["models"]["moving_average"]["terms"] == {"mean": [2.0, 0.5]}
    assert plain.hash == "340fc8fb2ad00ede"
    assert parse_artefact(plain.to_json()) == plain


def test_a_signal_is_clamped_to_what_the_fit_saw() -> None:
    term = Term("days_into_season", 40.0, 0.5, 0.0, 108.0)
    assert [term.part(value) for value in (-9.0, 0.0, 108.0, 300.0)] == [-20.0, -20.0, 34.0, 34.0]
    made = artefact(("moving_average", LinearModel(1.0, (term,), Spread(1.0, 0.1, 0.4))))
    assert parse_artefact(made.to_json()).models["moving_average"].terms == (term,)


def test_the_shipped_models_clamp_their_signals() -> None:
    models = load_artefact().models
    ranges = {t.name: (t.low, t.high) for t in models["learned_v1"].terms}
    assert ranges["days_into_season"][0] == 0.0
    assert ranges["days_into_season"][1] < 130
    assert models["trees_v1"].forest is not None
    assert len(models["trees_v1"].forest.trees) == 350


def test_members_make_no_rows_unless_named() -> None:
    assert member_ids() == ("trees_v1",)
    assert "trees_v1" not in system_ids()
    assert "trees_v1" in with_members(["ensemble_v1"])
    assert [one.system_id for one in systems(["trees_v1"])] == ["trees_v1"]
