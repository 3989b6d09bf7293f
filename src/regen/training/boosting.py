"""The fit of boosted trees with LightGBM, and their form as plain values."""

from __future__ import annotations

from typing import Any

import numpy as np

from regen.domain.errors import InvalidInput
from regen.systems.forest import Forest, Split, Tree
from regen.training.fitting import Floats

TREES = 350
ROWS_A_TREE = 15
"""With fewer rows to a tree there are fewer trees: a short season does not carry so many."""
LEAVES = 8
PARAMETERS: dict[str, Any] = {
    "objective": "regression",
    "num_leaves": LEAVES,
    "learning_rate": 0.03,
    "min_data_in_leaf": 60,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 63,
    "verbosity": -1,
    # The same trees on every machine.
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
}
_AT_DIGITS = 7
_LEAF_DIGITS = 6
_NEVER_UNKNOWN = "None"


def grow(x: Floats, points: Floats, names: tuple[str, ...]) -> Forest:
    """Fit trees to the square root of the points.

    Args:
        x: signals, a row per sample; NaN where unknown.

    Raises:
        InvalidInput: LightGBM is not installed.
    """
    try:
        import lightgbm  # noqa: PLC0415 - a second to import, and not in the image of a function
    except (ImportError, OSError) as error:
        raise InvalidInput("environment", f"an environment with LightGBM (requirements/refit.txt): {error}") from error
    data = lightgbm.Dataset(x, np.sqrt(points), free_raw_data=True)
    model = lightgbm.train(PARAMETERS, data, num_boost_round=min(TREES, len(x) // ROWS_A_TREE))
    usual = np.nanmedian(np.where(np.isnan(x).all(axis=0), 0.0, x), axis=0)
    trees = [_tree(found["tree_structure"], usual) for found in model.dump_model()["tree_info"]]
    return Forest(names, 0.0, tuple(trees))


def forest_points(forest: Forest, x: Floats) -> Floats:
    """The one signal of `Trees.weighed`, for each row of the forest's signals: a column."""
    total = np.full(len(x), forest.start)
    for tree in forest.trees:
        total += _values(tree, x)
    return np.asarray(np.maximum(0.0, total) ** 2, dtype=np.float64)[:, None]


def _values(tree: Tree, x: Floats) -> Floats:
    found = np.empty(len(x))
    waiting = [(0 if tree.splits else -1, np.arange(len(x)))]
    while waiting:
        place, rows = waiting.pop()
        if place < 0:
            found[rows] = tree.leaves[-1 - place]
            continue
        split = tree.splits[place]
        values = x[rows, split.signal]
        low = np.where(np.isnan(values), bool(split.unknown_low), values <= split.at)
        waiting += [(split.low, rows[low]), (split.high, rows[~low])]
    return found


def _tree(root: dict[str, Any], usual: Floats) -> Tree:
    splits: list[Split | None] = []
    leaves: list[float] = []

    def placed(node: dict[str, Any]) -> int:
        if "leaf_value" in node:
            leaves.append(round(float(node["leaf_value"]), _LEAF_DIGITS))
            return -len(leaves)
        place = len(splits)
        splits.append(None)
        low, high = placed(node["left_child"]), placed(node["right_child"])
        signal, at = int(node["split_feature"]), float(f"{node['threshold']:.{_AT_DIGITS}g}")
        # Of a signal that was always known, what is unknown goes where the middle of the samples goes.
        known = node["missing_type"] == _NEVER_UNKNOWN
        unknown_low = usual[signal] <= at if known else node["default_left"]
        splits[place] = Split(signal, at, int(unknown_low), low, high)
        return place

    placed(root)
    return Tree(tuple(split for split in splits if split is not None), tuple(leaves))
