from __future__ import annotations

import json
from pathlib import Path

import pytest

from regen.systems import ArtefactRefused, load_artefact
from regen.systems.artefact import parse_artefact


def test_shipped_artefact_is_small_and_names_its_data() -> None:
    artefact = load_artefact()
    assert artefact.first_date < artefact.last_date < "2025-12-01"
    assert artefact.games > 1000
    assert len(artefact.to_json()) < 150_000
    assert parse_artefact(artefact.to_json()) == artefact


def test_weights_of_the_ensemble_add_up_to_one() -> None:
    weights = [term.weight for term in load_artefact().models["ensemble_v1"].terms]
    assert min(weights) >= 0
    assert sum(weights) == pytest.approx(1.0)


def changed(**values: object) -> str:
    body = json.loads(load_artefact().to_json())
    body.update(values)
    return json.dumps(body)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not readable"),
        ("[]", "not readable"),
        ("{}", "not readable"),
        (changed(games=1), "hash"),
        (changed(feature_version="v2_37features"), "v2_37features"),
        (changed(format=99), "format"),
        (changed(hash="0" * 16), "hash"),
    ],
)
def test_unexpected_artefact_is_refused(text: str, why: str) -> None:
    with pytest.raises(ArtefactRefused, match=why):
        parse_artefact(text)


def test_another_hash_than_expected_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "artefact.json"
    path.write_text(load_artefact().to_json())
    assert load_artefact(path, expected_hash=load_artefact().hash) == load_artefact()
    with pytest.raises(ArtefactRefused, match="expected"):
        load_artefact(path, expected_hash="f" * 16)
    with pytest.raises(ArtefactRefused, match="cannot be read"):
        load_artefact(tmp_path / "none.json")


def test_numbers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ArtefactRefused):
        parse_artefact(load_artefact().to_json().replace('"intercept": 0.0', '"intercept": NaN'))
