"""`regen models compare`: pairs of graded rows of one batch, player and line, whichever sides are asked for."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from regen.client.reader import Reader
from regen.domain.models import IN_USE
from regen.training.compare_rows import compared_rows
from unit.test_models_commands import ONE, PACKAGED, Type, type_

__all__ = ["type_"]
A, B = "a" * 16, "b" * 16
Row = dict[str, Any]


def row(challenger: str | None, points: float, **more: Any) -> Row:
    """A row of `compare_rows.sql`: of a player who scored 20 points."""
    known: Row = {
        "challenger": challenger,
        "system_id": "ensemble_v1",
        "model": challenger or B,
        "game_date": "2026-01-20",
        "game_id": "g1",
        "player_lookup": "anton",
        "batch_id": "b1",
        "created_at": "2026-01-20T20:00:00+00:00",
        "line": 19.5,
        "predicted_points": points,
        "over_probability": 0.6,
        "inside": True,
        "actual_points": 20,
        "retrospective": False,
    }
    return {**known, **more}


def all_of(rows: list[Row], one: str, other: str) -> dict[str, tuple[int, tuple[float, float]]]:
    """Rows and errors of all players, by system."""
    found = compared_rows(rows, one, other).compared
    return {each.system_id: (each.rows, each.mae) for each in found if each.population == "all"}


def test_a_challenger_is_paired_with_the_rows_in_use() -> None:
    rows = [row(A, 22.0), row(None, 17.0), row(None, 25.0, system_id="learned_v1"), row(A, 1.0, player_lookup="bela")]
    assert all_of(rows, A, IN_USE) == {"ensemble_v1": (1, (2.0, 3.0))}
    assert all_of(rows, IN_USE, A) == {"ensemble_v1": (1, (3.0, 2.0))}


def test_rows_in_use_count_for_the_hash_that_they_are_of() -> None:
    assert all_of([row(A, 22.0), row(None, 17.0)], A, B) == {"ensemble_v1": (1, (2.0, 3.0))}
    assert all_of([row(A, 22.0), row(None, 17.0, model="c" * 16)], A, B) == {}


def test_two_systems_are_paired_with_each_other() -> None:
    rows = [row(None, 17.0), row("blend", 22.0, system_id="blend")]
    assert all_of(rows, "blend", "ensemble_v1") == {"blend / ensemble_v1": (1, (2.0, 3.0))}
    assert all_of(rows, "blend", IN_USE) == {}


def test_a_system_beside_a_hash_is_the_same_system() -> None:
    rows = [row(None, 17.0), row(A, 22.0), row(A, 30.0, system_id="learned_v1")]
    assert all_of(rows, "ensemble_v1", A) == {"ensemble_v1 / " + A: (1, (3.0, 2.0))}


def test_only_rows_of_one_batch_are_paired() -> None:
    """What a challenger predicted before the news is not held against what is current after it."""
    late = {"batch_id": "b2", "created_at": "2026-01-20T22:00:00+00:00"}
    assert all_of([row(A, 22.0), row(None, 17.0, **late)], A, IN_USE) == {}
    rows = [row(A, 22.0), row(B, 24.0), row(A, 21.0, **late), row(B, 26.0, **late)]
    assert all_of(rows, A, B) == {"ensemble_v1": (1, (1.0, 6.0))}


def test_of_several_lines_the_middle_one_that_both_have_counts() -> None:
    ours = [row(A, 22.0, line=line, over_probability=p) for line, p in ((18.5, 0.7), (19.5, 0.6), (20.5, 0.2))]
    theirs = [row(None, 17.0, line=line, over_probability=0.5) for line in (18.5, 20.5, 21.5)]
    (whole, lined) = compared_rows([*ours, *theirs], A, IN_USE).compared
    assert (whole.rows, whole.decided, lined.population) == (1, 1, "lined")
    assert list(whole.log_loss) == pytest.approx([-math.log(0.7), -math.log(0.5)])


@pytest.mark.parametrize(("line", "decided"), [(None, 0), (20.0, 0), (19.0, 0), (19.5, 1)])
def test_a_log_loss_needs_a_half_point_line(line: float | None, decided: int) -> None:
    found = compared_rows([row(A, 22.0, line=line), row(None, 17.0, line=line)], A, IN_USE)
    assert [each.decided for each in found.compared if each.population == "all"] == [decided]


def test_the_interval_is_by_games_and_late_pairs_are_counted() -> None:
    games = [{"game_id": f"g{n}", "player_lookup": f"p{n}", "retrospective": n == 0} for n in range(6)]
    rows = [row(A, 21.0 + n / 4, **g) for n, g in enumerate(games)] + [row(None, 17.0, **g) for g in games]
    found = compared_rows(rows, A, IN_USE)
    error = found.compared[0].error
    assert (error.rows, found.retrospective) == (6, 1)
    assert error.value is not None
    assert error.low is not None
    assert error.high is not None
    assert error.value == pytest.approx(1.625 - 3.0)
    assert error.low < error.value < error.high < 0


def test_the_command_says_who_challenges_and_compares(type_: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    name, dates = "line_blend_v1", ("--from", "2026-01-20", "--to", "2026-01-21")
    refused = type_("challenge", name, "--reason", "x", "--yes")
    assert (refused.exit_code, "REGEN_SYSTEMS" in refused.stderr) == (3, True)
    lost = type_("challenge", ONE.hash, "--reason", "x", "--yes")
    assert (lost.exit_code, "not in the store" in lost.stderr) == (2, True)
    rows = [row(A, 22.0), row(None, 17.0)]
    monkeypatch.setattr(Reader, "run", lambda *_, **__: rows)
    said = type_("compare", A, IN_USE, *dates)
    assert (said.exit_code, f"A: {A}, B: in-use" in said.stdout) == (0, True)
    found = json.loads(type_("compare", A, IN_USE, *dates, "--json").stdout)
    assert (found["a"], found["window"]["to"], found["compared"][0]["mae"]) == (A, "2026-01-21", [2.0, 3.0])
    rows.clear()
    assert type_("compare", A, IN_USE, *dates).exit_code == 4
    assert [type_("compare", *sides, *dates).exit_code for sides in ((A, A), (A, "No-Name"))] == [2, 2]


def test_a_published_model_challenges_until_it_is_ended(type_: Type, tmp_path: Any) -> None:
    file = tmp_path / "one.json"
    file.write_text(ONE.to_json())
    type_("publish", str(file))
    would = type_("challenge", ONE.hash, "--reason", "x", "--dry-run")
    assert (would.exit_code, would.stdout) == (0, f"would have {ONE.hash} challenge what is in use\n")

    def challengers() -> list[str]:
        listed = json.loads(type_("list", "--json").stdout)["models"]
        return [each["hash"] for each in listed if each["challenges"]]

    assert challengers() == []
    assert type_("challenge", ONE.hash, "--reason", "x", "--yes").exit_code == 0
    assert challengers() == [ONE.hash]
    assert "change nothing" in type_("challenge", ONE.hash, "--reason", "x", "--yes").stdout
    assert type_("challenge", ONE.hash, "--end", "--reason", "x", "--yes").exit_code == 0
    assert challengers() == []
    assert type_("challenge", PACKAGED, "--reason", "x", "--yes").exit_code == 3
