"""Checks that hold a promotion to the slate and to what is current: half a slate has a coverage of 100 %."""

from typing import Any

import pytest

from regen.domain.batch import Status
from regen.domain.checks import CHECKS, Evidence, Verdict, judge
from regen.domain.outcome import Outcome, OutcomeKind, Prediction, Provenance
from regen.domain.promotion import CurrentPrediction
from regen.domain.scope import Scope
from regen.domain.slate import Exclusion, GameShape, SlateShape, shape_of
from regen.domain.slate_reading import SlateEntry
from regen.domain.values import replace
from regen.services.batch import orders
from regen.services.state.deps import ALERT_TOPIC
from regen.settings import limits
from support.bench import Bench
from support.league import DAY, SYSTEMS, entry, names

GAMES = ("g1", "g2", "g3")


def current(player: str, game: str = "g1", system: str = "steady", line: float | None = 19.5) -> CurrentPrediction:
    return CurrentPrediction(f"{player}{system}{line}", "b", player, game, system, line, 20.0, "OVER", "GOLD", None)


def produced(player: str, game: str = "g1", systems: tuple[str, ...] = ("steady",)) -> Outcome:
    rows = tuple(Prediction(f"new{player}{s}", s, "1", 20.0, 5.0, 50.0, "OVER", 19.5) for s in systems)
    provenance = Provenance("h", "v1", "f", 90.0, 10, "GOLD", None, "available", 9)
    return Outcome(player, game, OutcomeKind.PRODUCED, predictions=rows, provenance=provenance)


def evidence(before: list[str], now: list[str], **more: Any) -> Evidence:
    outcomes = [produced(p) for p in now]
    fields: dict[str, Any] = {
        "outcomes": outcomes,
        "fresh": outcomes,
        "systems": ("steady",),
        "current": [current(p) for p in before],
        "thresholds": limits(),
        "staged_rows": len(now),
        "expected_rows": len(now),
        "slate": SlateShape(len(now), (GameShape("g1", ("BOS", "NYK"), len(now)),)),
    }
    return Evidence(**{**fields, **more})


def unseen(verdict: Verdict) -> dict[str, str]:
    return {each["name"]: each["why"] for each in verdict.as_record()["not_looked_at"]}


@pytest.mark.parametrize(
    ("before", "left", "fails"),
    [(10, 8, False), (10, 7, True), (15, 12, False), (14, 11, True), (4, 2, False), (3, 0, True)],
)
def test_too_many_withdrawn_players_are_refused(before: int, left: int, fails: bool) -> None:  # noqa: FBT001
    everybody = [f"p{n}" for n in range(before)]
    verdict = judge(evidence(everybody, [*everybody[:left], *(f"new{n}" for n in range(10))]))
    assert ("withdrawn_players" in verdict.failed) == fails
    assert verdict.findings["withdrawn_players"].value == round(100 * (before - left) / before, 2)
    assert verdict.as_record()["withdrawals"] == {"not_on_slate": {"players": before - left, "rows": before - left}}


def test_players_who_are_out_do_not_count_as_withdrawn() -> None:
    everybody = [f"p{n}" for n in range(10)]
    out = [Exclusion(p, "out", "g1") for p in everybody[:3]]
    late = [Outcome(everybody[3], "g1", OutcomeKind.SKIPPED, reason="out")]
    made = [produced(p) for p in everybody[4:]]
    verdict = judge(evidence(everybody, [], outcomes=[*late, *made], fresh=[*late, *made], excluded=out))
    assert "withdrawn_players" not in verdict.failed
    assert verdict.as_record()["withdrawals"] == {"out": {"players": 4, "rows": 4}}


def test_missing_game_is_refused_on_a_date_of_any_size() -> None:
    small = [current(f"s{n}", "g2") for n in range(3)]
    large = [f"p{n}" for n in range(40)]
    verdict = judge(evidence([], large, current=[*(current(p) for p in large), *small]))
    assert verdict.failed == ["games_gone"]
    assert verdict.findings["games_gone"].concerns == ["g2"]
    two = judge(evidence([], large, current=[*(current(p) for p in large), *small[:2]]))
    assert two.failed == []


def test_changed_game_ids_are_refused() -> None:
    everybody = [f"p{n}" for n in range(10)]
    renamed = SlateShape(10, (GameShape("other", ("BOS", "NYK"), 10),))
    made = [produced(p, "other") for p in everybody]
    verdict = judge(evidence(everybody, [], outcomes=made, fresh=made, slate=renamed))
    assert verdict.failed == ["games_gone"]
    assert verdict.as_record()["withdrawals"] == {}


@pytest.mark.parametrize(("before", "fails"), [(None, False), (10, False), (12, False), (13, True), (100, True)])
def test_a_slate_smaller_than_the_promoted_one_is_refused(before: int | None, fails: bool) -> None:  # noqa: FBT001
    verdict = judge(evidence([], [f"p{n}" for n in range(10)], slate_before=before))
    assert ("slate_size" in verdict.failed) == fails
    assert ("slate_size" in unseen(verdict)) == (before is None)


@pytest.mark.parametrize(
    ("teams", "fails"), [(("BOS", "NYK"), False), (("BOS",), True), ((), True), (("BOS", "LAL", "NYK"), True)]
)
def test_a_game_without_exactly_two_teams_is_refused(teams: tuple[str, ...], fails: bool) -> None:  # noqa: FBT001
    shape = SlateShape(4, (GameShape("g1", teams, 2), GameShape("g2", ("DEN", "UTA"), 2)))
    verdict = judge(evidence([], ["p1", "p2", "p3", "p4"], slate=shape))
    assert ("two_teams" in verdict.failed) == fails


def test_filtered_batch_is_checked_for_its_own_teams_only() -> None:
    shape = SlateShape(4, (GameShape("g1", ("BOS", "NYK"), 2), GameShape("g2", ("DEN",), 2)))
    fine = judge(evidence(["p1"], ["p1"], slate=shape, scope=Scope(players=("p1",))))
    assert fine.failed == []
    made = [produced("p9", "g2")]
    half = judge(evidence([], [], outcomes=made, fresh=made, slate=shape, scope=Scope(games=("g2",))))
    assert half.failed == ["two_teams"]


def test_slate_shape_counts_each_player_once() -> None:
    rows = [entry("ann", game="g1"), entry("bea", game="g1"), entry("carl", game="", status="out")]
    assert shape_of([*rows, replace(rows[0])]) == SlateShape(3, (GameShape("g1", ("BOS", "NYK"), 2),))


def game_of(sides: list[tuple[str, str, int]]) -> list[SlateEntry]:
    """A game by its teams, their opponents and numbers of players."""
    return [
        replace(entry(f"p{side}{n}", game="g1"), team=team, opponent=opponent)
        for side, (team, opponent, number) in enumerate(sides)
        for n in range(number)
    ]


@pytest.mark.parametrize(
    ("sides", "teams"),
    [
        ([("BOS", "NYK", 8), ("NYK", "BOS", 1)], ("BOS",)),
        ([("BOS", "NYK", 7), ("NYK", "BOS", 1)], ("BOS",)),
        ([("BOS", "NYK", 14), ("NYK", "BOS", 2)], ("BOS",)),
        ([("BOS", "NYK", 13), ("NYK", "BOS", 2)], ("BOS", "NYK")),
        ([("BOS", "NYK", 21), ("NYK", "BOS", 3)], ("BOS", "NYK")),
        ([("BOS", "NYK", 6), ("NYK", "BOS", 1)], ("BOS", "NYK")),
        ([("BOS", "NYK", 1), ("NYK", "BOS", 1)], ("BOS", "NYK")),
        ([("BOS", "NYK", 5), ("bos", "NYK", 3)], ("BOS",)),
        ([("BOS ", "NYK", 3), ("BOS", "NYK", 5)], ("BOS",)),
        ([("BOS", "NYK", 8), ("NYK", "BOS", 5), ("Nyk", " bos", 3)], ("BOS", "NYK")),
        ([("BOS", "NYK", 8), ("NYK", "BOS", 8), ("LAL", "BOS", 1)], ("BOS", "NYK")),
        ([("BOS", "NYK", 8), ("NYK", "BOS", 8), ("LAL", "BOS", 2)], ("BOS", "LAL", "NYK")),
        ([("BOS", "LAL", 8), ("NYK", "BOS", 8)], ("BOS", "NYK")),
        ([("BOS", "LAL", 2), ("BOS", "NYK", 6), ("NYK", "BOS", 8)], ("BOS", "NYK")),
        ([("BOS", "", 8), ("NYK", "", 8)], ("BOS", "NYK")),
        ([("BOS", "NYK", 8)], ("BOS",)),
        ([("", "NYK", 8)], ()),
        ([("BOS", "NYK", 8), ("NYK", "BOS", 1), ("LAL", "BOS", 1)], ("BOS",)),
    ],
)
def test_two_teams_of_a_game_are_two_whole_ones(sides: list[tuple[str, str, int]], teams: tuple[str, ...]) -> None:
    (game,) = shape_of(game_of(sides)).games
    assert game.teams == teams
    stray = game_of([("NYK", "BOS", 1)])
    (same,) = shape_of([*game_of([("BOS", "NYK", 8)]), *(replace(e, player_lookup="z") for e in stray * 4)]).games
    assert same.teams == ("BOS",), "rows that are there several times are one player"


def test_a_team_but_for_a_stray_is_refused_at_any_time() -> None:
    whole = both_teams(night(3, 16))
    gone = [e.player_lookup for e in whole if e.game_id == "g3" and e.team == "NYK"][1:]
    half = [e for e in whole if e.player_lookup not in gone]
    assert (Bench(half).run().verdict or {})["failed"] == ["two_teams"]
    bench = Bench(whole)
    assert bench.run().status is Status.PROMOTED
    before = bench.warehouse.predictions(DAY)
    bench.slate(half)
    assert (bench.run("t2").verdict or {})["failed"] == ["two_teams"]
    assert bench.warehouse.predictions(DAY) == before


def test_players_with_retired_systems_only_are_in_no_baseline() -> None:
    live, retired = [f"p{n}" for n in range(10)], [current(f"r{n}", system="retired") for n in range(5)]
    assert judge(evidence([], live, current=[*map(current, live), *retired])).failed == []
    everything = judge(evidence([], live[:5], current=[*retired, *(current(p, system="older") for p in live)]))
    assert "withdrawn_players" in everything.failed, "a change of every system's name must not hide the loss"


def test_disabled_check_is_reported_as_off() -> None:
    everybody = [f"p{n}" for n in range(10)]
    at_off = {c.setting: c.off for c in CHECKS if c.off is not None}
    off = judge(evidence(everybody, everybody[:2], thresholds={**limits(), **at_off}, slate_before=100))
    assert off.failed == []
    told = unseen(off)
    assert {c.name for c in CHECKS if c.off is not None} <= told.keys()
    assert all("off" in told[name] for name in ("withdrawn_players", "slate_size", "coverage"))
    assert off.findings["withdrawn_players"].value == 80.0


def test_first_run_reports_checks_without_a_baseline() -> None:
    told = unseen(judge(evidence([], ["p1", "p2"])))
    assert {"withdrawn_players", "games_gone", "slate_size", "mean_shift"} <= told.keys()


def night(games: int, of_each: int = 6) -> list[SlateEntry]:
    """A slate of several games, with both teams in each."""
    return [
        entry(f"{name}{chr(ord('a') + game)}", game=GAMES[game], form=12.0 + n, lines=(11.5 + n,))
        for game in range(games)
        for n, name in enumerate(names(of_each))
    ]


def both_teams(slate: list[SlateEntry]) -> list[SlateEntry]:
    """The name's last letter is the game's here: teams by the letter before."""
    sides = (("BOS", "NYK"), ("NYK", "BOS"))
    mine = [(e, sides[ord(e.player_lookup[-2]) % 2]) for e in slate]
    return [replace(e, team=team, opponent=opponent) for e, (team, opponent) in mine]


def test_slate_with_one_of_three_games_is_rejected_with_an_alert() -> None:
    bench = Bench(both_teams(night(3)))
    assert bench.run().status is Status.PROMOTED
    before = bench.warehouse.predictions(DAY)
    bench.slate(both_teams(night(1)))
    half = bench.run("t2")
    assert half.status is Status.REJECTED
    assert half.verdict is not None
    assert half.verdict["failed"] == ["withdrawn_players", "games_gone", "slate_size"]
    assert half.verdict["withdrawals"] == {"not_on_slate": {"players": 12, "rows": 24}}
    assert bench.warehouse.predictions(DAY) == before
    (told,) = bench.queue.of(ALERT_TOPIC)
    assert (told["type"], told["withdrawals"]) == ("batch_rejected", {"not_on_slate": {"players": 12, "rows": 24}})
    (audit,) = bench.audited("rejected")
    assert audit.verdict["withdrawals"]["not_on_slate"]["rows"] == 24
    bench.slate(both_teams(night(3)))
    assert bench.run("t3").status is Status.PROMOTED, "the slate that was refused is no baseline"


def test_games_with_one_team_are_refused_on_a_first_run() -> None:
    bench = Bench([e for e in both_teams(night(3)) if e.team == "BOS"])
    first = bench.run()
    assert (first.verdict or {})["failed"] == ["two_teams"]
    assert bench.current() == set()


def test_cancelled_game_can_be_promoted_by_check_name() -> None:
    bench = Bench(both_teams(night(3)))
    bench.run()
    bench.slate(both_teams(night(2)))
    refused = bench.run("t2")
    checks = ["withdrawn_players", "games_gone", "slate_size"]
    assert (refused.verdict or {})["failed"] == checks
    orders.promote(bench.deps, bench.order(refused, "game postponed"), checks)
    bench.drain()
    done = bench.batch(refused.batch_id)
    assert (done.status, done.counts.withdrawn) == (Status.PROMOTED, 6 * len(SYSTEMS))
    told = bench.queue.of(ALERT_TOPIC)[-1]
    assert (told["type"], told["why"]) == (
        "predictions_withdrawn",
        "withdrawn without a replacement: 6 players (12 rows) not_on_slate",
    )
    assert bench.audited("promoted")[-1].verdict["accepted"] == sorted(checks)


def test_late_scratch_and_a_trade_are_promoted() -> None:
    bench = Bench(both_teams(night(3)))
    bench.run()
    scratched = [
        replace(e, status="out") if e.player_lookup in {"playeraa", "playerbb"} else e for e in both_teams(night(3))
    ]
    bench.slate(scratched[1:])
    second = bench.run("t2")
    assert second.status is Status.PROMOTED
    assert (second.verdict or {})["withdrawals"] == {
        "not_on_slate": {"players": 1, "rows": 2},
        "out": {"players": 1, "rows": 2},
    }
