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

FORMAT = 1
SHIPPED = {FEATURE_VERSION: "artefact.json", SERVED_VERSION: "artefact_v2.json"}
"""What ships, by the version of the features that it was fitted on."""


class ArtefactRefused(Defect):
    """The artefact is unreadable, was changed after it was written, or is for another feature version."""


class Term(Struct, frozen=True):
    """One term of a linear model: weight x (value - centre) points; an unknown value contributes 0."""

    name: str
    centre: float
    weight: float


class Spread(Struct, frozen=True):
    """The standard deviation of a prediction: intercept + per_point x points + per_own x the player's own spread, in points."""

    intercept: float
    per_point: float
    per_own: float


class LinearModel(Struct, frozen=True):
    """A fitted system.

    Attributes:
        settings: values chosen on a grid, such as a half-life in games, and the share of `regen.domain.estimate.Trust`.
    """

    intercept: float
    terms: tuple[Term, ...]
    spread: Spread
    settings: Mapping[str, float] = field(default_factory=dict)


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
            "format": FORMAT,
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
        return json.dumps({**self.body(), "hash": _digest(self.body())}, indent=1, allow_nan=False) + "\n"


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
        if body.get("format") != FORMAT:
            raise ArtefactRefused(f"artefact has format {body.get('format')}, expected {FORMAT}")
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


def _plain(model: LinearModel) -> dict[str, Any]:
    return {
        "intercept": model.intercept,
        "terms": {term.name: [term.centre, term.weight] for term in model.terms},
        "spread": asdict(model.spread),
        "settings": dict(model.settings),
    }


def _model(body: Mapping[str, Any]) -> LinearModel:
    terms = tuple(Term(name, float(centre), float(weight)) for name, (centre, weight) in body["terms"].items())
    spread = Spread(**{name: float(value) for name, value in body["spread"].items()})
    settings = {name: float(value) for name, value in body["settings"].items()}
    model = LinearModel(float(body["intercept"]), terms, spread, settings)
    numbers = [model.intercept, *asdict(spread).values(), *settings.values()]
    numbers += [value for term in terms for value in (term.centre, term.weight)]
    if not all(math.isfinite(value) for value in numbers):
        raise ValueError("a number is not finite")
    return model
