"""What a history reaches back to, and what it does not know."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from regen.data.csvs import DataFolder
from regen.data.parse import season_of as season_of_a_folder
from regen.data.played_days import played_days
from regen.domain.values import replace
from regen.features.context import Fixture
from regen.features.history import History
from regen.features.inputs import player_inputs
from regen.features.records import GameLog
from regen.features.window import season_of, window_from
from support.season_factory import season

YEARS = (2023, 2024, 2025)
UNKNOWN_WITHOUT_TURNOVERS = {
    "team_pace", "opponent_pace", "pace_score", "team_off_rating", "opponent_off_rating", "team_def_rating",
    "opponent_def_rating", "expected_margin", "usage_per_minute_ew_6", "usage_per_minute_ew_30", "usage_spike_score",
    "opponent_matchup_box",
}  # fmt: skip


def of_year(year: int) -> DataFolder:
    made = season(days=12, seed=year, first=date(year, 10, 21))
    return replace(made, logs=tuple(replace(log, season=season_of(log.game_date)) for log in made.logs))


def fed(*years: int, zones: bool = True) -> History:
    history = History()
    for year in years:
        for day, logs, shots in played_days(of_year(year)):
            history.feed(day, logs, () if day.day % 2 else shots if zones else ())
            if day.day % 2 and zones:
                history.feed_zones(day, logs, shots)  # they came later
    return history


def asked(history: History, day: date) -> list[object]:
    fixture = Fixture(day, "g", "AAA", "BBB", True, season_of(day))
    return [player_inputs(history, f"aaa{letter}", fixture, with_zones=True) for letter in "abc"]


@pytest.mark.parametrize("day", [date(2025, 12, 1), date(2026, 8, 1), date(2026, 10, 20)])
def test_many_years_and_the_window_say_the_same(day: date) -> None:
    window = [year for year in YEARS if date(year, 10, 21) >= window_from(day)]
    assert asked(fed(*YEARS), day) == asked(fed(*window), day)
    assert asked(fed(*YEARS), day) != asked(fed(2025, zones=False), day)


def test_a_season_begins_in_august_for_files_and_tables_alike() -> None:
    for day in (date(2025, 7, 31), date(2025, 8, 1), date(2099, 12, 31), date(2000, 1, 1)):
        assert season_of(day) == season_of_a_folder(day)
    assert window_from(date(2026, 1, 20)) == date(2024, 8, 1)
    assert window_from(date(2026, 8, 1)) == date(2025, 8, 1)


def test_a_copy_goes_on_apart() -> None:
    history = fed(2024)
    copy = history.copy()
    before = asked(history, date(2025, 3, 1))
    for day, logs, shots in played_days(of_year(2025)):
        copy.feed(day, logs, shots)
    assert asked(history, date(2025, 3, 1)) == before
    assert asked(copy, date(2025, 12, 1)) == asked(fed_whole(2024, 2025), date(2025, 12, 1))


def fed_whole(first: int, second: int) -> History:
    history = fed(first)
    for day, logs, shots in played_days(of_year(second)):
        history.feed(day, logs, shots)
    return history


def without(log: GameLog) -> GameLog:
    return replace(log, turnovers=None)


def test_missing_turnovers_are_unknown_and_not_none_at_all() -> None:
    history = History()
    logs = of_year(2025).logs
    for day in sorted({log.game_date for log in logs}):
        history.feed(day, [without(log) for log in logs if log.game_date == day])
    fixture = Fixture(max(log.game_date for log in logs) + timedelta(days=2), "g", "AAA", "BBB", True, "2025-26")
    made = player_inputs(history, "aaaa", fixture)
    assert {name for name in UNKNOWN_WITHOUT_TURNOVERS if made.features[name] is None} == UNKNOWN_WITHOUT_TURNOVERS
    assert {game.opponent_def_rating for game in made.recent_games[:3]} == {None}
    assert made.features["fga_per_minute_ew_30"] is not None
    assert made.features["team_win_pct"] is not None


def test_a_player_without_turnovers_leaves_his_game_unrated() -> None:
    known = [log for log in of_year(2025).logs if log.game_date == date(2025, 10, 21)]
    other = next(log for log in known if log.team == "AAA")
    history, whole = History(), History()
    history.feed(other.game_date, [without(log) if log is other else log for log in known])
    whole.feed(other.game_date, known)
    rated = {team for team, state in history.teams.items() if state.attack.weight}
    assert rated == {team for team, state in whole.teams.items() if state.attack.weight} - {other.team, other.opponent}
