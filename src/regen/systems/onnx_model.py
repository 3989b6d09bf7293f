"""A model as ONNX, as the store of models keeps it: one line of JSON that says what goes in and comes out, then the model's bytes."""

from __future__ import annotations

import hashlib

import msgspec
from msgspec import Struct

from regen.domain.estimate import MOST_POINTS, MOST_SPREAD
from regen.domain.models import is_challenger_name, is_hash
from regen.domain.recommendation import MIN_SD
from regen.features.names import FEATURE_NAMES
from regen.features.versions import ACCEPTED

PREFIX = "onnx/"
"""What the names of such objects begin with."""
MOST_BYTES = 10_000_000
"""Of a model: while it loads, it takes eight times as much memory."""


class OnnxRefused(ValueError):
    """This is no model with its manifest, or not the one that its name says."""


class Manifest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a model takes and gives.

    Attributes:
        feature_version: of the features that it was fitted on; players with others are not predicted.
        features: names of its inputs, in their order: one row of 32-bit floats.
        unknown: what stands for a feature that is not known; null for NaN.
        required: features without which a player is not predicted.
        points: the name of the output with the median.
        sd: the name of the output with the spread, or the spread itself, in points.
        least_points, most_points, least_sd, most_sd: an output beyond is brought to the bound, with a warning.
    """

    system_id: str
    feature_version: str
    features: tuple[str, ...]
    points: str
    sd: str | float
    unknown: float | None = None
    required: tuple[str, ...] = ()
    least_points: float = 0.0
    most_points: float = 60.0
    least_sd: float = MIN_SD
    most_sd: float = MOST_SPREAD


class OnnxModel(Struct, frozen=True):
    """A model with its manifest; the hash is over both."""

    manifest: Manifest
    content: bytes

    @property
    def hash(self) -> str:
        """Sixteen hex digits."""
        return _hash(self.to_bytes())

    def to_bytes(self) -> bytes:
        """The object of the store."""
        return msgspec.json.encode(self.manifest, order="sorted") + b"\n" + self.content


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


_MANIFEST = msgspec.json.Decoder(Manifest)


def object_name(model_hash: str) -> str:
    """The name of the object that holds a model."""
    return f"{PREFIX}{model_hash}"


def sealed(manifest: bytes, content: bytes) -> OnnxModel:
    """A model with its manifest.

    Raises:
        OnnxRefused: the manifest is none, or the model is empty or too large.
    """
    try:
        found = _MANIFEST.decode(manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OnnxRefused(f"the manifest: {error}") from error
    model = OnnxModel(found, content)
    if problems := _problems(model):
        raise OnnxRefused("; ".join(problems))
    return model


def verified(found: bytes, model_hash: str) -> OnnxModel:
    """The model of an object of the store.

    Raises:
        OnnxRefused: it is the content of another hash, or no such object.
    """
    if (other := _hash(found)) != model_hash:
        raise OnnxRefused(f"its content is that of {other}")
    manifest, _, content = found.partition(b"\n")
    return sealed(manifest, content)


def _problems(model: OnnxModel) -> list[str]:
    told = model.manifest
    wrong = {
        "system_id: expected a name like gbm_v1": not is_challenger_name(told.system_id) or is_hash(told.system_id),
        f"feature_version: expected {' or '.join(sorted(ACCEPTED))}": told.feature_version not in ACCEPTED,
        "features: expected names, each once": not told.features or len({*told.features}) != len(told.features),
        f"features: unknown are {', '.join(unknown := sorted({*told.features} - {*FEATURE_NAMES}))}": bool(unknown),
        "required: expected some of the features": bool({*told.required} - {*told.features}),
        f"points: expected bounds from 0 to {MOST_POINTS:g}": not 0
        <= told.least_points
        < told.most_points
        <= MOST_POINTS,
        f"sd: expected bounds above 0, up to {MOST_SPREAD:g}": not 0 < told.least_sd <= told.most_sd <= MOST_SPREAD,
        "the model is empty": not model.content,
        f"the model has {len(model.content)} bytes, of at most {MOST_BYTES}": len(model.content) > MOST_BYTES,
    }
    return [text for text, is_wrong in wrong.items() if is_wrong]
