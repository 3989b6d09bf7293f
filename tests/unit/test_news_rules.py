"""The rules of the news watch: what is news, how long a flapping state waits, how often a scan is due."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from regen.domain.news import Standing, find_news
from regen.domain.news_deciding import Watched, decide, pause_of
from regen.domain.news_rhythm import Rhythm, is_due
from support.league import DAY, TIP_OFF


def test_pauses_grow_to_a_quarter_of_an_hour() -> None:
    assert [pause_of(n).total_seconds() / 60 for n in range(1, 9)] == [0, 1, 2, 4, 8, 15, 15, 15]


def test_news_is_looked_for_often_before_tip_off_only() -> None:
    rhythm = Rhythm(6, 300, 3600)
    noon = TIP_OFF.replace(hour=12) - timedelta(days=1)

    def scans(start: Any, minutes: int) -> int:
        last, count = start - timedelta(minutes=1), 0
        for minute in range(minutes):
            now = start + timedelta(minutes=minute, milliseconds=(minute * 7) % 900)
            if is_due(rhythm, now, last, [TIP_OFF]):
                last, count = now, count + 1
        return count

    assert scans(noon, 120) == 2
    assert scans(TIP_OFF - timedelta(hours=6), 360) == 72
    assert is_due(rhythm, noon, None, [])


def standing(player: str, **more: Any) -> Standing:
    return Standing(DAY, "g", "NYK", player, TIP_OFF, **{"status": "available", "predicted": True, **more})


@pytest.mark.parametrize(
    ("what", "kinds"),
    [
        ({"status": "OUT "}, ["ruled_out"]),
        ({"status": "out", "line_was": 10.5, "line_now": 20.5}, ["ruled_out"]),
        ({"called_off": True, "status": "out"}, ["called_off"]),
        ({"status": "questionable", "rested_status": "questionable"}, []),
        ({"rested_status": "questionable"}, ["status"]),
        ({"rested_status": None}, []),
        ({"line_was": 20.5, "line_now": 21.5}, ["line_moved"]),
        ({"line_was": 20.5, "line_now": 21.0}, []),
        ({"line_now": 21.0}, ["line_appeared"]),
        ({"line_was": 21.0}, []),
        ({"predicted": False, "withdrawn": "rollback", "avg_minutes": 30.0}, []),
        ({"predicted": False, "requested": True, "avg_minutes": 30.0}, []),
        ({"predicted": False, "avg_minutes": 30.0, "status": "doubtful"}, []),
        ({"predicted": False, "avg_minutes": 14.0}, []),
        ({"predicted": False, "avg_minutes": 15.0}, ["returned"]),
        ({"predicted": False, "has_line": True}, ["line_appeared"]),
        ({"predicted": False, "withdrawn": "postponed"}, ["reinstated"]),
    ],
)
def test_each_difference_is_news_of_its_kind(what: dict[str, Any], kinds: list[str]) -> None:
    game = [standing("anton", **what), standing("bela")]
    now = TIP_OFF - timedelta(hours=5)
    found = find_news(game, now, line_move=1.0, min_minutes=15.0)
    assert [news.kind for news in found] == kinds


def test_news_is_settled_by_rows_made_since_it_was_asked_for() -> None:
    (news,) = find_news([standing("anton", line_now=9.5)], TIP_OFF, line_move=1.0, min_minutes=15.0)
    asked = Watched("anton", "line", "line 9.5", 1, 1, TIP_OFF - timedelta(hours=2))
    later = TIP_OFF - timedelta(hours=1)
    assert decide(news, asked, asked.at + timedelta(seconds=5), later).act == "settled"
    assert decide(news, asked, asked.at - timedelta(seconds=5), later).act == "regenerate"
