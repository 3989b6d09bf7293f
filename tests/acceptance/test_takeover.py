"""The whole of `docs/taking-over.md`, played on the local stack: its commands, in its order, on the predecessor's tables.

`week` has two games a date, and Pub/Sub and Firestore in one process; `month` and `real` have a month of whole dates, and the
emulators. tests/googlesql/test_takeover.py is a form without processes. What only gcloud, bq or Terraform can do is stood in
for, and `support.predecessors_guide.STOOD_IN` says by what.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from acceptance.conftest import Local
from acceptance.takeover import PRODUCTION, SHADOW, Takeover
from acceptance.takeover_checks import (
    all_superseded_once,
    back_in_charge,
    errors_agree,
    grades_are_left_alone,
    nothing_postponed_is_current,
    readers_find_what_they_know,
    shadow_agrees,
)
from regen import clock, league
from regen.adapters.bigquery.clients import emulator_client
from regen.client.coordinator import Coordinator
from regen.client.waiting import wait_for_newer
from regen.data.csvs import DataFolder, read_folder
from regen.local.plan import Options
from regen.local.stack import Stack
from regen.local.up import write_env
from support import predecessors_documents as documents
from support.predecessors_commands import commands
from support.predecessors_inputs import box_scores, upstream_days
from support.predecessors_platform import Platform
from support.predecessors_rows import predicted

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]


@dataclass(frozen=True)
class Form:
    """A form of the rehearsal.

    Attributes:
        first: the shadow's date; the five that follow are the predecessor's.
        after: dates after the cut-over.
        games: a date's games; None for all.
        history: days of box scores before the first date.
    """

    first: date
    after: int
    games: int | None
    history: int
    is_real: bool = False
    emulators: bool = True


FORMS = {
    "week": Form(date(2026, 1, 19), 2, games=2, history=60, emulators=False),
    "month": Form(date(2025, 12, 26), 30, games=None, history=120),
    "real": Form(date(2025, 1, 3), 30, games=None, history=120, is_real=True),
}


@pytest.fixture(
    scope="module",
    params=list(FORMS),
)
def takeover(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Takeover]:
    """The predecessor's platform on a stack of its own, as it is before the first step."""
    form = FORMS[request.param]
    if form.is_real and "REGEN_REAL_DATA" not in os.environ:
        pytest.skip("REGEN_REAL_DATA names no folder of real games")
    data = read_folder(Path(os.environ["REGEN_REAL_DATA"])) if form.is_real else league.as_data(league.generate())
    wanted = sorted({log.game_date for log in data.logs if log.game_date >= form.first})[: 6 + form.after]
    at = datetime.combine(wanted[-1] + timedelta(days=5), time(17), UTC)
    variables = {clock.VARIABLE: clock.anchored(at.isoformat())}
    home = tmp_path_factory.mktemp("takeover")
    options = Options(home=home / "local", packages=home, emulators=form.emulators, variables=variables)
    with pytest.MonkeyPatch.context() as patch, Stack(options) as stack:
        patch.setattr(clock._Clock, "ahead", clock.ahead_of(variables[clock.VARIABLE]))
        platform = Platform(emulator_client(stack.urls["bigquery"], PRODUCTION), PRODUCTION)
        days = list(upstream_days(data, wanted, form.games))
        made = Takeover(Local(options.home, stack.env), platform, days, at)
        _fill(made, data, form)
        yield made
        stack.check()


def _fill(made: Takeover, data: DataFolder, form: Form) -> None:
    """Put the predecessor's rows where the local stack's were."""
    made.platform.replace_nothing()
    rows = {**box_scores(data, form.first - timedelta(days=form.history), made.days), **predicted(made.old)}
    for day in made.days:
        for table, found in day.tables().items():
            late = table == "ml_feature_store_v2" and day is made.truncated
            rows.setdefault(table, []).extend([] if late else found)
    made.platform.put(rows)
    for old in made.old:
        documents.leave(made.firestore, old.game_date)
    write_env(made.local.home / "env", made.local.env)


def test_the_predecessor_is_taken_over_as_the_guide_says(takeover: Takeover) -> None:
    platform = takeover.platform
    applied = {"terraform -chdir=infra apply": lambda _: platform.apply(PRODUCTION)}
    graded = [row for day in takeover.old for row in platform.found("prediction_accuracy", day.game_date)]
    beside = {"terraform -chdir=infra apply": lambda _: platform.apply_beside(SHADOW)}
    takeover.follow(1, {**beside, "regen --profile shadow": takeover.shadow})
    shadow_agrees(takeover)

    takeover.follow(2)
    takeover.follow(3)
    takeover.follow(4, applied)
    for day in takeover.new:
        takeover.live_through(day)

    # The predecessor's callers: five dates at once, by the loop that its operators type.
    before = {day.game_date: takeover.predictions(day) for day in takeover.old}
    loop = takeover.dated(commands()["the backfill of five dates"])
    coordinator = Coordinator(takeover.local.env["COORDINATOR_URL"], takeover.local.env["API_KEY"])
    since = coordinator.newest_at()
    subprocess.run(["bash", "-c", loop], env={**os.environ, **takeover.local.env}, check=True, capture_output=True)
    for day in takeover.old[1:]:
        wait_for_newer(coordinator, day.game_date.isoformat(), since, timeout=300)
        takeover.regen("wait", "--date", day.game_date.isoformat(), "--timeout", "300")
        all_superseded_once(takeover, day, before[day.game_date])
    nothing_postponed_is_current(takeover)
    grades_are_left_alone(takeover, graded)
    errors_agree(takeover, within=0.01)
    readers_find_what_they_know(takeover)
    takeover.verify()

    takeover.today = takeover.new[-1]
    takeover.follow(6, {**applied, "gcloud scheduler jobs resume": takeover.predicted_over})
    back_in_charge(takeover, takeover.today)
    takeover.verify()
