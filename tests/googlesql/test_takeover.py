"""The rehearsal without processes, on the predecessor's tables: the commands of `docs/taking-over.md`, typed in its order.

Of the three forms, one has few players: every step, three systems, four of the eight dates, and errors. The evaluator's joins take
the square of the rows, which is why. The two others play all dates with all systems: one every step once,
one the days one by one, with what the predecessor has predicted in each of its ways. tests/acceptance/test_takeover.py plays all of
it in processes, on whole dates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from acceptance import takeover_checks as checks
from acceptance.takeover import SHADOW
from googlesql.takeover import EvaluatedPlatform, InProcess
from regen.data.csvs import DataFolder
from support.predecessors_inputs import Day, box_scores, upstream_days
from support.predecessors_rows import GONE, predicted
from support.season_factory import TEAMS, season, with_whole_games

SHADOWED, REGENERATED, CUT_OVER = 0, 2, 6
"""The numbers of dates: the shadow's; one that the predecessor has predicted twice, and graded; the first that is regen's."""
SERVED = ("moving_average", "zone_matchup_v1", "ensemble_v1")


def rehearsal(home: Path, dates: int) -> InProcess:
    """A season of so many dates; the last eight are rehearsed, with one game each."""
    data = season(days=dates)
    made = _made(home, list(upstream_days(data, _last(data), games=1)))
    _put(made, data, made.days, predicted(made.old))
    return made


def small_rehearsal(home: Path) -> InProcess:
    """Four teams, and a game on each of the dates that a step of the guide looks at; two on the day of the cut-over."""
    data = with_whole_games(season(days=11, absent=0.0, teams=TEAMS[:4]))
    one, two = (list(upstream_days(data, _last(data), games)) for games in (1, 2))
    days = [two[day.number] if day.number == CUT_OVER else day for day in one]
    made = _made(home, days, systems=SERVED, theirs=(*SERVED, *GONE))
    rows = predicted([days[SHADOWED]], ["ensemble_v1"])
    for name, found in predicted([days[REGENERATED]], made.theirs).items():
        rows[name].extend(found)
    _put(made, data, [days[SHADOWED], days[REGENERATED], *made.new], rows)
    return made


def _last(data: DataFolder) -> list[date]:
    return sorted({log.game_date for log in data.logs})[-8:]


def _made(home: Path, days: list[Day], **systems: Sequence[str]) -> InProcess:
    at = datetime.combine(days[-1].game_date + timedelta(days=5), time(17), UTC)
    platform: Any = EvaluatedPlatform()
    return InProcess(local=None, platform=platform, days=days, at=at, home=home, **systems)  # type: ignore[arg-type]


def _put(made: InProcess, data: DataFolder, days: Sequence[Day], left: Mapping[str, list[Any]]) -> None:
    """Fill upstream's tables with some of the days, and the predecessor's with what it has left."""
    rows = {**box_scores(data, made.days[0].game_date - timedelta(days=60), days), **left}
    for day in days:
        for name, found in day.tables().items():
            late = name == "ml_feature_store_v2" and day is made.truncated
            rows.setdefault(name, []).extend([] if late else found)
    made.platform.put(rows)


@pytest.mark.timeout(600)
def test_every_step_is_played_with_few_players(tmp_path: Path) -> None:
    takeover = small_rehearsal(tmp_path)
    with takeover.wired():
        first_days(takeover)
        regenerated(takeover, [takeover.old[REGENERATED], *takeover.new])
        checks.errors_agree(takeover, within=0.01)
        # Verified once, as JSON: it takes a fifth of all.
        forth_again(takeover, {"regen verify": lambda _: takeover.verify()})


@pytest.mark.long
def test_every_step_of_the_guide_is_played(tmp_path: Path) -> None:
    takeover = rehearsal(tmp_path, dates=13)
    with takeover.wired():
        first_days(takeover)
        regenerated(takeover, [takeover.old[REGENERATED]])
        forth_again(takeover)
        takeover.verify()


def first_days(takeover: InProcess) -> None:
    """The guide up to its fifth step: a day of the shadow, the cut-over, and a day with late data."""
    platform: Any = takeover.platform
    beside = {"terraform -chdir=infra apply": lambda _: platform.apply_beside(SHADOW)}
    takeover.follow(1, {**beside, "regen --profile shadow": takeover.shadow})
    checks.shadow_agrees(takeover)
    for step in (2, 3, 4):
        takeover.follow(step)
    takeover.live_through(takeover.truncated)


def regenerated(takeover: InProcess, graded: Sequence[Day]) -> None:
    """Regenerate what the predecessor has predicted, and grade from its day on.

    Args:
        graded: that day, and the last of those to be graded.
    """
    chosen = takeover.old[REGENERATED]
    before, theirs = takeover.predictions(chosen), takeover.platform.found("prediction_accuracy", chosen.game_date)
    assert theirs
    takeover.regen("regenerate", chosen.game_date.isoformat(), "--reason", "backfill", "--wait")
    checks.all_superseded_once(takeover, chosen, before)
    checks.grades_are_left_alone(takeover, theirs, graded)


def forth_again(takeover: InProcess, more: Mapping[str, Callable[[str], None]] = MappingProxyType({})) -> None:
    """The way back and forth again; then most of each new day is predicted."""
    takeover.today = takeover.new[-1]
    takeover.follow(6, {"gcloud scheduler jobs resume": takeover.predicted_over, **more})
    checks.back_in_charge(takeover, takeover.today)
    first, last = (takeover.new[n].game_date.isoformat() for n in (0, -1))
    assert all(row["coverage_pct"] > 90 for row in takeover.json("coverage", first, last))


@pytest.mark.long
def test_the_days_are_taken_over(tmp_path: Path) -> None:
    takeover = rehearsal(tmp_path, dates=20)
    graded = [row for day in takeover.old for row in takeover.platform.found("prediction_accuracy", day.game_date)]
    with takeover.wired():
        for step in (2, 3, 4):
            takeover.follow(step)
        for day in takeover.new:
            takeover.live_through(day)
        before = {day.game_date: takeover.predictions(day) for day in takeover.old}
        for day in takeover.old[1:4]:  # one survivor of five lines, a date regenerated before, and all five lines
            takeover.regen("regenerate", day.game_date.isoformat(), "--reason", "backfill", "--wait")
            checks.all_superseded_once(takeover, day, before[day.game_date])
        checks.grades_are_left_alone(takeover, graded)
        takeover.verify()
        takeover.today = takeover.new[-1]
        takeover.follow(6, {"gcloud scheduler jobs resume": takeover.predicted_over})
        checks.back_in_charge(takeover, takeover.today)
        takeover.verify()
