"""Inputs that are half there, slipped, or one number for everybody: coverage is 100 %, and the promotion is refused."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from regen.domain.batch import Status
from regen.domain.outcome import Outcome, OutcomeKind
from regen.domain.promotion import CurrentPrediction
from regen.domain.slate import POSTPONED, Exclusion
from regen.domain.slate_reading import SlateEntry
from regen.domain.values import replace
from support.bench import Bench
from support.league import DAY, entry, names
from unit.test_checks_moves import everybody, held, made, verdict_of

SYSTEMS = ("steady", "bold", "slow")


def spread(values: Sequence[float], system: str) -> list[Outcome]:
    """Players with three systems, one of which says the values and the others 5, 6, 7, ... points."""
    found = [made(p, systems=SYSTEMS) for p in everybody(len(values))]
    return [
        replace(
            outcome,
            predictions=tuple(
                replace(p, points=value if p.system_id == system else 5.0 + n) for p in outcome.predictions
            ),
        )
        for n, (outcome, value) in enumerate(zip(found, values, strict=True))
    ]


@pytest.mark.parametrize("value", [0.0, 21.0])
@pytest.mark.parametrize(("players", "fails"), [(9, False), (10, True), (40, True)])
def test_system_spread_refuses_one_number_for_everybody(value: float, players: int, fails: bool) -> None:  # noqa: FBT001
    verdict = verdict_of([], spread([value] * players, "bold"), systems=SYSTEMS)
    assert ("system_spread" in verdict.failed) == fails
    if fails:
        assert verdict.findings["system_spread"].concerns == ["bold"]


def test_system_spread_lets_a_cautious_system_pass() -> None:
    assert verdict_of([], spread([12.0 + n / 4 for n in range(20)], "bold"), systems=SYSTEMS).failed == []


@pytest.mark.parametrize(("lost", "fails"), [(2, False), (3, True), (9, True)])
def test_history_lost_refuses_half_a_table_of_box_scores(lost: int, fails: bool) -> None:  # noqa: FBT001
    skips = [Outcome(p, "g1", OutcomeKind.SKIPPED, reason="no_history") for p in everybody(10)[:lost]]
    verdict = verdict_of([held(p) for p in everybody(10)], [*skips, *(made(p) for p in everybody(10)[lost:])])
    assert ("history_lost" in verdict.failed) == fails


def test_players_who_never_had_a_history_lose_none() -> None:
    skips = [Outcome(p, "g1", OutcomeKind.SKIPPED, reason="no_history") for p in everybody(9)]
    assert verdict_of([held("q")], [*skips, made("q")]).failed == []


@pytest.mark.parametrize(("history", "fails"), [(4, False), (5, True)])
def test_a_system_that_denies_a_known_history_is_refused(history: int, fails: bool) -> None:  # noqa: FBT001
    after = []
    for player in everybody(10):
        outcome = made(player, problems={"bold": "no_history"})
        assert outcome.provenance
        after.append(replace(outcome, provenance=replace(outcome.provenance, history_games=history)))
    assert verdict_of([], after, systems=("steady", "bold")).failed == (["system_share"] if fails else [])


def test_a_system_that_the_players_have_is_lost_whatever_it_says() -> None:
    before = [held(p, systems=("steady", "bold")) for p in everybody(10)]
    after = []
    for player in everybody(10):
        outcome = made(player, problems={"bold": "no_history"})
        assert outcome.provenance
        after.append(replace(outcome, provenance=replace(outcome.provenance, history_games=1)))
    assert "systems_lost" in verdict_of(before, after, systems=("steady", "bold")).failed


def moved(player: str, by: float, systems: Sequence[str] = ("steady",)) -> Outcome:
    outcome = made(player, systems=systems)
    last = systems[-1]
    return replace(
        outcome,
        predictions=tuple(replace(p, points=20.0 + by if p.system_id == last else 20.0) for p in outcome.predictions),
    )


@pytest.mark.parametrize(("by", "fails"), [(4.0, False), (5.0, True)])
def test_moves_up_and_down_do_not_cancel(by: float, fails: bool) -> None:  # noqa: FBT001
    after = [moved(p, by if n % 2 else -by) for n, p in enumerate(everybody(10))]
    assert verdict_of([held(p) for p in everybody(10)], after).failed == (["mean_shift"] if fails else [])


@pytest.mark.parametrize(("touched", "fails"), [(1, False), (2, False), (3, True)])
def test_news_may_move_one_or_two_players_far(touched: int, fails: bool) -> None:  # noqa: FBT001
    verdict = verdict_of([held(p) for p in everybody(10)], [moved(p, 9.0) for p in everybody(touched)])
    assert ("mean_shift" in verdict.failed) is fails
    assert ("fewer than 3 players" in (verdict.findings["mean_shift"].not_looked_at or "")) is not fails


def test_one_system_that_moves_is_not_hidden_by_those_that_stay() -> None:
    before: list[list[CurrentPrediction]] = [held(p, systems=SYSTEMS) for p in everybody(10)]
    verdict = verdict_of(before, [moved(p, 6.0, SYSTEMS) for p in everybody(10)], systems=SYSTEMS)
    assert verdict.failed == ["mean_shift"]
    assert verdict.findings["mean_shift"].concerns == ["slow"]


def test_lines_that_move_up_and_down_do_not_cancel() -> None:
    after = [made(p, (19.5 + (6 if n % 2 else -6),)) for n, p in enumerate(everybody(10))]
    assert verdict_of([held(p) for p in everybody(10)], after).failed == ["line_shift"]


@pytest.mark.parametrize(("off", "on", "fails"), [(5, 0, False), (2, 8, False), (8, 2, False), (3, 3, True)])
def test_called_off_whole_refuses_half_a_game(off: int, on: int, fails: bool) -> None:  # noqa: FBT001
    excluded = [Exclusion(f"x{n}", POSTPONED, "g1") for n in range(off)]
    others = [made(f"y{n}", game="g2") for n in range(5)]
    verdict = verdict_of([], [*(made(p) for p in everybody(on)), *others], excluded=excluded)
    assert ("called_off_whole" in verdict.failed) == fails


@pytest.mark.parametrize(
    ("games", "half"),
    [([(1, 7)] * 2, []), ([(1, 7)] * 3, ["g0", "g1", "g2"]), ([(2, 6), (6, 1)], ["g0", "g1"]), ([(8, 0)] * 3, [])],
)
def test_called_off_whole_sums_over_the_date(games: list[tuple[int, int]], half: list[str]) -> None:
    excluded = [Exclusion(f"x{g}{n}", POSTPONED, f"g{g}") for g, (off, _) in enumerate(games) for n in range(off)]
    outcomes = [made(f"y{g}{n}", game=f"g{g}") for g, (_, on) in enumerate(games) for n in range(on)]
    verdict = verdict_of([], [*outcomes, *(made(f"z{n}", game="other") for n in range(5))], excluded=excluded)
    assert verdict.findings["called_off_whole"].concerns == half
    assert ("called_off_whole" in verdict.failed) == bool(half)


def slate(number: int = 12) -> list[SlateEntry]:
    return [entry(name, form=5.0 + 3 * n) for n, name in enumerate(names(number))]


def test_features_that_slip_to_the_next_player_are_refused() -> None:
    bench = Bench(slate())
    bench.run()
    before = bench.warehouse.predictions(DAY)
    base = slate()
    slipped = []
    for n, own in enumerate(base):
        other = base[(n + 6) % len(base)].inputs
        assert own.inputs
        assert other
        slipped.append(replace(own, inputs=replace(own.inputs, features=other.features)))
    bench.slate(slipped)
    second = bench.run("t2")
    assert (second.status, (second.verdict or {})["failed"]) == (Status.REJECTED, ["mean_shift"])
    assert bench.warehouse.predictions(DAY) == before
