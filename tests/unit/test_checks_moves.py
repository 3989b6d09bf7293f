"""Checks of shares, counts and tiers that collapse against what is current, each at its limit."""

from collections.abc import Sequence
from typing import Any

import pytest

from regen.domain.batch import Status
from regen.domain.checks import Evidence, Verdict, judge
from regen.domain.outcome import Outcome, OutcomeKind, Prediction, Provenance
from regen.domain.promotion import CurrentPrediction
from regen.domain.slate import Exclusion, GameShape, SlateShape
from regen.domain.values import replace
from regen.settings import limits
from support.bench import Bench
from support.league import DAY, entry, names, players

LINED: tuple[float | None, ...] = (19.5,)
LINELESS: tuple[float | None, ...] = (None,)


def held(
    player: str,
    lines: Sequence[float | None] = LINED,
    *,
    systems: Sequence[str] = ("steady",),
    game: str = "g1",
    tier: str | None = "GOLD",
    book: str | None = "draftkings",
) -> list[CurrentPrediction]:
    return [
        CurrentPrediction(f"{player}{s}{line}", "b", player, game, s, line, 20.0, "OVER", tier, None, book)
        for s in systems
        for line in lines
    ]


def made(
    player: str,
    lines: Sequence[float | None] = LINED,
    *,
    systems: Sequence[str] = ("steady",),
    game: str = "g1",
    tier: str = "GOLD",
    book: str = "draftkings",
    problems: dict[str, str] | None = None,
) -> Outcome:
    rows = tuple(
        Prediction(
            f"{player}{s}{line}",
            s,
            "1",
            20.0,
            5.0,
            50.0,
            "NO_LINE" if line is None else "PASS",
            line,
            book if line else None,
        )
        for s in systems
        for line in lines
    )
    provenance = Provenance("h", "v1", "f", 90.0, 10, tier, None, "available", 9)
    return Outcome(
        player, game, OutcomeKind.PRODUCED, predictions=rows, provenance=provenance, system_problems=problems or {}
    )


def verdict_of(current: Sequence[list[CurrentPrediction]], outcomes: Sequence[Outcome], **more: Any) -> Verdict:
    rows = sum(len(o.predictions) for o in outcomes)
    games = sorted({o.game_id for o in outcomes if o.game_id})
    fields: dict[str, Any] = {
        "outcomes": outcomes,
        "fresh": outcomes,
        "systems": ("steady",),
        "current": [row for rows in current for row in rows],
        "thresholds": limits(),
        "staged_rows": rows,
        "expected_rows": rows,
        "slate": SlateShape(len(outcomes), tuple(GameShape(g, ("BOS", "NYK"), 9) for g in games)),
    }
    return judge(Evidence(**{**fields, **more}))


def everybody(number: int) -> list[str]:
    return [f"p{n:02}" for n in range(number)]


@pytest.mark.parametrize(
    ("number", "lined", "lost", "failed"),
    [
        (10, 10, 3, []),
        (10, 10, 4, ["lined_drop"]),
        (100, 90, 30, []),
        (100, 90, 31, ["lined_drop"]),
        (100, 54, 27, ["lines_lost"]),
        (4, 4, 2, []),
        (10, 3, 3, ["lines_lost"]),
        (10, 2, 2, []),
        (10, 10, 10, ["lined_drop", "lines_lost"]),
    ],
)
def test_lost_lines_are_refused(number: int, lined: int, lost: int, failed: list[str]) -> None:
    names_ = everybody(number)
    before = [held(p, LINED if n < lined else LINELESS) for n, p in enumerate(names_)]
    after = [made(p, LINED if lost <= n < lined else LINELESS) for n, p in enumerate(names_)]
    verdict = verdict_of(before, after)
    assert verdict.failed == failed
    assert verdict.findings["lined_drop"].value == 100.0 * lost / number


def test_rows_of_a_missing_system_do_not_hide_lost_lines() -> None:
    before = [held(p, systems=("steady", "blend")) for p in everybody(10)]
    after = [made(p, LINELESS, problems={"blend": "no_line"}) for p in everybody(10)]
    verdict = verdict_of(before, after, systems=("steady", "blend"))
    assert verdict.failed == ["lined_drop", "lines_lost", "rows_drop"]


@pytest.mark.parametrize(("was", "now"), [("GOLD", "BRONZE"), ("GOLD", "SILVER"), ("SILVER", "BRONZE")])
@pytest.mark.parametrize(("fallen", "fails"), [(3, False), (4, True)])
def test_features_of_a_lower_tier_are_refused(was: str, now: str, fallen: int, fails: bool) -> None:  # noqa: FBT001
    before = [held(p, tier=was) for p in everybody(10)]
    after = [made(p, tier=now if n < fallen else was) for n, p in enumerate(everybody(10))]
    assert verdict_of(before, after).failed == (["tier_drop"] if fails else [])


def test_higher_tiers_are_promoted_and_unknown_ones_reported() -> None:
    after = [made(p) for p in everybody(10)]
    assert verdict_of([held(p, tier="SILVER") for p in everybody(10)], after).failed == []
    unknown = verdict_of([held(p, tier=None) for p in everybody(10)], after)
    assert unknown.findings["tier_drop"].not_looked_at == "the tiers of the current rows are not on record"


@pytest.mark.parametrize(("halved", "fails"), [(8, False), (9, True), (10, True)])
def test_halved_rows_for_each_player_are_refused(halved: int, fails: bool) -> None:  # noqa: FBT001
    before = [held(p, (19.5, 20.0)) for p in everybody(10)]
    after = [made(p, (19.5,) if n < halved else (19.5, 20.0)) for n, p in enumerate(everybody(10))]
    assert verdict_of(before, after).failed == (["rows_drop"] if fails else [])


def test_double_rows_of_the_predecessor_count_once() -> None:
    before = [held(p) * 3 for p in everybody(10)]
    assert verdict_of(before, [made(p) for p in everybody(10)]).failed == []


def test_five_lines_of_the_predecessor_count_as_one() -> None:
    """Its daily run made a row for each of five lines around the one on offer; regen predicts that one."""
    five = [held(p, (17.5, 18.5, 19.5, 20.5, 21.5)) for p in everybody(10)]
    after = [made(p) for p in everybody(10)]
    assert verdict_of(five, after).failed == ["rows_drop"]
    assert verdict_of([[replace(row, batch_id=None) for row in rows] for rows in five], after).failed == []


@pytest.mark.parametrize(("by", "fails"), [(4.0, False), (4.5, True), (-4.5, True)])
def test_large_move_of_all_lines_is_refused(by: float, fails: bool) -> None:  # noqa: FBT001
    after = [made(p, (19.5 + by,)) for p in everybody(10)]
    assert verdict_of([held(p) for p in everybody(10)], after).failed == (["line_shift"] if fails else [])


def test_lines_of_another_bookmaker_warn_and_promote() -> None:
    after = [made(p, book="underdog") for p in everybody(10)]
    verdict = verdict_of([held(p) for p in everybody(10)], after)
    assert (verdict.failed, verdict.findings["bookmaker_change"].passed) == ([], False)


@pytest.mark.parametrize(("lacking", "fails"), [(2, False), (3, True), (10, True)])
@pytest.mark.parametrize("why", ["ZeroDivisionError: x", "not_finite", "missing_features", "not_fitted"])
def test_system_without_predictions_is_refused(why: str, lacking: int, fails: bool) -> None:  # noqa: FBT001
    both = ("steady", "bold")
    after = [
        made(p, problems={"bold": why}) if n < lacking else made(p, systems=both) for n, p in enumerate(everybody(10))
    ]
    assert verdict_of([], after, systems=both).failed == (["system_share"] if fails else [])


def test_players_without_line_do_not_count_against_a_system() -> None:
    both = ("steady", "blend")
    unlined = [made(p, LINELESS, problems={"blend": "no_line"}) for p in everybody(10)]
    assert verdict_of([], unlined, systems=both).failed == []
    blind = [made(p, problems={"blend": "no_line"}) for p in everybody(10)]
    assert verdict_of([], blind, systems=both).failed == ["system_share"]


@pytest.mark.parametrize(("lost", "fails"), [(2, False), (3, True)])
def test_players_losing_a_current_system_are_refused(lost: int, fails: bool) -> None:  # noqa: FBT001
    both = ("steady", "bold")
    after = [made(p, systems=both[: 1 + (n >= lost)], problems={}) for n, p in enumerate(everybody(12))]
    verdict = verdict_of([held(p, systems=both) for p in everybody(12)], after, systems=both)
    assert ("systems_lost" in verdict.failed) == fails


def test_removed_system_is_in_no_baseline_and_is_reported() -> None:
    before = [held(p, systems=("steady", "old")) for p in everybody(10)]
    verdict = verdict_of(before, [made(p) for p in everybody(10)])
    assert verdict.failed == []
    assert (
        verdict.findings["systems_lost"].not_looked_at
        == "systems that the batch does not run keep their rows: old (10 players)"
    )


@pytest.mark.parametrize("reason", ["under_minutes", "doubtful"])
@pytest.mark.parametrize(("left", "fails"), [(2, False), (3, True)])
def test_too_many_newly_excluded_players_are_refused(reason: str, left: int, fails: bool) -> None:  # noqa: FBT001
    excluded = [Exclusion(p, reason, "g1") for p in everybody(10)[:left]]
    verdict = verdict_of([held(p) for p in everybody(10)], [made(p) for p in everybody(10)[left:]], excluded=excluded)
    assert verdict.failed == (["excluded_players"] if fails else [])


@pytest.mark.parametrize(("out", "fails"), [(4, False), (5, True)])
def test_most_players_of_a_game_ruled_out_is_refused(out: int, fails: bool) -> None:  # noqa: FBT001
    one, other = everybody(10), [f"q{n}" for n in range(30)]
    excluded = [Exclusion(p, "out", "g1") for p in one[:out]]
    outcomes = [*(made(p) for p in one[out:]), *(made(p, game="g2") for p in other)]
    before = [*(held(p) for p in one), *(held(p, game="g2") for p in other)]
    assert verdict_of(before, outcomes, excluded=excluded).failed == (["out_at_once"] if fails else [])


@pytest.mark.parametrize(("lacking", "fails"), [(4, False), (5, True)])
def test_game_with_half_its_features_missing_is_refused(lacking: int, fails: bool) -> None:  # noqa: FBT001
    one, other = everybody(10), [f"q{n}" for n in range(90)]
    failed = [Outcome(p, "", OutcomeKind.FAILED, reason="no_features") for p in one[:lacking]]
    outcomes = [*failed, *(made(p) for p in one[lacking:]), *(made(p, game="g2") for p in other)]
    verdict = verdict_of([held(p) for p in one], outcomes)
    assert verdict.failed == (["game_coverage"] if fails else [])


def test_lost_lines_upstream_leave_current_rows_unchanged() -> None:
    bench = Bench(players(10))
    bench.run()
    before = bench.warehouse.predictions(DAY)
    bench.slate([replace(e, has_line=False, inputs=e.inputs and replace(e.inputs, lines=())) for e in players(10)])
    second = bench.run("t2")
    assert second.status is Status.REJECTED
    assert (second.verdict or {})["failed"] == ["lined_drop", "lines_lost"]
    assert bench.warehouse.predictions(DAY) == before


def test_minimum_minutes_excluding_most_players_is_refused() -> None:
    roster = [entry(n, lines=(), minutes=30.0 if k < 4 else 20.0) for k, n in enumerate(names(12))]
    bench = Bench(roster)
    bench.run()
    before = bench.warehouse.predictions(DAY)
    second = bench.run("t2", min_minutes=25.0)
    assert (second.verdict or {})["failed"] == ["excluded_players"]
    assert bench.warehouse.predictions(DAY) == before


def test_features_without_shot_zones_warn_and_promote() -> None:
    silver = verdict_of([], [made(p, tier="SILVER") for p in everybody(10)])
    assert silver.failed == []
    assert (silver.findings["gold_share"].passed, silver.findings["gold_share"].value) == (False, 0.0)
