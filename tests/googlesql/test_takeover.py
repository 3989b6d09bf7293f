"""The rehearsal without processes, on the predecessor's tables: the commands of `docs/taking-over.md`, typed in its order.

The short form plays every step once, with one game a date. The long one plays the days one by one, and regenerates what the
predecessor has predicted in each of its ways. tests/acceptance/test_takeover.py plays all of it in processes, on whole dates; the
season's box scores are too short to be graded here: that run compares errors.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from acceptance import takeover_checks as checks
from acceptance.takeover import SHADOW
from googlesql.takeover import EvaluatedPlatform, InProcess
from support.predecessors_inputs import box_scores, upstream_days
from support.predecessors_rows import predicted
from support.season_factory import season

REGENERATED = 2
"""The number of a date that the predecessor has predicted twice, and graded."""


def rehearsal(home: Path, dates: int) -> InProcess:
    """A season of so many dates; the last eight are rehearsed."""
    data = season(days=dates)
    days = list(upstream_days(data, sorted({log.game_date for log in data.logs})[-8:], games=1))
    at = datetime.combine(days[-1].game_date + timedelta(days=5), time(17), UTC)
    platform: Any = EvaluatedPlatform()
    made = InProcess(local=None, platform=platform, days=days, at=at, home=home)  # type: ignore[arg-type]
    rows = {
        **box_scores(data, days[0].game_date - timedelta(days=60), days),
        **predicted(days[:6]),
    }
    for day in days:
        for name, found in day.tables().items():
            late = name == "ml_feature_store_v2" and day is made.truncated
            rows.setdefault(name, []).extend([] if late else found)
    platform.put(rows)
    return made


@pytest.mark.long
def test_every_step_of_the_guide_is_played(tmp_path: Path) -> None:
    takeover = rehearsal(tmp_path, dates=13)
    platform: Any = takeover.platform
    beside = {"terraform -chdir=infra apply": lambda _: platform.apply_beside(SHADOW)}
    with takeover.wired():
        takeover.follow(1, {**beside, "regen --profile shadow": takeover.shadow})
        checks.shadow_agrees(takeover)
        for step in (2, 3, 4):
            takeover.follow(step)
        takeover.live_through(takeover.truncated)

        chosen = takeover.old[REGENERATED]
        before, graded = takeover.predictions(chosen), platform.found("prediction_accuracy", chosen.game_date)
        assert graded
        takeover.regen("regenerate", chosen.game_date.isoformat(), "--reason", "backfill", "--wait")
        checks.all_superseded_once(takeover, chosen, before)
        checks.grades_are_left_alone(takeover, graded, [chosen])

        takeover.today = takeover.new[-1]
        takeover.follow(6, {"gcloud scheduler jobs resume": takeover.predicted_over})
        checks.back_in_charge(takeover, takeover.today)
        takeover.verify()
        first, last = takeover.new[0].game_date.isoformat(), takeover.new[-1].game_date.isoformat()
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
