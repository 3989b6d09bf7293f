"""The steps of the demo, against a running stack."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import date

from msgspec import Struct, field

from regen.api.batches import WholeBatch
from regen.client.coordinator import Coordinator
from regen.client.errors import OperatorError
from regen.client.reader import Reader
from regen.client.routes import REGENERATE, START
from regen.client.waiting import Look, wait_for
from regen.data.csvs import DataFolder
from regen.data.importer import Damage, ImportOptions, Loader, import_data, zones_arrive
from regen.demo.facts import Facts, before, read_facts
from regen.demo.verdict import Statement, sentence, statements
from regen.domain.values import asdict

REASON = "bdb_upgrade"
TIMEOUT = 300.0


class FirstRunFailed(OperatorError):
    """The first predictions were not promoted, so there is nothing to regenerate."""


class Stage(Struct, frozen=True):
    """The environment of the demo.

    Attributes:
        check: raises if a part of the stack has died.
        say: prints a line for the operator.
        watch: shows the progress of batches.
    """

    coordinator: Coordinator
    reader: Reader
    loader: Loader
    check: Callable[[], None]
    say: Callable[[str], None]
    watch: Callable[[], AbstractContextManager[Look]]


class Result(Struct, frozen=True):
    """The result of the demo.

    Attributes:
        seconds: duration of each step.
    """

    views: Sequence[WholeBatch]
    facts: Facts
    statements: Sequence[Statement]
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every statement holds."""
        return all(statement.holds for statement in self.statements)

    @property
    def sentence(self) -> str:
        """The run in one sentence."""
        return sentence(self.views, self.facts, self.seconds["regeneration"], passed=self.passed)

    def as_record(self) -> dict[str, object]:
        """The figures, as JSON has them."""
        facts = self.facts
        names = (
            "old_rows",
            "replaced_rows",
            "withdrawn_rows",
            "kept_rows",
            "new_rows",
            "current_rows",
            "current_players",
        )
        totals = {**{name: facts.total(name) for name in names}, "lost_rows": facts.lost}
        return {
            "passed": self.passed,
            "dates": [figures(view) for view in self.views],
            "totals": {**totals, "audit_rows": len(facts.all_ends)},
            "seconds": dict(self.seconds),
            "coverage_view": dict(facts.coverage),
            "statements": [{"holds": s.holds, "text": s.text} for s in self.statements],
            "sentence": self.sentence,
        }


def run(stage: Stage, data: DataFolder, dates: Sequence[date], damage: Damage) -> Result:
    """Load, predict, let the zones arrive, regenerate, read back.

    Raises:
        FirstRunFailed: the first predictions were not promoted.
    """
    clock = _Clock()
    report = import_data(data, stage.loader, ImportOptions(dates=frozenset(dates)))
    for warning in report.brief:
        stage.say(f"note: {warning}")
    loaded = sum(report.rows.values())
    stage.say(f"loaded {loaded} rows in {clock.lap('import'):.1f} s: {_tiers(report.tiers)}")

    stage.say(f"first predictions of {len(dates)} dates: {_numbers(report.requested, dates)} players")
    _first(stage, dates)
    stage.say(f"first predictions are promoted after {clock.lap('first'):.1f} s")
    known = before(stage.reader, min(dates), max(dates))

    arrived = zones_arrive(data, stage.loader, dates, damage=damage)
    if arrived.failing or arrived.vanished:
        stage.say(f"on purpose, {arrived.failing} feature rows are broken and {arrived.vanished} left out")
    stage.say(f"the shot zones have arrived, {clock.lap('arrival'):.1f} s: {_tiers(arrived.tiers)}")

    stage.say(f"regenerating {len(dates)} dates at once")
    views = _batches(stage, REGENERATE, [_regeneration(day) for day in dates])
    clock.lap("regeneration_seen")
    facts = read_facts(stage.reader, dates, known)
    clock.lap("reading")
    found = statements(views, facts, damaged=damage != Damage())
    return Result(views, facts, found, {**clock.laps, "regeneration": _span(views)})


def figures(view: WholeBatch) -> dict[str, object]:
    """A batch's line in the table."""
    counts, ended_at = asdict(view.counts), view.ended_at or view.updated_at
    names = ("requested", "produced", "skipped", "failed", "superseded", "inserted")
    return {
        "game_date": view.game_date.isoformat(),
        **{name: counts[name] or 0 for name in names},
        "coverage_pct": view.coverage_pct,
        "seconds": round((ended_at - view.created_at).total_seconds(), 2),
        "status": view.status,
        "batch_id": view.batch_id,
    }


def _first(stage: Stage, dates: Sequence[date]) -> None:
    views = _batches(stage, START, [{"game_date": day.isoformat()} for day in dates])
    if bad := [view for view in views if view.status != "promoted"]:
        raise FirstRunFailed("; ".join(f"{v.batch_id} is {v.status}: {v.error}" for v in bad))


def _regeneration(day: date) -> dict[str, object]:
    return {"game_date": day.isoformat(), "reason": REASON, "metadata": {"demo": True, "upgrade": "SILVER to GOLD"}}


def _batches(stage: Stage, path: str, bodies: Sequence[Mapping[str, object]]) -> list[WholeBatch]:
    with ThreadPoolExecutor(len(bodies)) as pool:
        answers = list(pool.map(lambda body: stage.coordinator.start(path, body).value, bodies))
    with stage.watch() as look:
        ids = [answer.batch_id for answer in answers]
        found = wait_for(stage.coordinator, ids, timeout=TIMEOUT, look=look, every=0.4, abort=stage.check)
    return [one.value for one in found]


def _span(views: Sequence[WholeBatch]) -> float:
    """Seconds from the first accepted batch to the last end."""
    first = min(view.created_at for view in views)
    last = max(view.ended_at or view.updated_at for view in views)
    return round((last - first).total_seconds(), 2)


def _tiers(tiers: Mapping[str, int]) -> str:
    return ", ".join(f"{count} feature rows {tier}" for tier, count in sorted(tiers.items()))


def _numbers(requested: Mapping[date, int], dates: Sequence[date]) -> str:
    return ", ".join(str(requested.get(day, 0)) for day in dates)


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> float:
        now = time.monotonic()
        self.laps[name] = round(now - self._last, 2)
        self._last = now
        return self.laps[name]
