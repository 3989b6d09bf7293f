"""A batch that renews a part of the date is judged by that part, too: game by game, a collapse is no smaller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from regen.domain.batch import Status
from regen.domain.checks import Verdict, judge
from regen.domain.checks.evidence import Evidence
from regen.domain.inputs import SourceTier
from regen.domain.outcome import Outcome, OutcomeKind
from regen.domain.scope import Scope
from regen.domain.slate import GameShape, SlateShape
from regen.domain.slate_reading import SlateEntry
from regen.domain.values import replace
from regen.services.state.deps import ALERT_TOPIC
from regen.settings import limits
from support.bench import Bench
from support.league import DAY, entry
from unit.test_checks_moves import LINELESS, everybody, held, made, verdict_of

FEW = "{} of 96 renewed: fewer than 8 are judged as a part of the date"
Change = Callable[[SlateEntry], SlateEntry]


def game_id(number: int) -> str:
    return f"002250060{number}"


def league(games: int = 8, of_each: int = 12) -> list[SlateEntry]:
    return [
        entry(f"g{game}p{chr(97 + n)}", game=game_id(game), form=12.0 + n, lines=(11.5 + n, 12.5 + n))
        for game in range(games)
        for n in range(of_each)
    ]


def changed(**inputs: Any) -> Change:
    return lambda e: replace(e, inputs=e.inputs and replace(e.inputs, **inputs))


def on_lines(**fields: Any) -> Change:
    def change(e: SlateEntry) -> SlateEntry:
        assert e.inputs
        return changed(lines=tuple(replace(line, **fields) for line in e.inputs.lines))(e)

    return change


def one_line(e: SlateEntry) -> SlateEntry:
    assert e.inputs
    return changed(lines=e.inputs.lines[:1])(e)


def moved_lines(e: SlateEntry) -> SlateEntry:
    assert e.inputs
    return changed(lines=tuple(replace(line, value=line.value + 6) for line in e.inputs.lines))(e)


COLLAPSES: Mapping[str, tuple[Change, set[str]]] = {
    "lines": (changed(lines=()), {"lined_drop", "lines_lost", "rows_drop"}),
    "tier": (changed(data_source_tier=SourceTier.BRONZE), {"tier_drop"}),
    "quality": (changed(feature_quality=56.0), {"quality_drop"}),
    "alternate lines": (one_line, {"rows_drop"}),
    "moves": (moved_lines, {"line_shift"}),
    "both prices": (on_lines(over_price=None, under_price=None), {"prices_lost"}),
    "one price": (on_lines(under_price=None), {"prices_lost"}),
    "bookmakers": (on_lines(is_fallback=True), {"books_lost"}),
    "history": (lambda e: changed(recent_games=e.inputs.recent_games[:1] if e.inputs else ())(e), {"history_drop"}),
}


@pytest.mark.parametrize("kind", COLLAPSES)
def test_a_collapse_is_refused_game_by_game(kind: str) -> None:
    change, expected = COLLAPSES[kind]
    priced = on_lines(over_price=-110, under_price=-110)
    bench = Bench([priced(e) for e in league()])
    assert bench.run().status is Status.PROMOTED
    before = bench.warehouse.predictions(DAY)
    bench.slate([change(priced(e)) for e in league()])
    whole = bench.run("whole")
    assert set((whole.verdict or {})["failed"]) == expected
    for game in range(8):
        bench.clock.advance(60)
        part = bench.run(f"g{game}", scope=Scope(games=(game_id(game),)))
        assert (part.status, set((part.verdict or {})["failed"])) == (Status.REJECTED, expected)
    assert bench.warehouse.predictions(DAY) == before
    assert {alert["type"] for alert in bench.queue.of(ALERT_TOPIC)} == {"batch_rejected"}


@pytest.mark.parametrize("kind", ["lines", "tier", "quality", "moves", "both prices", "bookmakers"])
@pytest.mark.parametrize("players", [1, 2])
def test_news_of_a_pair_of_players_is_promoted(kind: str, players: int) -> None:
    """In a batch for a whole game, and in one for these players alone, which says that it is judged by the date."""
    change, _ = COLLAPSES[kind]
    priced = on_lines(over_price=-110, under_price=-110)
    bench = Bench([priced(e) for e in league()])
    bench.run()
    bench.slate([change(priced(e)) if n < players else priced(e) for n, e in enumerate(league())])
    names = tuple(e.player_lookup for e in league()[:players])
    for scope in (Scope(players=names), Scope(games=(game_id(0),))):
        batch = bench.run(f"news{scope}", scope=scope)
        assert batch.status is Status.PROMOTED
        unseen = {each["name"]: each["why"] for each in (batch.verdict or {})["not_looked_at"]}
        assert ("fewer than 8" in unseen.get("lined_drop", "")) == (scope.players is not None)


def of_part(renewed: int, lost: int, number: int = 96) -> Verdict:
    """A batch that renews some of the date's players, of whom some lose their line."""
    names = everybody(number)
    after = [made(p, LINELESS) if n < lost else made(p) for n, p in enumerate(names[:renewed])]
    return verdict_of([held(p) for p in names], after, scope=Scope(players=tuple(names[:renewed])))


@pytest.mark.parametrize(
    ("renewed", "lost", "failed"),
    [
        (8, 2, []),
        (8, 3, ["lined_drop"]),
        (12, 3, []),
        (12, 4, ["lined_drop"]),
        (12, 12, ["lined_drop", "lines_lost"]),
        (7, 7, []),
        (95, 29, ["lined_drop"]),
        (96, 28, []),
    ],
)
def test_the_renewed_are_judged_alone_from_eight_on(renewed: int, lost: int, failed: list[str]) -> None:
    verdict = of_part(renewed, lost)
    assert verdict.failed == failed
    found = verdict.findings["lined_drop"]
    assert found.not_looked_at == (FEW.format(f"{renewed} players") if renewed < 8 else None)
    assert found.value == round(100 * lost / (96 if renewed < 8 else renewed), 2)


def test_a_part_of_unknown_tiers_is_not_looked_at() -> None:
    names = everybody(40)
    before = [held(p, tier=None if n < 10 else "GOLD") for n, p in enumerate(names)]
    verdict = verdict_of(before, [made(p, tier="BRONZE") for p in names[:10]], scope=Scope(players=tuple(names[:10])))
    assert verdict.findings["tier_drop"].not_looked_at == "the tiers of the current rows are not on record"


@pytest.mark.parametrize(("asked", "lost", "fails"), [(12, 2, False), (12, 3, True), (8, 8, True), (7, 7, False)])
def test_history_lost_is_judged_by_the_players_asked(asked: int, lost: int, fails: bool) -> None:  # noqa: FBT001
    names = everybody(96)
    without = [Outcome(p, "g1", OutcomeKind.SKIPPED, reason="no_history") for p in names[:lost]]
    outcomes = [*without, *(made(p) for p in names[lost:asked])]
    part = Scope(players=tuple(names[:asked]))
    verdict = verdict_of([held(p) for p in names], outcomes, scope=part)
    assert ("history_lost" in verdict.failed) == fails


@pytest.mark.parametrize(("renewed", "lost", "fails"), [(12, 2, False), (12, 3, True), (7, 7, False)])
def test_systems_lost_is_judged_by_the_renewed(renewed: int, lost: int, fails: bool) -> None:  # noqa: FBT001
    both = ("steady", "bold")
    names = everybody(96)
    problems = {"bold": "no_history"}
    after = [made(p, problems=problems) if n < lost else made(p, systems=both) for n, p in enumerate(names[:renewed])]
    verdict = verdict_of([held(p, systems=both) for p in names], after, systems=both)
    assert ("systems_lost" in verdict.failed) == fails


def test_rows_of_the_predecessor_have_no_known_price() -> None:
    names = everybody(10)
    before = [[replace(row, batch_id=None, filter_reason="low_edge") for row in held(p)] for p in names]
    unpriced = [
        replace(o, predictions=tuple(replace(p, filter_reason="no_price", is_fallback=True) for p in o.predictions))
        for o in map(made, names)
    ]
    verdict = verdict_of(before, unpriced)
    assert verdict.failed == []
    assert verdict.findings["prices_lost"].not_looked_at == "no current line has a price on record"
    assert verdict.findings["books_lost"].not_looked_at == "no current line is on record as a bookmaker's"


@pytest.mark.parametrize(
    ("field", "check"), [({"filter_reason": "no_price"}, "prices_lost"), ({"is_fallback": True}, "books_lost")]
)
@pytest.mark.parametrize(
    ("had", "lost", "fails"), [(40, 12, False), (40, 13, True), (6, 3, True), (6, 2, False), (2, 2, False)]
)
def test_lines_that_lose_price_or_book_are_refused(
    field: dict[str, Any],
    check: str,
    had: int,
    lost: int,
    fails: bool,  # noqa: FBT001
) -> None:
    """The share is that of the players who had it: where few had, few are many."""
    names = everybody(40)
    without = {"filter_reason": "no_price", "is_fallback": True}
    before = [
        [replace(row, **({"is_fallback": False} if n < had else without)) for row in held(p)]
        for n, p in enumerate(names)
    ]
    after = [
        replace(o, predictions=tuple(replace(p, **field) for p in o.predictions)) if n < lost or n >= had else o
        for n, o in enumerate(map(made, names))
    ]
    verdict = verdict_of(before, after)
    assert verdict.failed == ([check] if fails else [])
    assert verdict.findings[check].value == round(100 * lost / had, 2)


LOOSE = {
    "withdrawn_pct": (99, 60),
    "slate_drop_pct": (98, 60),
    "excluded_pct": (97.5, 60),
    "out_pct": (99.9, 60),
    "history_lost_pct": (99, 60),
    "systems_lost_pct": (99.99, 60),
    "lined_drop_pct": (99, 60),
    "lines_lost_pct": (99, 60),
    "prices_lost_pct": (99, 60),
    "books_lost_pct": (99, 60),
    "tier_drop_pct": (99, 60),
    "quality_drop_pct": (95, 60),
    "history_drop_pct": (99, 60),
    "rows_drop_pct": (99, 60),
    "coverage_pct": (1e-9, 60),
    "game_coverage_pct": (0.5, 60),
    "system_share_pct": (1, 60),
    "system_spread_pct": (0.001, 60),
    "games_gone": (3, 2),
    "uneven_games": (3, 2),
    "line_shift": (80, 15),
    "mean_shift": (99, 15),
}


@pytest.mark.parametrize("setting", LOOSE)
def test_a_limit_that_lets_anything_pass_is_told(setting: str) -> None:
    both = ("steady", "bold")
    points = {p: 20.0 + n for n, p in enumerate(everybody(40))}
    games = {p: f"g{n % 3}" for n, p in enumerate(points)}
    before = [
        [replace(row, points=points[p], quality=90.0, history_games=9, is_fallback=False) for row in rows]
        for p in points
        for rows in [held(p, systems=both, game=games[p])]
    ]
    after = [
        replace(o, predictions=tuple(replace(row, points=points[p]) for row in o.predictions))
        for p in points
        for o in [made(p, systems=both, game=games[p])]
    ]
    for limit, loose in zip(LOOSE[setting], (True, False), strict=True):
        thresholds = {**limits(), setting: limit}
        verdict = verdict_of(before, after, systems=both, thresholds=thresholds, slate_before=40)
        assert verdict.failed == []
        unseen = {each["name"]: each["why"] for each in verdict.as_record()["not_looked_at"]}
        expected = [f"its limit {setting} is {limit:g}, which is as good as off"] if loose else []
        assert [why.partition(":")[0] for why in unseen.values()] == expected


def test_a_loose_limit_is_told_and_still_fails() -> None:
    """Only a limit that is off makes a check pass."""
    three = SlateShape(9, tuple(GameShape(f"g{n}", ("BOS",), 3) for n in range(3)))
    outcomes = [made(p, game=f"g{n % 3}") for n, p in enumerate(everybody(9))]
    seen = Evidence(outcomes, ("steady",), [], {**limits(), "uneven_games": 2}, 9, 9, fresh=outcomes, slate=three)
    assert judge(seen).failed == ["two_teams"]
    failed = [Outcome(p, "g1", OutcomeKind.FAILED, reason="no_features") for p in everybody(9)]
    none = Evidence(failed, ("steady",), [], {**limits(), "coverage_pct": 1e-9}, 0, 0, slate=three)
    assert {"coverage", "minimum_produced"} <= set(judge(none).failed)
