"""Small models as ONNX, written byte by byte as protobuf has them: no test needs the package that makes them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from regen.features.names import FEATURE_VERSION
from regen.systems.onnx_model import OnnxModel, object_name, sealed

NAME = "tiny_onnx"
FEATURES = ("points_ew_12", "minutes_ew_12")
MANIFEST: Mapping[str, Any] = {
    "system_id": NAME,
    "feature_version": FEATURE_VERSION,
    "features": FEATURES,
    "required": ("points_ew_12",),
    "unknown": 0.0,
    "points": "points",
    "sd": "sd",
}
FLOAT, DOUBLE, WHOLE = 1, 11, 7
Size = int | str
Sums = Mapping[str, tuple[Sequence[float], float]]
"""Weights and intercept, by the name of the output."""
SUMS: Sums = {"points": ((1.0, 0.0), 0.5), "sd": ((0.0, 0.0), 6.0)}
"""Half a point more than the mean of the last games, with a spread of six."""


def _number(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _number(number << 3) + _number(value)
    content = value.encode() if isinstance(value, str) else value
    return _number(number << 3 | 2) + _number(len(content)) + content


def _floats(name: str, values: Sequence[float], *shape: int, file: str = "") -> bytes:
    tensor = b"".join(_field(1, size) for size in shape) + _field(2, FLOAT) + _field(8, name)
    if file:
        return tensor + _field(13, _field(1, "location") + _field(2, file)) + _field(14, 1)
    return tensor + _field(9, struct.pack(f"<{len(values)}f", *values))


def _value(name: str, shape: Sequence[Size], kind: int = FLOAT) -> bytes:
    sizes = b"".join(_field(1, _field(1 if isinstance(size, int) else 2, size)) for size in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, sizes)))


def _node(kind: str, inputs: Sequence[str], output: str) -> bytes:
    return b"".join(_field(1, name) for name in inputs) + _field(2, output) + _field(4, kind)


def linear(
    sums: Sums = SUMS,
    *,
    rows: Size = 1,
    columns: int = 1,
    told_columns: Size | None = None,
    kind: int = FLOAT,
    more_inputs: Sequence[str] = (),
    file: str = "",
) -> bytes:
    """A model with the input `features`, whose outputs are weighted sums of it.

    Args:
        rows: how many rows the input says it has; a name for any number.
        columns: how many numbers each output has; `told_columns` what the model says of it.
        kind: of the input's numbers.
        more_inputs: further inputs, of which nothing is made.
        file: where the weights are, if not in the model.
    """
    width = len(next(iter(sums.values()))[0])
    graph = b""
    for name, (weights, intercept) in sums.items():
        graph += _field(1, _node("Gemm", ("features", f"{name}_w", f"{name}_b"), name))
        graph += _field(
            5, _floats(f"{name}_w", [w for w in weights for _ in range(columns)], width, columns, file=file)
        )
        graph += _field(5, _floats(f"{name}_b", [intercept], 1))
    graph += _field(2, "linear") + _field(11, _value("features", (rows, width), kind))
    graph += b"".join(_field(11, _value(name, (1, 1))) for name in more_inputs)
    graph += b"".join(_field(12, _value(name, (rows, told_columns or columns))) for name in sums)
    return _field(1, 8) + _field(7, graph) + _field(8, _field(2, 17))


def several(width: int = len(FEATURES)) -> bytes:
    """A model whose output `points` is all of its features, which it does not say beforehand."""
    every = _field(1, width) + _field(2, 9) + _field(8, "every") + _field(9, b"\x01" * width)
    graph = _field(1, _node("Compress", ("features", "every"), "points")) + _field(5, every) + _field(2, "several")
    graph += _field(11, _value("features", (1, width))) + _field(12, _value("points", ("n",)))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(2, 17))


def heavy(size: int) -> bytes:
    """A model of at most so many bytes, nearly all of which are weights; its output is `points`."""
    hidden = (size - 1000) // (4 * (len(FEATURES) + 1))
    graph = _field(1, _node("MatMul", ("features", "into"), "hidden")) + _field(
        1, _node("MatMul", ("hidden", "out"), "points")
    )
    graph += _field(5, _floats("into", [0.001] * hidden * len(FEATURES), len(FEATURES), hidden))
    graph += _field(5, _floats("out", [0.001] * hidden, hidden, 1)) + _field(2, "heavy")
    graph += _field(11, _value("features", (1, len(FEATURES)))) + _field(12, _value("points", (1, 1)))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(2, 17))


def manifest(**changes: Any) -> bytes:
    """The manifest as its author writes it."""
    return msgspec.json.encode({**MANIFEST, **changes})


def made(sums: Sums = SUMS, **changes: Any) -> OnnxModel:
    """A model with its manifest, whose fields are changed."""
    return sealed(manifest(**changes), linear(sums))


def word(model: OnnxModel) -> str:
    """How the setting names it."""
    return f"{model.manifest.system_id}={model.hash}"


class Store(dict[str, bytes]):
    """A store of models, to read."""

    def put(self, *models: OnnxModel) -> Store:
        """The store with these models, too."""
        self.update({object_name(model.hash): model.to_bytes() for model in models})
        return self

    def read(self, name: str) -> bytes | None:
        """An object's content."""
        return self.get(name)
