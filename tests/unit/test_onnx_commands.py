"""Models as ONNX by the command line: published with their manifest, shown, listed as systems, checked, measured."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from regen.adapters.archives import archive_at
from regen.systems import admit, by_version, shipped_texts, system_ids
from regen.systems.onnx_model import object_name
from support.played import able
from support.seat import seated
from support.tiny_onnx import NAME, SUMS, linear, made, manifest, word

ONE = made()
NAMED = {"REGEN_ONNX_SYSTEMS": word(ONE)}
Type = Callable[..., Result]


@pytest.fixture
def type_(tmp_path: Path) -> Iterator[Type]:
    folder = tmp_path / "models"
    names = system_ids()
    own = {"run_for": by_version(names), "artefacts": shipped_texts, "systems": names}
    with seated(tmp_path, [able("playera", 15.0)], models=archive_at(str(folder)), **own) as seat:
        yield lambda *words, **env: seat(*words, env={"REGEN_MODELS_STORE": str(folder), **env})
    admit(())


@pytest.fixture
def publish(type_: Type, tmp_path: Path) -> Callable[..., Result]:
    def one(content: bytes = linear(), told: bytes = manifest(), *words: str) -> Result:
        (tmp_path / "tiny.onnx").write_bytes(content)
        (tmp_path / "tiny.json").write_bytes(told)
        return type_(
            "models", "publish", str(tmp_path / "tiny.onnx"), "--manifest", str(tmp_path / "tiny.json"), *words
        )

    return one


def test_publishing_prints_what_the_setting_takes(publish: Callable[..., Result], tmp_path: Path) -> None:
    for _ in range(2):
        result = publish()
        assert (result.exit_code, result.stdout) == (0, f"published {ONE.hash}: REGEN_ONNX_SYSTEMS={NAME}={ONE.hash}\n")
    assert (tmp_path / "models" / object_name(ONE.hash)).read_bytes() == ONE.to_bytes()
    found = json.loads(publish(linear(), manifest(), "--json").stdout)
    assert (found["hash"], found["setting"], found["features"]) == (
        ONE.hash,
        word(ONE),
        ["points_ew_12", "minutes_ew_12"],
    )


@pytest.mark.parametrize(
    ("content", "told", "why"),
    [
        (b"no model", manifest(), "onnxruntime cannot load it"),
        (linear({"points": SUMS["points"]}), manifest(), "it has no output sd"),
        (linear(), b"{", "the manifest"),
        (linear(), manifest(features=["shoe_size"]), "unknown are shoe_size"),
    ],
)
def test_what_no_worker_could_run_is_not_published(
    publish: Callable[..., Result], tmp_path: Path, content: bytes, told: bytes, why: str
) -> None:
    result = publish(content, told)
    assert (result.exit_code, why in result.stderr) == (2, True)
    assert not (tmp_path / "models").exists()


def test_without_a_manifest_or_a_file_it_is_not_published(type_: Type, tmp_path: Path) -> None:
    (tmp_path / "tiny.onnx").write_bytes(linear())
    alone = type_("models", "publish", str(tmp_path / "tiny.onnx"))
    assert (alone.exit_code, "needs --manifest FILE" in alone.stderr) == (2, True)
    gone = type_("models", "publish", str(tmp_path / "tiny.onnx"), "--manifest", str(tmp_path / "none.json"))
    assert (gone.exit_code, "none.json" in gone.stderr) == (2, True)


def test_another_object_in_the_way_is_named(publish: Callable[..., Result], type_: Type, tmp_path: Path) -> None:
    archive_at(str(tmp_path / "models")).keep(object_name(ONE.hash), ONE.to_bytes()[:50])
    result = publish()
    assert (result.exit_code, "something else under this name" in result.stderr) == (1, True)
    shown = type_("models", "show", ONE.hash)
    assert (shown.exit_code, f"ONNX model {ONE.hash}: its content is that of" in shown.stderr) == (1, True)


def test_models_are_listed_and_shown_beside_artefacts(publish: Callable[..., Result], type_: Type) -> None:
    before = json.loads(type_("models", "list", "--json").stdout)
    publish()
    after = json.loads(type_("models", "list", "--json").stdout)
    assert (before["onnx"], after["onnx"], before["models"]) == ([], [ONE.hash], after["models"])
    assert f"models as ONNX: {ONE.hash}" in type_("models", "list").stderr
    shown = type_("models", "show", ONE.hash).stdout.splitlines()
    assert {f"hash: {ONE.hash}", f"setting: {word(ONE)}", "features: points_ew_12, minutes_ew_12"} <= {*shown}
    assert type_("models", "show", "0123456789abcdef").exit_code == 4
    assert type_("models", "use", ONE.hash, "--reason", "try", "--yes").exit_code != 0


def test_it_is_a_system_once_it_is_named(publish: Callable[..., Result], type_: Type) -> None:
    publish()
    rows = {row["system_id"]: row for row in json.loads(type_("systems", "list", "--json", **NAMED).stdout)}
    assert (rows[NAME]["version"], rows[NAME]["from"], rows[NAME]["used"]) == (
        f"1-onnx-{ONE.hash}",
        f"onnx {ONE.hash}",
        True,
    )
    assert NAME not in type_("systems", "list").stdout


def test_check_has_a_row_for_each_rule_and_for_memory(publish: Callable[..., Result], type_: Type) -> None:
    publish()
    result = type_("systems", "check", NAME, **NAMED)
    assert result.exit_code == 0, result.output
    assert [line.split()[:3] for line in result.stdout.splitlines()[1:]] == [
        [NAME, rule, "kept"] for rule in ("inputs", "purity", "determinism", "bounds", "time", "start", "memory")
    ]


def test_check_of_another_system_loads_no_model(type_: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is published: the store has none."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert type_("systems", "check", "moving_average", **NAMED).exit_code == 0


@pytest.mark.parametrize(
    "words", [("systems", "check", NAME), ("evaluate", "--data", "DIR", "--from", "2026-01-20", "--to", "2026-01-21")]
)
def test_a_model_that_is_not_there_is_named(type_: Type, words: tuple[str, ...]) -> None:
    result = type_(*words, **NAMED)
    assert (result.exit_code, "it is not in the store" in result.stderr) == (5, True)


@pytest.mark.parametrize("value", ["tiny_onnx", "moving_average=0123456789abcdef", "tiny_onnx=latest"])
def test_a_word_that_is_unusable_is_a_usage_error(type_: Type, value: str) -> None:
    result = type_("systems", "list", REGEN_ONNX_SYSTEMS=value)
    assert (result.exit_code, "REGEN_ONNX_SYSTEMS" in result.stderr) == (2, True)
