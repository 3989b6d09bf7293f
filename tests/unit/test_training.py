from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from regen.domain.errors import InvalidInput
from regen.systems import estimate_all, load_artefact, systems
from regen.training.__main__ import main
from regen.training.dataset import samples
from regen.training.fitting import median_ridge, predict, shares, spread
from regen.training.train import design, fit, train
from support.season_factory import FIRST, season, write

MADE = season(days=34)
CUT = FIRST + timedelta(days=50)


def test_a_fit_is_reproducible_and_sees_nothing_later(tmp_path: Path) -> None:
    data = write(MADE, tmp_path)
    once, twice = train(data, CUT), train(data, CUT)
    assert once == twice
    assert once.last_date <= CUT.isoformat()
    whole = fit(design(list(samples(MADE))).before(CUT + timedelta(days=1)))
    assert whole.hash == once.hash


def test_fitted_model_predicts_like_its_training_matrix() -> None:
    data = design(list(samples(MADE)))
    artefact = fit(data)
    chosen = systems(["minutes_rate_v1"], artefact)
    model = artefact.models["minutes_rate_v1"]
    centre, weight = (np.array([getattr(t, name) for t in model.terms]) for name in ("centre", "weight"))
    told = predict(data.matrices["minutes_rate_v1"], model.intercept, centre, weight)
    for index in range(0, len(data.samples), 97):
        estimate = estimate_all(chosen, data.samples[index].inputs)[0]["minutes_rate_v1"]
        assert estimate.points == pytest.approx(min(60, told[index]), abs=1e-3)


def test_too_little_data_is_said() -> None:
    with pytest.raises(InvalidInput, match="until"):
        design(list(samples(MADE, FIRST + timedelta(days=4))))


def test_ridge_finds_the_median_despite_outliers_and_gaps() -> None:
    source = np.random.default_rng(1)
    x = source.normal(size=(2000, 2))
    y = 10 + 3 * x[:, 0] - 2 * x[:, 1] + source.normal(size=2000)
    y[::20] += 40
    x[::7, 1] = np.nan
    intercept, centre, weights = median_ridge(x, y, 1.0)
    assert intercept == pytest.approx(10, abs=0.5)
    assert weights == pytest.approx([3, -2], abs=0.2)
    assert predict(x, intercept, centre, weights).min() >= 0


def test_shares_prefer_the_better_column() -> None:
    source = np.random.default_rng(2)
    y = source.normal(12, 5, 3000)
    x = np.column_stack([y + source.normal(0, 1, 3000), y + source.normal(0, 6, 3000)])
    weights = shares(x, y)
    assert weights.sum() == pytest.approx(1)
    assert weights[0] > 0.8


def test_spread_parts_are_never_negative() -> None:
    source = np.random.default_rng(3)
    points = source.uniform(5, 25, 5000)
    own = 8 - 0.1 * points
    found = spread(points, own, source.normal(0, 2 + 0.2 * points))
    assert min(found.intercept, found.per_point, found.per_own) >= 0
    assert found.intercept + found.per_point * 15 + found.per_own * 6.5 == pytest.approx(5.0, rel=0.1)


def test_the_command_writes_an_artefact_that_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write(MADE, tmp_path)
    out = tmp_path / "artefact.json"
    assert main(["train", "--data", str(data), "--until", CUT.isoformat(), "--out", str(out)]) == 0
    assert load_artefact(out).hash in capsys.readouterr().out
    assert main(["train", "--data", str(tmp_path / "none"), "--until", CUT.isoformat()]) == 2
    assert "folder" in capsys.readouterr().err
