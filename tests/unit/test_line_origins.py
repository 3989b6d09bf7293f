"""Where a row's line is from, what it was worth, and what a date says whose lines are the slate's own."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from regen.adapters.bigquery import slate
from regen.domain.checks import judge
from regen.domain.inputs import Line
from regen.domain.lines import price_edge
from regen.domain.outcome import Outcome
from regen.domain.recommendation import Judgement, Recommendation, interval80
from regen.domain.values import replace
from support.bench import Bench
from support.league import DAY, TIP_OFF, entry, names
from support.upstream_tables import feature_row
from unit.test_checks_slate import evidence, produced

SEEN = TIP_OFF - timedelta(hours=12, minutes=35)


def test_a_line_of_the_slate_is_a_fallback_and_an_offer_is_none() -> None:
    context = {
        "player_lookup": "a", "game_id": "g", "team_abbr": "NYK", "opponent_team_abbr": "BOS", "home_game": True,
        "created_at": "2026-01-20T10:00:00Z",
    }  # fmt: skip
    named = {
        "value": 22.5,
        "bookmaker": "fanduel",
        "is_fallback": True,
        "source": "upcoming_player_game_context",
        "rank": 9,
    }
    offer = {
        "value": 21.5,
        "bookmaker": "draftkings",
        "over_price": -110,
        "under_price": -110,
        "source": "x",
        "rank": 2,
    }
    found = []
    for offers in (json.dumps([named]), json.dumps([offer, named])):
        row = {
            "player_lookup": "a", "context": json.dumps(context), "features": json.dumps(feature_row("a", "g")),
            "lines": offers, "games": None,
        }  # fmt: skip
        (one,) = slate.reading(DAY, [row]).entries
        assert one.inputs is not None, one.problem
        found.append(one.inputs.lines)
    assert found == [
        (Line(22.5, "fanduel", is_fallback=True, source="upcoming_player_game_context", rank=9),),
        (Line(21.5, "draftkings", -110, -110, source="x", rank=2),),
    ]


def test_a_row_says_where_its_line_is_from_and_how_old() -> None:
    offered, named = entry("playera"), entry("playerb")
    assert offered.inputs is not None
    assert named.inputs is not None
    seen = replace(
        offered, inputs=replace(offered.inputs, lines=(Line(11.5, "draftkings", -110, -110, SEEN),), game_start=TIP_OFF)
    )
    upstreams = replace(
        entry("playerd"),
        inputs=replace(
            offered.inputs,
            player_lookup="playerd",
            lines=(Line(11.5, "betmgm", -110, -110, source="ODDS_API", rank=4),),
        ),
    )
    own = replace(named, inputs=replace(named.inputs, lines=(Line(11.5, "unknown", is_fallback=True),)))
    bench = Bench([seen, own, entry("playerc", lines=()), upstreams])
    assert bench.run().status == "promoted"
    rows = {r["player_lookup"]: r for r in bench.warehouse.predictions(DAY) if r["system_id"] == "steady"}
    told = {
        player: tuple(row.get(c) for c in ("line_source_api", "was_line_fallback", "line_minutes_before_game"))
        for player, row in rows.items()
    }
    assert told == {
        "playera": ("player_prop_lines", False, 755),
        "playerb": ("upcoming_player_game_context", True, None),
        "playerc": (None, None, None),
        "playerd": ("ODDS_API", False, None),
    }
    assert rows["playera"]["edge"] > 0
    assert (rows["playerb"].get("edge"), rows["playerc"].get("edge")) == (None, None)
    assert all(r["interval80_low"] < r["predicted_points"] < r["interval80_high"] for r in rows.values())


def test_the_origin_of_a_line_does_not_change_the_inputs_hash() -> None:
    inputs = entry("playera").inputs
    assert inputs is not None
    other = replace(inputs, lines=tuple(replace(line, is_fallback=True) for line in inputs.lines))
    assert other.inputs_hash() == inputs.inputs_hash()


@pytest.mark.parametrize(
    ("side", "prices", "edge"),
    [
        (Recommendation.OVER, (-110, -110), 0.6 / 0.9 - 110 / 210),
        (Recommendation.UNDER, (-150, 130), 0.3 / 0.9 - 100 / 230),
        (Recommendation.OVER, (None, -110), None),
        (Recommendation.OVER, (50, -110), None),
        (Recommendation.PASS, (-110, -110), None),
    ],
)
def test_the_edge_is_over_the_price_of_the_side(
    side: Recommendation, prices: tuple[int | None, int | None], edge: float | None
) -> None:
    found = price_edge(Judgement(side, 25.0, 60.0, 1.0, over=0.6, push=0.1), Line(24.0, "x", *prices))
    assert found == (None if edge is None else pytest.approx(edge, abs=1e-4))


def test_the_interval_holds_four_of_five() -> None:
    low, high = interval80(20.0, 6.0)
    assert 12 < low < 13
    assert 28 < high < 29
    assert interval80(0.2, 3.0)[0] == 0.0


@pytest.mark.parametrize(("fallen", "passes"), [(0, True), (2, True), (3, False)])
def test_a_date_whose_lines_are_the_slates_own_says_so(fallen: int, passes: bool) -> None:  # noqa: FBT001
    def of(player: str, *, own: bool) -> Outcome:
        made = produced(player)
        return replace(made, predictions=tuple(replace(p, is_fallback=own) for p in made.predictions))

    outcomes = [of(player, own=n < fallen) for n, player in enumerate(names(10))]
    verdict = judge(evidence(names(10), names(10), outcomes=outcomes, fresh=outcomes))
    (found,) = [c for c in verdict.as_record()["checks"] if c["name"] == "fallback_lines"]
    assert (found["passed"], found["severity"], found["value"]) == (passes, "warn", 10.0 * fallen)
    assert found["concerns"] == names(10)[:fallen]
    assert verdict.failed == []


def test_placeholders_and_averages_are_counted_in_the_verdict() -> None:
    outcomes = [produced(player) for player in names(10)]
    odd = ("line_placeholder:draftkings:20.0", "line_average:consensus:19.5", "line_stale:fanduel:18.5")
    for n in (0, 1):
        rows = tuple(replace(p, warnings=odd[n:]) for p in outcomes[n].predictions)
        outcomes[n] = replace(outcomes[n], predictions=rows)
    verdict = judge(evidence(names(10), names(10), outcomes=outcomes, fresh=outcomes))
    (found,) = [c for c in verdict.as_record()["checks"] if c["name"] == "hollow_lines"]
    assert (found["passed"], found["severity"], found["value"]) == (False, "warn", 20.0)
    one, two = names(10)[:2]
    assert found["concerns"] == [
        f"{one}:average:consensus:19.5", f"{one}:placeholder:draftkings:20.0", f"{two}:average:consensus:19.5",
    ]  # fmt: skip


def test_features_say_when_they_were_built() -> None:
    built = datetime(2026, 1, 20, 9, tzinfo=UTC)
    one = entry("playera")
    assert one.inputs is not None
    bench = Bench(
        [replace(one, inputs=replace(one.inputs, features_built_at=built)), entry("playerb"), entry("playerc")]
    )
    bench.run()
    rows = [row for row in bench.warehouse.predictions(DAY) if row["player_lookup"] == "playera"]
    assert {str(row["features_built_at"]) for row in rows} == {built.isoformat()}
