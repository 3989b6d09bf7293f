"""The artefact: all fitted parameters, in one small, readable JSON file protected by a hash."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from regen.domain.errors import Defect
from regen.domain.json_texts import read_json
from regen.domain.values import asdict
from regen.features.names import FEATURE_VERSION
from regen.features.versions import ACCEPTED, SERVED_VERSION
from regen.systems.forest import Forest, forest_of

FORMATS = (1, 2)
"""2: terms with the range that the fit saw, and forests. What has neither is written as 1, and keeps its hash."""
SHIPPED = {FEATURE_VERSION: "artefact.json", SERVED_VERSION: "artefact_v2.json"}
"""What ships, by the version of the features that it was fitted on."""


class ArtefactRefused(Defect):
    """The artefact is unreadable, was changed after it was written, or is for another feature version."""


class Term(Struct, frozen=True):
    """One term of a linear model: weight x (value - centre) points; an unknown value contributes 0.

    Attributes:
        low, high: the range that the fit saw, to which values are clamped; without bounds in artefacts of format 1.
    """

    name: str
    centre: float
    weight: float
    low: float = -math.inf
    high: float = math.inf

    def part(self, value: float) -> float:
        """What a value contributes, in points."""
        return self.weight * (min(self.high, max(self.low, value)) - self.centre)


class Spread(Struct, frozen=True):
    """The standard deviation of a prediction: intercept + per_point x points + per_own x the player's own spread, in points."""

    intercept: float
    per_point: float
    per_own: float


class LinearModel(Struct, frozen=True):
    """A fitted system.

    Attributes:
        settings: values chosen on a grid, such as a half-life in games, and the share of `regen.domain.estimate.Trust`.
        forest: of a system of trees, which has no terms.
    """

    intercept: float
    terms: tuple[Term, ...]
    spread: Spread
    settings: Mapping[str, float] = field(default_factory=dict)
    forest: Forest | None = None

    @property
    def format(self) -> int:
        """The first format that can hold it."""
        return 2 if self.forest or any(math.isfinite(one.low) or math.isfinite(one.high) for one in self.terms) else 1


class Artefact(Struct, frozen=True):
    """All fitted systems, and the data that they were fitted on.

    Attributes:
        first_date: first game date of the data.
        last_date: last game date of the data.
        models: by system id.
        hash: SHA-256 (16 hex digits) of everything else.
    """

    first_date: str
    last_date: str
    games: int
    feature_version: str
    models: Mapping[str, LinearModel]
    hash: str = ""

    def body(self) -> dict[str, Any]:
        """The content as plain values, in the order of the file."""
        return {
            "format": max((model.format for model in self.models.values()), default=FORMATS[0]),
            "feature_version": self.feature_version,
            "first_date": self.first_date,
            "last_date": self.last_date,
            "games": self.games,
            "models": {name: _plain(model) for name, model in sorted(self.models.items())},
        }

    def sealed(self) -> Artefact:
        """The artefact with its hash."""
        digest = _digest(self.body())
        return Artefact(self.first_date, self.last_date, self.games, self.feature_version, self.models, digest)

    def to_json(self) -> str:
        """The file's text."""
        body = self.body()
        return _readable({**body, "hash": _digest(body)}) + "\n"


def load_artefact(
    path: Path | str | None = None, *, expected_hash: str | None = None, feature_version: str = FEATURE_VERSION
) -> Artefact:
    """The artefact of a file; without a path, the one of the package for features of that version.

    Raises:
        ArtefactRefused: it cannot be read, its hash is wrong or unexpected, or it is for another feature version.
    """
    if path is None:
        artefact = _shipped(feature_version)
    else:
        try:
            text = Path(path).read_text(encoding="utf-8")
        except OSError as error:
            raise ArtefactRefused(f"artefact {path} cannot be read: {error}") from error
        artefact = parse_artefact(text)
    if expected_hash is not None and artefact.hash != expected_hash:
        raise ArtefactRefused(f"artefact has hash {artefact.hash}, expected {expected_hash}")
    return artefact


def shipped_texts() -> dict[str, str]:
    """The artefacts of the package as their files have them, by hash."""
    return {_shipped(version).hash: _shipped_text(version) for version in SHIPPED}


@lru_cache(maxsize=len(SHIPPED))
def _shipped_text(feature_version: str) -> str:
    return _shipped(feature_version).to_json()


@lru_cache(maxsize=len(ACCEPTED))
def _shipped(feature_version: str) -> Artefact:
    name = SHIPPED[feature_version]
    artefact = parse_artefact(resources.files("regen.systems").joinpath(name).read_text(encoding="utf-8"))
    if artefact.feature_version != feature_version:
        raise ArtefactRefused(f"{name} is for features {artefact.feature_version}, expected {feature_version}")
    return artefact


def verified_artefact(text: str, artefact_hash: str) -> Artefact:
    """The artefact that was published under a hash.

    Raises:
        ArtefactRefused: the text is no artefact, or the content of another hash.
    """
    artefact = parse_artefact(text)
    if artefact.hash != artefact_hash:
        raise ArtefactRefused(f"its content is that of {artefact.hash}")
    return artefact


def parse_artefact(text: str) -> Artefact:
    """Read and check the text of an artefact."""
    try:
        body = read_json(text)
        claimed = body.pop("hash")
        if body.get("format") not in FORMATS:
            expected = " or ".join(map(str, FORMATS))
            raise ArtefactRefused(f"artefact has format {body.get('format')}, expected {expected}")
        if body["feature_version"] not in ACCEPTED:
            raise ArtefactRefused(
                f"artefact is for features {body['feature_version']}, expected {' or '.join(ACCEPTED)}"
            )
        if _digest(body) != claimed:
            raise ArtefactRefused(f"artefact hash {claimed} does not match its content ({_digest(body)})")
        models = {name: _model(model) for name, model in body["models"].items()}
        return Artefact(body["first_date"], body["last_date"], body["games"], body["feature_version"], models, claimed)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtefactRefused(f"artefact is not readable: {type(error).__name__} {error}") from error


def _digest(body: Mapping[str, Any]) -> str:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _readable(body: Mapping[str, Any]) -> str:
    """The JSON text, a number a line, but each tree on a line of its own."""
    trees = {name: model["forest"]["trees"] for name, model in body["models"].items() if "forest" in model}
    models = {
        name: {**model, "forest": {**model["forest"], "trees": []}} if name in trees else model
        for name, model in body["models"].items()
    }
    text = json.dumps({**body, "models": models}, indent=1, allow_nan=False)
    for found in trees.values():  # in the order of the text
        lines = ",\n     ".join(json.dumps(tree, separators=(",", ":"), allow_nan=False) for tree in found)
        text = text.replace('"trees": []', f'"trees": [\n     {lines}\n    ]', 1)
    return text


def _plain(model: LinearModel) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "intercept": model.intercept,
        "terms": {term.name: _numbers(term) for term in model.terms},
        "spread": asdict(model.spread),
        "settings": dict(model.settings),
    }
    return plain if model.forest is None else {**plain, "forest": model.forest.body()}


def _numbers(term: Term) -> list[float]:
    known = [term.centre, term.weight]
    return [*known, term.low, term.high] if math.isfinite(term.low) or math.isfinite(term.high) else known


def _model(body: Mapping[str, Any]) -> LinearModel:
    terms = tuple(Term(name, *map(float, numbers)) for name, numbers in body["terms"].items())
    spread = Spread(**{name: float(value) for name, value in body["spread"].items()})
    settings = {name: float(value) for name, value in body["settings"].items()}
    forest = forest_of(body["forest"]) if "forest" in body else None
    model = LinearModel(float(body["intercept"]), terms, spread, settings, forest)
    numbers = [model.intercept, *asdict(spread).values(), *settings.values()]
    numbers += [value for numbers in body["terms"].values() for value in numbers]
    if not all(math.isfinite(value) for value in numbers):
        raise ValueError("a number is not finite")
    return model
