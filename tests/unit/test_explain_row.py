"""`regen explain-row`: one row, computed again, as a person types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from regen.adapters.archives import archive_at
from regen.client.reader import Reader
from regen.local import own_version
from regen.systems import admit
from regen.systems.onnx_model import object_name
from support.bench import Bench
from support.commands import run_command
from support.played import Row, as_read, played_bench, row_of
from support.tiny_onnx import NAME, made, word

Type = Callable[..., Result]


@pytest.fixture(scope="module")
def played() -> Bench:
    return played_bench()


@pytest.fixture
def rows(played: Bench) -> list[Row]:
    return rows_of(played)


def rows_of(played: Bench) -> list[Row]:
    return [as_read(row) for row in played.warehouse.predictions(played.batch(row_of(played)["batch_id"]).game_date)]


@pytest.fixture
def type_(played: Bench, rows: list[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Type:
    return over(played, rows, tmp_path, monkeypatch)


def over(played: Bench, rows: list[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Type:
    """The command over these rows and a folder of what was kept."""
    folder = tmp_path / "inputs"
    for name, content in played.archive.objects.items():
        archive_at(str(folder)).keep(name, content)

    def run(self: Reader, name: str, lists: object = (), /, **values: Any) -> list[Row]:
        if name == "explain_row":
            return [row for row in rows if row["prediction_id"] == values["prediction_id"]]
        head, tail = values["head"], values["tail"]
        ids = sorted(row["prediction_id"] for row in rows if row["game_date"] >= values["first"].isoformat())
        return [
            {"prediction_id": one, "game_date": rows[0]["game_date"]}
            for one in ids
            if one.startswith(head) or one.endswith(tail)
        ]

    monkeypatch.setattr(Reader, "run", run)
    monkeypatch.setattr(own_version, "own_version", lambda: "test")
    env = {"REGEN_LOCAL_HOME": str(tmp_path), "REGEN_CONFIG": str(tmp_path / "none"), "REGEN_INPUTS_STORE": str(folder)}
    return lambda *words, **more: run_command(["explain-row", *words], {**env, **more})


def test_a_row_that_is_the_same_ends_with_0(type_: Type, played: Bench) -> None:
    row = row_of(played)
    ended = type_(row["prediction_id"])
    assert ended.exit_code == 0, ended.output
    assert f"{row['player_lookup']}, ensemble_v1, line 19.5, 2026-01-20" in ended.stdout
    assert "values come out as they stand, by the same code" in ended.stdout
    assert [line.split() for line in ended.stdout.splitlines() if line.startswith("predicted_points")] == [
        ["predicted_points", str(row["predicted_points"]), str(row["predicted_points"]), "yes"]
    ]
    assert "interval80_low" not in ended.stdout
    assert "interval80_low" in type_(row["prediction_id"], "--all").stdout


def test_a_row_that_differs_ends_with_1_and_says_why(type_: Type, rows: list[Row]) -> None:
    row = rows[0]
    row.update(predicted_points=1.5, code_version="0.0.9+older")
    ended = type_(row["prediction_id"])
    assert ended.exit_code == 1
    assert "the code is another: 0.0.9+older made the row, this is test" in ended.stderr
    assert f"next: regen status {row['batch_id']}" in ended.stderr
    assert any(line.startswith("predicted_points") and line.endswith("NO") for line in ended.stdout.splitlines())


def test_json_has_every_value_then_and_now(type_: Type, played: Bench) -> None:
    ended = type_(row_of(played)["prediction_id"], "--json")
    found = json.loads(ended.stdout)
    assert (found["verdict"], found["artefact"]["same"], found["inputs_hash"]["same"]) == ("same", True, True)
    assert {value["column"] for value in found["values"]} > {"predicted_points", "recommendation", "key_factors"}


def test_the_beginning_of_an_id_is_enough(type_: Type, rows: list[Row]) -> None:
    wanted = rows[0]["prediction_id"]
    ended = type_(wanted[:10], "--json")
    assert json.loads(ended.stdout)["prediction_id"] == wanted
    assert type_(wanted[:3]).exit_code == 2


def test_an_unknown_id_is_4_with_the_nearest(type_: Type, rows: list[Row]) -> None:
    wanted = rows[0]["prediction_id"]
    misspelt = f"{wanted[:-1]}{'0' if wanted[-1] != '0' else '1'}"
    ended = type_(misspelt)
    assert ended.exit_code == 4
    assert f"no prediction {misspelt}; the nearest: {wanted}" in ended.stderr
    assert f"next: regen explain-row {wanted}" in ended.stderr
    assert type_("ffffffff-0000-0000-0000-000000000000", "--date", "2026-01-20").exit_code == 4


def test_a_row_of_which_nothing_is_kept_is_4(type_: Type, rows: list[Row], tmp_path: Path) -> None:
    ended = type_(rows[0]["prediction_id"], REGEN_INPUTS_STORE=str(tmp_path / "empty"))
    assert ended.exit_code == 4
    assert "are not kept" in ended.stderr
    problem = type_(rows[0]["prediction_id"], "--json", REGEN_INPUTS_STORE=str(tmp_path / "empty"))
    assert json.loads(problem.stderr.splitlines()[-1])["exit_code"] == 4


def test_a_row_of_a_model_as_onnx_is_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the setting names the model; else it says that no such system is here."""
    model, folder = made(), tmp_path / "models"
    archive_at(str(folder)).keep(object_name(model.hash), model.to_bytes())
    admit((), (word(model),))
    try:
        played = played_bench(archive_at(str(folder)))
        explain = over(played, rows_of(played), tmp_path, monkeypatch)
        row = row_of(played, NAME)
        named = {"REGEN_ONNX_SYSTEMS": word(model), "REGEN_MODELS_STORE": str(folder)}
        ended = explain(row["prediction_id"], **named)
        assert ended.exit_code == 0, ended.output
        assert "by the same code" in ended.stdout
        (folder / object_name(model.hash)).unlink()
        admit(())
        lost = explain(row["prediction_id"], **named)
        assert (lost.exit_code, "it is not in the store" in lost.stderr) == (5, True)
        assert explain(row["prediction_id"]).exit_code != 0
    finally:
        admit(())
