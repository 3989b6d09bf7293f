"""A model as ONNX in the store: one object, named by the hash of manifest and model, and verified before anything of it is read."""

from __future__ import annotations

import math
from typing import Any

import pytest

from regen.systems.onnx_model import MOST_BYTES, OnnxRefused, object_name, sealed, verified
from support.tiny_onnx import linear, made, manifest

ONE = made()


def test_what_was_stored_is_what_was_sealed() -> None:
    assert verified(ONE.to_bytes(), ONE.hash) == ONE
    assert object_name(ONE.hash) == f"onnx/{ONE.hash}"


def test_the_hash_is_over_manifest_and_model() -> None:
    others = {made(sd=5.0).hash, made({"points": ((1.0, 0.0), 0.6), "sd": ((0.0, 0.0), 6.0)}).hash, ONE.hash}
    assert len(others) == 3
    assert sealed(b" " + manifest(), linear()).hash == ONE.hash


@pytest.mark.parametrize(
    "found",
    [b"", b"\n", b"PK foreign", ONE.to_bytes()[:-1], ONE.to_bytes() + b"x"],
    ids=["empty", "a line", "foreign", "half written", "longer"],
)
def test_another_content_is_refused_before_it_is_read(found: bytes) -> None:
    with pytest.raises(OnnxRefused, match="its content is that of"):
        verified(found, ONE.hash)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"system_id": "A Name"}, "system_id: expected a name like gbm_v1"),
        ({"system_id": "0123456789abcdef"}, "system_id"),
        ({"feature_version": "v0_another"}, "feature_version: expected regen_v"),
        ({"features": ()}, "features: expected names, each once"),
        ({"features": ("points_ew_12", "points_ew_12")}, "features: expected names, each once"),
        ({"features": ("points_ew_12", "shoe_size")}, "features: unknown are shoe_size"),
        ({"required": ("minutes_ew_3",)}, "required: expected some of the features"),
        ({"most_points": 101.0}, "points: expected bounds from 0 to 100"),
        ({"least_points": 60.0}, "points: expected bounds"),
        ({"least_sd": 0.0}, "sd: expected bounds above 0, up to 50"),
        ({"most_sd": 50.5}, "sd: expected bounds"),
        ({"sd": None}, "the manifest: "),
        ({"spread": 6.0}, "the manifest: .*unknown field `spread`"),
    ],
)
def test_a_manifest_that_cannot_be_kept_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(OnnxRefused, match=why):
        made(**changes)


def test_what_is_no_manifest_is_refused() -> None:
    for text in (b"", b"{", b"[]", b"\xff", manifest().replace(b"0.0", str(math.nan).encode())):
        with pytest.raises(OnnxRefused, match="the manifest: "):
            sealed(text, linear())


def test_a_model_of_no_size_or_too_large_is_refused() -> None:
    with pytest.raises(OnnxRefused, match="the model is empty"):
        sealed(manifest(), b"")
    with pytest.raises(OnnxRefused, match=f"of at most {MOST_BYTES}"):
        sealed(manifest(), bytes(MOST_BYTES + 1))
