"""The steps of the demo, against a running stack."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct, field

from regen.api.batches import WholeBatch
from regen.client.accuracy import SystemErrors, by_system, errors
from regen.client.moves import MAIN_SYSTEM, Move, of_answer
from regen.client.routes import REGENERATE, START
from regen.data.csvs import DataFolder
from regen.data.importer import Damage, ImportOptions, import_data, zones_arrive
from regen.demo.act import Act, play
from regen.demo.evening import Evening
from regen.demo.facts import Facts, before, read_facts
from regen.demo.movers import Mover, movers
from regen.demo.stage import Stage, batches, first
from regen.demo.verdict import Statement, sentence, statements
from regen.domain.values import asdict

REASON = "bdb_upgrade"


class Result(Struct, frozen=True):
    """The result of the demo.

    Attributes:
        rows: what the regenerations replaced, with the inputs that changed.
        movers: the predictions of the main system, the largest moves first.
        errors: of the main system on played dates, before and after; None if no player has played.
        act: the second act, if it was played.
        seconds: duration of each step.
    """

    views: Sequence[WholeBatch]
    facts: Facts
    statements: Sequence[Statement]
    rows: Sequence[Move] = ()
    movers: Sequence[Mover] = ()
    errors: SystemErrors | None = None
    act: Act | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every statement holds."""
        return all(statement.holds for statement in self.all_statements)

    @property
    def all_statements(self) -> list[Statement]:
        """Those of both acts."""
        return [*self.statements, *(self.act.statements if self.act else ())]

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
            "dates": [figures(view, self.movers) for view in self.views],
            "totals": {**totals, "audit_rows": len(facts.all_ends)},
            "seconds": dict(self.seconds),
            "coverage_view": dict(facts.coverage),
            "statements": [{"holds": s.holds, "text": s.text} for s in self.all_statements],
            "movers": [one.as_record() for one in self.movers],
            "errors": None if self.errors is None else {**asdict(self.errors), "change": self.errors.change},
            "second_act": None if self.act is None else self.act.as_record(),
            "sentence": self.sentence,
        }


def run(
    stage: Stage, data: DataFolder, dates: Sequence[date], damage: Damage, evening: Evening | None = None
) -> Result:
    """Load, predict, let late data arrive, regenerate, read back; then play the second act.

    The late data are the shot zones, and the availability reports: the first feature rows are older than these.

    Raises:
        FirstRunFailed: the first predictions were not promoted.
    """
    clock = _Clock()
    known_data, days = (evening.before, {*dates, evening.day}) if evening else (data, set(dates))
    options = ImportOptions(dates=frozenset(days), unreported=frozenset(dates))
    report = import_data(known_data, stage.loader, options)
    for warning in report.brief:
        stage.say(f"note: {warning}")
    loaded = sum(report.rows.values())
    stage.say(f"loaded {loaded} rows in {clock.lap('import'):.1f} s: {_tiers(report.tiers)}")

    stage.say(f"first predictions of {len(dates)} dates: {_numbers(report.requested, dates)} players")
    first(stage, START, [{"game_date": day.isoformat()} for day in dates])
    stage.say(f"first predictions are promoted after {clock.lap('first'):.1f} s")
    known = before(stage.reader, min(dates), max(dates))

    arrived = zones_arrive(data, stage.loader, dates, damage=damage)
    if arrived.failing or arrived.vanished:
        stage.say(f"on purpose, {arrived.failing} feature rows are broken and {arrived.vanished} left out")
    stage.say(
        f"shot zones and availability reports have arrived, {clock.lap('arrival'):.1f} s: {_tiers(arrived.tiers)}"
    )

    stage.say(f"regenerating {len(dates)} dates at once")
    views = batches(stage, REGENERATE, [_regeneration(day) for day in dates])
    clock.lap("regeneration_seen")
    facts = read_facts(stage.reader, dates, known)
    found = statements(views, facts, damaged=damage != Damage())
    rows, moved = _moves(stage, [view for view in views if view.status == "promoted"])
    off = _errors(stage, views)
    clock.lap("reading")
    act = None
    if evening and stage.now() < evening.start:
        act = play(stage, evening)
        clock.lap("second_act")
    return Result(views, facts, found, rows, moved, off, act, {**clock.laps, "regeneration": _span(views)})


def _moves(stage: Stage, views: Sequence[WholeBatch]) -> tuple[list[Move], list[Mover]]:
    dated = [(view.game_date, of_answer(stage.coordinator.moves(view.batch_id))) for view in views]
    return [row for _, rows in dated for row in rows], movers(dated)


def _errors(stage: Stage, views: Sequence[WholeBatch]) -> SystemErrors | None:
    days = [view.game_date for view in views]
    found = errors(stage.reader, [view.batch_id for view in views], min(days), max(days), MAIN_SYSTEM)
    return next(iter(by_system(found)), None)


def figures(view: WholeBatch, found: Sequence[Mover] = ()) -> dict[str, object]:
    """A batch's line in the table.

    Args:
        found: the movers of all dates.
    """
    counts, ended_at = asdict(view.counts), view.ended_at or view.updated_at
    names = ("requested", "produced", "skipped", "failed", "superseded", "inserted")
    return {
        "game_date": view.game_date.isoformat(),
        **{name: counts[name] or 0 for name in names},
        "moved": sum(one.has_moved for one in found if one.game_date == view.game_date.isoformat()),
        "coverage_pct": view.coverage_pct,
        "seconds": round((ended_at - view.created_at).total_seconds(), 2),
        "status": view.status,
        "batch_id": view.batch_id,
    }


def _regeneration(day: date) -> dict[str, object]:
    return {"game_date": day.isoformat(), "reason": REASON, "metadata": {"demo": True, "upgrade": "SILVER to GOLD"}}


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
