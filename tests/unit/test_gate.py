"""`regen models gate`: two models on the same games, which neither has seen, and a verdict by limits."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from regen.cli.gating import limits_of_gate
from regen.client import training_tables
from regen.client.reader import Reader
from regen.domain.errors import InvalidInput
from regen.domain.intervals import Figure
from regen.domain.values import replace
from regen.features.versions import SERVED_VERSION
from regen.systems import member_ids, system_ids
from regen.systems.artefact import Artefact
from regen.training import served
from regen.training.dataset import Sample, samples
from regen.training.evaluate import eligible, evaluate
from regen.training.gate import ALL, Compared, Gate, compare, gate, problems
from regen.training.train import design, established, fit
from support.commands import run_command
from support.season_factory import FIRST, season, write
from unit.test_training_warehouse import GAMES, LINES

pytestmark = pytest.mark.xdist_group("gate")  # its fits are made once
MADE = season(days=44)
EARLY, LATE, LAST = (FIRST + timedelta(days=n) for n in (60, 66, 86))
LIMITS = limits_of_gate()


@cache
def played() -> list[Sample]:
    """What both are compared on."""
    return [s for s in samples(MADE, wanted=established) if s.day > LATE and eligible(s.inputs)]


@cache
def fits() -> tuple[Artefact, Artefact]:
    """Fits until `EARLY` and until `LATE`."""
    made = design(list(samples(MADE, LATE, wanted=established)))
    return fit(made.before(EARLY + timedelta(days=1))), fit(made)


def old() -> Artefact:
    return fits()[0]


def new() -> Artefact:
    return fits()[1]


def changed(artefact: Artefact, system_id: str, **values: Any) -> Artefact:
    """The artefact with other values in one system's model."""
    return replace(
        artefact, models={**artefact.models, system_id: replace(artefact.models[system_id], **values)}
    ).sealed()


def reasons(artefact: Artefact) -> list[str]:
    return list(problems(compare(played(), {}, artefact, old()), LIMITS))


def worse(artefact: Artefact, points: float = 3.0) -> Artefact:
    return changed(artefact, "learned_v1", intercept=artefact.models["learned_v1"].intercept + points)


@pytest.fixture(scope="module")
def found() -> Gate:
    return gate(MADE, new(), old(), LIMITS)


def of(found: Gate, system_id: str = "ensemble_v1", population: str = ALL) -> Compared:
    return next(c for c in found.compared if (c.system_id, c.population) == (system_id, population))


def test_a_refit_of_the_week_after_passes(found: Gate) -> None:
    assert (found.verdict, found.problems) == ("pass", ())
    assert (found.first, found.last) == (LATE + timedelta(days=1), LAST)
    assert of(found).rows > 500
    low, high = of(found).error.low, of(found).error.high
    assert low is not None
    assert high is not None
    assert low < high < LIMITS.gate_error_points


def test_the_same_model_passes_without_a_difference() -> None:
    same = compare(played(), {}, new(), new())
    assert list(problems(same, LIMITS)) == []
    assert {(c.error.value, c.error.high) for c in same} == {(0.0, 0.0)}


def test_a_worse_model_fails_and_its_system_is_named() -> None:
    said = reasons(worse(new()))
    assert any(p.startswith("learned_v1: the upper end of the difference of errors") for p in said)
    assert not any(p.startswith("moving_average") for p in said)


def test_intervals_that_are_too_wide_fail() -> None:
    spread = new().models["learned_v1"].spread
    wide = replace(spread, intercept=4 * spread.intercept + 10)
    said = reasons(changed(new(), "learned_v1", spread=wide))
    assert any("80 % interval" in p and p.startswith("learned_v1") for p in said)


def test_a_model_that_predicts_fewer_fails() -> None:
    less = replace(new(), models={n: m for n, m in new().models.items() if n != "learned_v1"}).sealed()
    assert f"learned_v1: no prediction for {len(played())} player-games that the other model predicts" in reasons(less)


def judged(**values: Any) -> list[str]:
    even = Compared(
        "s", ALL, 900, (5.0, 5.0), Figure(0.0, -0.01, 0.01, 900), 600, (0.69, 0.69), Figure(0.0), (80.0, 80.0)
    )
    return list(problems([replace(even, **values)], LIMITS))


@pytest.mark.parametrize(
    ("within", "beyond"),
    [
        ({"error": Figure(0.0, -0.05, 0.05)}, {"error": Figure(0.0, -0.051, 0.051)}),
        ({"log_loss_difference": Figure(0.005)}, {"log_loss_difference": Figure(0.0051)}),
        ({"interval80": (83.0, 80.0)}, {"interval80": (76.9, 80.0)}),
        ({"error": Figure(-0.3, -0.4, -0.2)}, {"error": Figure(0.0)}),
        ({"log_loss_difference": Figure(0.2), "decided": 299}, {"log_loss_difference": Figure(0.2), "decided": 300}),
    ],
    ids=["error", "log loss", "interval", "one game", "few lines"],
)
def test_each_limit_is_where_it_says(within: dict[str, Any], beyond: dict[str, Any]) -> None:
    assert judged(**within) == []
    assert len(judged(**beyond)) == 1


def test_populations_add_up(found: Gate) -> None:
    everyone = of(found).rows
    assert of(found, population="lined").rows + of(found, population="unlined").rows == everyone
    roles = [
        c.rows
        for c in found.compared
        if c.system_id == "ensemble_v1" and c.population in {"starter", "rotation", "bench"}
    ]
    assert sum(roles) == everyone
    assert of(found, "line_blend_v1").rows == of(found, population="lined").rows


def test_the_figures_are_those_of_evaluate(found: Gate) -> None:
    known = evaluate(MADE, found.first, found.last, artefact=new())
    assert {compared.system_id for compared in found.compared}.isdisjoint(member_ids()), "it judges rows"
    for row in (r for r in known.rows if r.population == "lined" and r.name in system_ids()):
        mine = of(found, row.name, "lined")
        assert mine.rows == row.n
        assert mine.mae[0] == pytest.approx(row.mae)
        assert mine.error.value == pytest.approx(mine.mae[0] - mine.mae[1])
        assert mine.interval80[0] == pytest.approx(100 * (row.interval80 or 0))
        at = next(f for f in known.at_line if (f.system_id, f.group) == (row.name, "all"))
        assert mine.log_loss[0] == pytest.approx(at.log_loss)


def test_dates_that_a_fit_has_seen_are_refused() -> None:
    with pytest.raises(InvalidInput, match=f"overlap the fit of {new().hash} on games from {new().first_date}"):
        gate(MADE, new(), old(), LIMITS, EARLY + timedelta(days=1), LAST)
    with pytest.raises(InvalidInput, match=f"overlap the fit of {new().hash}"):
        gate(MADE, old(), new(), LIMITS, EARLY + timedelta(days=1), LAST)
    with pytest.raises(InvalidInput, match="are before the fit"):
        gate(MADE, new(), old(), LIMITS, FIRST - timedelta(days=9), FIRST - timedelta(days=2))


def test_too_little_data_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"at least 300 player-games .* found \d\d"):
        gate(MADE, new(), old(), LIMITS, last=LATE + timedelta(days=3))
    with pytest.raises(InvalidInput, match="after both fits"):
        gate(MADE, new(), replace(old(), last_date=LAST.isoformat()).sealed(), LIMITS)


def test_models_of_other_kinds_are_refused() -> None:
    with pytest.raises(InvalidInput, match="for features regen_v1"):
        gate(MADE, of_v2(new()), old(), LIMITS)
    less = replace(new(), models={n: m for n, m in new().models.items() if n != "learned_v1"}).sealed()
    with pytest.raises(InvalidInput, match="has no learned_v1"):
        gate(MADE, less, old(), LIMITS)


def of_v2(artefact: Artefact) -> Artefact:
    return replace(artefact, feature_version=SERVED_VERSION).sealed()


def test_models_of_upstreams_features_are_compared_on_them() -> None:
    compared = gate(MADE, of_v2(new()), of_v2(old()), LIMITS)
    assert of(compared, "learned_v1").rows == of(compared).rows > 500


def test_a_model_of_two_fits_has_seen_the_dates_of_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "train", lambda *_, **__: new())
    base = replace(old(), first_date="2024-10-31").sealed()
    both = served.train_served(MADE, LATE, base)
    assert (both.first_date, both.last_date) == ("2024-10-31", new().last_date)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write(MADE, tmp_path_factory.mktemp("data"))
    for name, artefact in {"old": old(), "new": new(), "worse": worse(new())}.items():
        (root / f"{name}.json").write_text(artefact.to_json())
    return root


def typed(files: Path, named: str, *words: str, **env: str) -> Any:
    return run_command(
        ["models", "gate", str(files / named), "--against", str(files / "old.json"), *words],
        {"HOME": str(files), **env},
    )


def test_a_failed_gate_ends_with_1(files: Path) -> None:
    bad = typed(files, "worse.json", "--data", str(files), "--json")
    body = json.loads(bad.stdout)
    assert (bad.exit_code, body["verdict"], body["against"]["hash"]) == (1, "fail", old().hash)
    assert body["problems"]
    assert {c["population"] for c in body["compared"]} == {"all", "lined", "unlined", "starter", "rotation", "bench"}


def test_limits_are_the_environments(files: Path) -> None:
    lenient = {"REGEN_GATE_ERROR_POINTS": "10", "REGEN_GATE_LOG_LOSS": "1", "REGEN_GATE_INTERVAL_PCT": "80"}
    done = typed(files, "worse.json", "--data", str(files), **lenient)
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, f"pass: {worse(new()).hash} against {old().hash}")
    wrong = typed(files, "new.json", "--data", str(files), REGEN_GATE_LOG_LOSS="much")
    assert (wrong.exit_code, "REGEN_GATE_LOG_LOSS: expected a number" in wrong.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "either --data DIR or --from-warehouse"),
        (["--data", "{0}", "--from", EARLY.isoformat()], "overlap the fit"),
        (["--data", "{0}", "--against", "nothing"], "neither a file nor the hash"),
        (["--data", "{0}", "--against", "{0}/player_game_logs.csv"], "not readable"),
    ],
)
def test_wrong_usage_ends_with_2(files: Path, words: list[str], said: str) -> None:
    done = typed(files, "new.json", *(word.format(files) for word in words))
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr


def test_the_gate_reads_the_input_tables(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, Any]] = []

    def rows(reader: Reader, first: object, until: object) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        asked.append((first, until))
        return GAMES, LINES

    monkeypatch.setattr(training_tables, "rows_to_learn_from", rows)
    done = typed(files, "new.json", "--from-warehouse", "--to", (LATE + timedelta(days=2)).isoformat())
    assert (done.exit_code, "at least 300 player-games" in done.stderr) == (2, True)
    assert "the tables hold no shot zones" in done.stderr
    assert asked[0][1] == LATE + timedelta(days=2)
