"""The demo's second act: whose game it is, what is known when, and what must have come of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec import convert

from regen import league
from regen.api.news import NewsScan
from regen.client.moves import Move, of_rows
from regen.data.csvs import DataFolder
from regen.data.gamedays import slate_days
from regen.data.slates import RosteredSlate
from regen.demo.act import Act, Seen, judged
from regen.demo.evening import AHEAD, Evening, evening_of
from regen.domain.slate import UNAVAILABLE
from support.fake_coordinator import whole


@pytest.fixture(scope="module")
def data() -> DataFolder:
    return league.as_data(league.generate())


@pytest.fixture(scope="module")
def evening(data: DataFolder) -> Evening:
    found = evening_of(data, league.EVENING)
    assert found is not None
    return found


def slate(data: DataFolder) -> RosteredSlate:
    return next(
        day.slate for day in slate_days(data, league.EVENING, {league.EVENING}) if day.game_date == league.EVENING
    )


def test_the_star_is_on_no_report_and_does_not_play(data: DataFolder, evening: Evening) -> None:
    of_day = [row for row in data.injuries if row.game_date == evening.day and row.player_lookup == evening.star]
    assert not [row for row in of_day if row.status in UNAVAILABLE]
    assert not [log for log in data.logs if (log.game_date, log.player_lookup) == (evening.day, evening.star)]
    assert evening.line > 20


def test_the_demo_lives_ninety_minutes_before_tip_off(evening: Evening) -> None:
    assert datetime.fromisoformat(league.DEMO_CLOCK_START) == evening.start - AHEAD
    assert max(league.DEMO_PLAYERS) < evening.day, "the dates of the first act are over"


def test_before_tip_off_nothing_of_the_game_is_known(evening: Evening) -> None:
    known = evening.before
    assert max(log.game_date for log in known.logs) < evening.day
    assert max(row.game_date for row in known.zones) < evening.day
    own = [line for line in known.lines if line.game_date == evening.day]
    assert own
    assert all(line.captured_at and line.captured_at < evening.start - AHEAD for line in own)


def test_the_report_takes_the_star_from_the_slate_alone(evening: Evening) -> None:
    before, after = slate(evening.before), slate(evening.after)
    assert {player.team for player in before.players} == {evening.game.home, evening.game.away}
    names = [{player.player_lookup for player in one.requested()} for one in (before, after)]
    assert names[0] - names[1] == {evening.star}
    assert names[1] < names[0]


def row(player: str, new: float | None) -> dict[str, object]:
    sides = {"old_recommendation": "PASS", "new_recommendation": None if new is None else "PASS"}
    return {"player_lookup": player, "system_id": "ensemble_v1", "old_points": 10.0, "new_points": new, **sides}


def act(evening: Evening, rows: list[dict[str, object]], *, status: str = "promoted", lost: int = 0) -> Act:
    at = evening.start - timedelta(minutes=88)
    news = {
        "game_date": evening.day, "game_id": evening.game.game_id, "tip_off": evening.start, "kind": "late_scratch",
        "player_lookup": evening.star, "was": "expected", "state": "out", "act": "regenerate", "why": "expected before",
        "touched": [evening.star, "mate", "other"],
    }  # fmt: skip
    scan = {"status": "scanned", "triggered": [evening.day], "games": 1, "news": [news], "counts": {"regenerate": 1}}
    view = whole(
        batch_id=f"regen_{evening.day}_availability_change_1", game_date=evening.day.isoformat(), status=status,
        created_at=at.isoformat(), ended_at=(at + timedelta(seconds=4)).isoformat(), history=[], outcomes=[], verdict=None,
    )  # fmt: skip
    moved: list[Move] = of_rows(rows)
    return judged(evening, Seen(convert(scan, NewsScan), view, moved, lost, 60), at)


def test_the_act_says_who_moved_and_how_long_it_took(evening: Evening) -> None:
    played = act(evening, [row(evening.star, None), row("other", 10.0), row("mate", 11.2)])
    assert all(statement.holds for statement in played.statements)
    assert [one.player_lookup for one in played.movers] == ["mate", "other"]
    assert "88 minutes before tip-off: withdrawn; 1 of 2 team-mates moved, mate most (+1.20 points), 4.0 s" in (
        played.sentence
    )


@pytest.mark.parametrize(
    ("rows", "status", "lost"),
    [
        (("mate", "other"), "promoted", 0),
        (("star", "mate"), "promoted", 0),
        (("star", "mate", "other", "stranger"), "promoted", 0),
        (("star", "mate", "other"), "rejected", 0),
        (("star", "mate", "other"), "promoted", 1),
    ],
    ids=["not withdrawn", "a mate left out", "a stranger touched", "rejected", "lost"],
)
def test_the_act_fails_when_it_is_not_as_the_news_says(
    evening: Evening, rows: tuple[str, ...], status: str, lost: int
) -> None:
    made = [row(evening.star, None) if name == "star" else row(name, 10.5) for name in rows]
    assert not all(one.holds for one in act(evening, made, status=status, lost=lost).statements)
