from __future__ import annotations

import csv
import json
import os
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from regen.domain.errors import InvalidInput
from regen.systems import load_artefact, member_ids, system_ids
from regen.training.__main__ import main
from regen.training.evaluate import Evaluation, evaluate
from regen.training.measuring import EXPONENTIAL
from regen.training.scores import bootstrap_interval, calibration_error, perfect_calibration_error
from regen.training.table import accuracy_table
from regen.training.train import train
from support.season_factory import FIRST, season, write

MADE = season(days=50)
START, END = FIRST + timedelta(days=76), FIRST + timedelta(days=84)
PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"
SYSTEMS = (*system_ids(), *member_ids())
BASELINES = {"last 5", "last 10", "season mean", EXPONENTIAL}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(MADE, tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def found(data: Path) -> Evaluation:
    return evaluate(data, START, END)


def test_every_system_and_baseline_has_its_rows(found: Evaluation) -> None:
    everyone = {row.name for row in found.rows if row.population == "all"}
    with_line = {row.name for row in found.rows if row.population == "lined"}
    assert everyone == {*system_ids(), *member_ids(), *BASELINES} - {"line_blend_v1"}
    assert with_line == {*system_ids(), *member_ids(), *BASELINES, "bookmaker line"}
    assert found.trained_until < START.isoformat()
    assert all(row.n > 100 and 1 < row.mae < 10 for row in found.rows)
    base = next(row for row in found.rows if row.name == EXPONENTIAL)
    assert base.vs_exponential == {"diff": 0.0, "lo": 0.0, "hi": 0.0}
    text = accuracy_table(found)
    assert "ensemble_v1" in text
    assert "bookmaker line" in text


def test_no_weekly_refit_sees_its_own_week(data: Path) -> None:
    found = evaluate(data, START, END, refit="weekly")
    assert len(found.artefacts) == 2
    assert len(set(found.artefacts)) > 1


def test_an_artefact_that_has_seen_the_window_is_refused(data: Path) -> None:
    artefact = train(data, END)
    with pytest.raises(InvalidInput, match="last of the artefact's data"):
        evaluate(data, START, END, artefact=artefact)
    with pytest.raises(InvalidInput, match="weekly"):
        evaluate(data, START, END, refit="hourly")
    with pytest.raises(InvalidInput, match="not before"):
        evaluate(data, END, START)


def test_the_command_prints_a_table_and_writes_the_form(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "rows.json"
    window = ["--from", START.isoformat(), "--to", END.isoformat()]
    kept = tmp_path / "rows.csv"
    asked = ["--json", str(out), "--rows", str(kept), "--without-zones", "--without-reports"]
    assert main(["evaluate", "--data", str(data), *window, *asked]) == 0
    printed = capsys.readouterr().out
    for name in ("ensemble_v1", "exponential mean (12)", "bookmaker line"):
        assert f"| {name} " in printed
    body = json.loads(out.read_text())
    assert body["window"] == {"from": START.isoformat(), "to": END.isoformat()}
    wanted = {"name", "population", "n", "mae", "rmse", "bias", "ece", "interval80", "vs_exponential"}
    assert all(wanted <= row.keys() and row["vs_exponential"].keys() == {"diff", "lo", "hi"} for row in body["systems"])
    assert body["zones"] == "silver"
    with kept.open() as stream:
        rows = list(csv.DictReader(stream))
    of_all = sum(row["n"] for row in body["systems"] if row["population"] == "all" and row["name"] in SYSTEMS)
    blended = next(row["n"] for row in body["systems"] if row["name"] == "line_blend_v1")
    assert len(rows) == of_all + blended
    lined = [row for row in rows if row["system_id"] == "ensemble_v1" and row["log_loss"]]
    figures = next(f for f in body["at_line"] if (f["system_id"], f["group"]) == ("ensemble_v1", "all"))
    assert figures["rows"] == len(lined) > 100
    assert figures["log_loss"] == pytest.approx(np.mean([float(row["log_loss"]) for row in lined]), abs=1e-4)


def test_a_later_date_does_not_change_an_earlier_window(found: Evaluation, tmp_path: Path) -> None:
    cut = [log for log in MADE.logs if log.game_date <= END]
    assert len(cut) < len(MADE.logs)
    assert evaluate(write(MADE, tmp_path, cut), START, END) == found


def test_true_probabilities_have_perfect_calibration() -> None:
    source = np.random.default_rng(4)
    chances = source.uniform(0, 1, (2000, 1))
    happened = (source.random((2000, 1)) < chances).astype(float)
    perfect = perfect_calibration_error(chances)
    assert calibration_error(chances.ravel(), happened.ravel()) == pytest.approx(perfect, abs=0.015)
    assert calibration_error(np.clip(chances.ravel() + 0.2, 0, 1), happened.ravel()) > perfect + 0.1


def test_the_bootstrap_draws_dates() -> None:
    days = np.repeat(np.arange(20.0), 10)
    low, high = bootstrap_interval(days, np.repeat(np.linspace(-1, 0.5, 20), 10))
    assert low < -0.25 < high
    assert high - low < 1


def test_accuracy_page_names_every_badly_calibrated_system() -> None:
    page = PAGE.read_text()
    missed = "\n".join(line for line in page.splitlines() if "**not reached**" in line)
    seen = 0
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] in SYSTEMS and len(cells) == 13:
            seen += 1
            assert float(cells[8]) <= float(cells[9]) + 0.01 or f"`{cells[0]}`" in missed, line
    assert seen == 2 * len(SYSTEMS) - 1


@pytest.mark.long
@pytest.mark.skipif("REGEN_REAL_DATA" not in os.environ, reason="REGEN_REAL_DATA names no folder of real games")
def test_accuracy_page_holds_the_commands_table(capsys: pytest.CaptureFixture[str]) -> None:
    data = os.environ["REGEN_REAL_DATA"]
    assert "regen evaluate --data DIR --from 2025-12-01 --to 2025-12-31 --zones gold" in PAGE.read_text()
    window = ["--from", "2025-12-01", "--to", "2025-12-31"]
    assert main(["evaluate", "--data", data, *window, "--zones", "gold"]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if line.count("|") == 14]
    assert len(rows) == 28
    assert set(rows) <= set(PAGE.read_text().splitlines())


def test_accuracy_page_is_about_the_shipped_artefact() -> None:
    page = PAGE.read_text()
    assert f"`{load_artefact().hash}`" in page
    assert load_artefact().last_date in page
