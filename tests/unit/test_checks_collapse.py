"""A system whose inputs collapse without ending is not promoted: features that are worse for everybody, half a history."""

from __future__ import annotations

import pytest

from regen.domain.batch import Status
from regen.domain.checks import Evidence, Verdict, judge
from regen.domain.outcome import Outcome, OutcomeKind, Prediction, Provenance
from regen.domain.promotion import CurrentPrediction
from regen.domain.slate import GameShape, SlateShape
from regen.domain.values import replace
from regen.settings import limits
from support.bench import Bench
from support.league import DAY, entry, players

SYSTEMS = ("steady", "bold")
SLATE = SlateShape(10, (GameShape("g1", ("BOS", "NYK"), 10),))


def _held(player: str, quality: float | None, games: dict[str, int | None]) -> list[CurrentPrediction]:
    about = ("GOLD", None, "draftkings", quality)
    return [
        CurrentPrediction(f"{player}{s}", "b", player, "g1", s, 19.5, 20.0, "OVER", *about, games[s]) for s in SYSTEMS
    ]


def _made(player: str, quality: float, games: int, systems: tuple[str, ...] = SYSTEMS) -> Outcome:
    rows = tuple(Prediction(f"n{player}{s}", s, "1", 20.0, 5.0, 50.0, "OVER", 19.5, "draftkings") for s in systems)
    source = Provenance("h", "v1", "f", quality, 10, "GOLD", None, "available", games)
    return Outcome(player, "g1", OutcomeKind.PRODUCED, predictions=rows, provenance=source)


def _verdict(before: list[list[CurrentPrediction]], outcomes: list[Outcome]) -> Verdict:
    rows = sum(len(o.predictions) for o in outcomes)
    current = [row for rows in before for row in rows]
    seen = Evidence(outcomes, SYSTEMS, current, limits(), rows, rows, fresh=outcomes, slate=SLATE)
    return judge(seen)


@pytest.mark.parametrize(
    ("number", "before", "after", "failed"),
    [
        (10, 95.0, 60.0, ["quality_drop"]),
        (10, 95.0, 80.0, []),
        (10, 95.0, 79.0, ["quality_drop"]),
        (10, 60.0, 95.0, []),
        (2, 95.0, 60.0, []),
    ],
)
def test_features_that_are_worse_for_everybody_are_refused(
    number: int, before: float, after: float, failed: list[str]
) -> None:
    names = [f"p{n}" for n in range(number)]
    games: dict[str, int | None] = dict.fromkeys(SYSTEMS, 10)
    verdict = _verdict([_held(p, before, games) for p in names], [_made(p, after, 10) for p in names])
    assert verdict.failed == failed
    assert verdict.findings["quality_drop"].value == before - after


@pytest.mark.parametrize(
    ("before", "after", "failed"),
    [
        ({"steady": 20, "bold": 20}, 10, ["history_drop"]),
        ({"steady": 10, "bold": 20}, 10, ["history_drop"]),
        ({"steady": 20, "bold": 20}, 14, []),
        ({"steady": 20, "bold": 20}, 13, ["history_drop"]),
        ({"steady": 20, "bold": 20}, 30, []),
        ({"steady": None, "bold": None}, 1, []),
    ],
)
def test_half_a_history_is_refused(before: dict[str, int | None], after: int, failed: list[str]) -> None:
    names = [f"p{n}" for n in range(10)]
    verdict = _verdict([_held(p, 95.0, before) for p in names], [_made(p, 95.0, after) for p in names])
    assert verdict.failed == failed
    if before["bold"] is None:
        assert verdict.findings["history_drop"].not_looked_at
    elif failed and before["steady"] == 10:
        assert verdict.findings["history_drop"].concerns == ["bold: 100 games of 10 players, 200 before"]


def test_current_rows_remember_quality_and_history() -> None:
    bench = Bench(players(6))
    bench.run()
    assert {(c.quality, c.history_games) for c in bench.warehouse.current_predictions(DAY)} == {(90.0, 5)}
    bench.slate([replace(e, inputs=replace(e.inputs, feature_quality=71.0)) for e in players(6) if e.inputs])
    second = bench.run("t2")
    assert (second.status, second.error) == (Status.REJECTED, "checks failed: quality_drop")


def test_an_opponent_that_is_the_own_team_is_not_predicted() -> None:
    wrong = [replace(e, opponent=e.team.lower() + " ") for e in players(6)]
    batch = Bench(wrong).run()
    assert batch.status is Status.REJECTED
    bench = Bench([*players(9), replace(entry("playerx"), opponent=entry("playerx").team)])
    batch = bench.run()
    assert "playerx" not in {player for player, _, _ in bench.current()}
    (missing,) = [c for c in (batch.verdict or {})["checks"] if c["name"] == "coverage"]
    assert missing["concerns"] == ["playerx:invalid_features"]
