"""Boosted regression trees as plain values: read from an artefact, evaluated without any library."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

MAX_TREES = 1_000
MAX_LEAVES = 64


class Split(NamedTuple):
    """One question of a tree: is a signal at most `at`?

    Attributes:
        signal: its place among the forest's names.
        unknown_low: 1 if an unknown signal goes the way of the low ones, 0 if that of the high ones.
        low, high: where to go on: the place of a split, or of a leaf as -1 less its place.
    """

    signal: int
    at: float
    unknown_low: int
    low: int
    high: int


class Tree(Struct, frozen=True):
    """A tree; its first split is the root. A tree without splits is its only leaf."""

    splits: tuple[Split, ...]
    leaves: tuple[float, ...]

    def value(self, signals: Sequence[float | None]) -> float:
        """The leaf that the signals lead to."""
        splits = self.splits
        place = 0 if splits else -1
        while place >= 0:
            signal, at, unknown_low, low, high = splits[place]
            known = signals[signal]
            place = low if (unknown_low if known is None else known <= at) else high
        return self.leaves[-1 - place]


class Forest(Struct, frozen=True):
    """Trees whose leaves add up.

    Attributes:
        names: the signals that splits ask for.
        start: what the leaves are added to.
    """

    names: tuple[str, ...]
    start: float
    trees: tuple[Tree, ...]

    def value(self, signals: Mapping[str, float | None]) -> float:
        """The sum of a player's leaves."""
        known = [_finite(signals.get(name)) for name in self.names]
        return self.start + sum([tree.value(known) for tree in self.trees])

    def body(self) -> dict[str, Any]:
        """Plain values, as the artefact has them."""
        return {
            "names": list(self.names),
            "start": self.start,
            "trees": [[[list(split) for split in tree.splits], list(tree.leaves)] for tree in self.trees],
        }


def forest_of(body: Mapping[str, Any]) -> Forest:
    """The forest of an artefact.

    Raises:
        ValueError: a split leads nowhere or back, asks for a signal that is not named, or a number is not finite.
    """
    names = tuple(str(name) for name in body["names"])
    trees = tuple(_tree(splits, leaves, len(names)) for splits, leaves in body["trees"])
    start = float(body["start"])
    if len(trees) > MAX_TREES:
        raise ValueError(f"{len(trees)} trees, more than {MAX_TREES}")
    if not math.isfinite(start):
        raise ValueError("a number is not finite")
    return Forest(names, start, trees)


def _tree(rows: Sequence[Sequence[Any]], leaves: Sequence[float], names: int) -> Tree:
    tree = Tree(tuple(map(Split._make, rows)), tuple(map(float, leaves)))
    count = len(tree.splits)
    if len(tree.leaves) != count + 1 or count >= MAX_LEAVES:
        raise ValueError(f"a tree has {count} splits and {len(tree.leaves)} leaves")
    for place, (signal, at, _, low, high) in enumerate(tree.splits):
        if not (type(signal) is type(low) is type(high) is int and 0 <= signal < names):
            raise ValueError(f"a split asks for signal {signal} of {names}")
        # A way leads on, never back: so an evaluation ends.
        first_leaf = -1 - count
        if not ((place < low < count or first_leaf <= low < 0) and (place < high < count or first_leaf <= high < 0)):
            raise ValueError("a split leads nowhere or back")
        if not math.isfinite(at):
            raise ValueError("a number is not finite")
    if not all(map(math.isfinite, tree.leaves)):
        raise ValueError("a number is not finite")
    return tree


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
