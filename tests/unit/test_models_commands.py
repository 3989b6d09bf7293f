"""`regen models`: publish, list, show, use and roll back, over a folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from regen.adapters.archives import archive_at
from regen.api.kept import artefact_name
from regen.domain.values import replace
from regen.systems import by_version, load_artefact, shipped_texts, system_ids
from support.played import able
from support.seat import seated

PACKAGED = load_artefact().hash
ONE = replace(load_artefact(), games=1).sealed()
Type = Callable[..., Result]


@pytest.fixture
def type_(tmp_path: Path) -> Iterator[Type]:
    folder = tmp_path / "models"
    names = system_ids()
    own = {"run_for": by_version(names), "artefacts": shipped_texts, "systems": names}
    with seated(tmp_path, [able("playera", 15.0)], models=archive_at(str(folder)), **own) as seat:
        yield lambda *words: seat("models", *words, env={"REGEN_MODELS_STORE": str(folder)})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "artefact.json"
    path.write_text(ONE.to_json())
    return path


def in_use(type_: Type) -> set[str]:
    return {row["hash"] for row in json.loads(type_("list", "--json").stdout)["models"] if row["in_use"]}


def test_a_published_model_is_used_and_rolled_back(type_: Type, file: Path) -> None:
    assert type_("publish", str(file)).stdout.split() == ["published", ONE.hash]
    assert ONE.hash not in in_use(type_)
    assert f"hash: {ONE.hash}" in type_("show", ONE.hash).stdout
    would = type_("use", ONE.hash, "--reason", "refit", "--dry-run")
    assert f"would use {ONE.hash} instead of {PACKAGED}" in would.stdout
    assert ONE.hash not in in_use(type_)
    assert type_("use", ONE.hash, "--reason", "refit", "--yes").exit_code == 0
    assert ONE.hash in in_use(type_)
    assert PACKAGED not in in_use(type_)
    assert type_("rollback", "--reason", "worse", "--yes").exit_code == 0
    assert ONE.hash not in in_use(type_)
    again = type_("rollback", "--reason", "worse", "--yes")
    assert (again.exit_code, "no model but the release's own is in use" in again.stderr) == (2, True)


def test_publishing_again_changes_nothing(type_: Type, file: Path) -> None:
    assert [type_("publish", str(file)).exit_code for _ in range(2)] == [0, 0]


def test_a_changed_artefact_is_not_published(type_: Type, file: Path, tmp_path: Path) -> None:
    file.write_text(ONE.to_json().replace('"games": 1', '"games": 2'))
    refused = type_("publish", str(file))
    assert (refused.exit_code, "does not match its content" in refused.stderr) == (2, True)
    assert not list((tmp_path / "models").rglob("*.json"))


def test_a_half_written_object_in_the_way_is_named(type_: Type, file: Path, tmp_path: Path) -> None:
    archive_at(str(tmp_path / "models")).keep(artefact_name(ONE.hash), b'{"form')
    refused = type_("publish", str(file))
    assert (refused.exit_code, "something else under this name" in refused.stderr) == (1, True)
    (row,) = [r for r in json.loads(type_("list", "--json").stdout)["models"] if r["hash"] == ONE.hash]
    assert "not readable" in row["problem"]
    assert type_("show", ONE.hash).exit_code != 0
    assert type_("use", ONE.hash, "--reason", "refit", "--yes").exit_code != 0


def test_a_model_that_was_never_published_is_4(type_: Type) -> None:
    assert type_("show", "0123456789abcdef").exit_code == 4
