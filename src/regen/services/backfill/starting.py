"""What follows a start that did not do its work: gaps are filled, and an alert names a scheduled start that failed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.batch import Kind
from regen.domain.dates import eastern_today
from regen.domain.errors import NoSlate, NotFound, Refused, RegenError, Unavailable, Unreadable
from regen.domain.invariants import Finding
from regen.domain.trigger import Source, Trigger
from regen.services.batch import opening
from regen.services.state.alerting import raise_once
from regen.services.state.deps import Deps
from regen.services.state.halts import closed
from regen.services.state.idempotency import IdempotencyKey
from regen.services.state.paths import BATCHES

log = logging.getLogger(__name__)
GAPS = "gap_filling"
"""The caller and the reason of such a batch, in the audit."""


@contextmanager
def watched(deps: Deps, game_date: date) -> Iterator[None]:
    """Alert to a scheduled start that fails for good; one that a retry can cure is left to the scheduler and the daily check.

    A date without a slate has an alert of its own where one is expected (`source_late`).
    """
    try:
        yield
    except (NoSlate, Refused, Unavailable):
        raise
    except RegenError as error:
        _alert(deps, game_date, f"the scheduled start failed: {error}")
        raise


def see_to_dates(
    deps: Deps, first: date, last: date, findings: Sequence[Finding], *, dry_run: bool = False
) -> list[date]:
    """Start what is missing on dates whose coverage is too low, and alert to a slate of today that no start has taken up.

    Returns:
        The dates whose gaps are being filled, or would be.
    """
    covered = all(finding.holds for finding in findings if finding.name == "coverage")
    today = eastern_today(deps.clock.now())
    halted = closed(deps) is not None
    if not dry_run and not halted and first <= today <= last:
        _alert_unstarted(deps, today)
    if covered:
        return []
    threshold = deps.config.thresholds["coverage_pct"]
    low = [day.game_date for day in deps.books.survey(first, last) if day.coverage_pct < threshold]
    return low if dry_run else [day for day in low if _fill(deps, day, today)]


def _fill(deps: Deps, game_date: date, today: date) -> bool:
    """Start what is missing on a date, once a day; whether it is on its way."""
    name = ids.digest(GAPS, game_date, today, length=24)
    trigger = Trigger(
        trigger_id=name,
        game_date=game_date,
        kind=Kind.DAILY,
        reason=GAPS,
        source=Source.SCHEDULER,
        triggered_by=GAPS,
        at=deps.clock.now(),
        metadata={"only": "missing", "source": AlertKind.COVERAGE_LOW.value},
        missing=True,
    )
    try:
        opening.open_batch(deps, trigger, IdempotencyKey(GAPS, name, ""))
    except (Refused, NotFound, Unreadable) as error:  # the opening has alerted to what cannot be read
        log.info("%s is not filled: %s", game_date, error, extra={"action": "fill"})
        return False
    return True


def _alert_unstarted(deps: Deps, today: date) -> None:
    if deps.store.find(BATCHES, [("game_date", "==", today.isoformat())], limit=1, fields=["game_date"]):
        return
    if any(day.game_date == today and day.expected for day in deps.books.survey(today, today)):
        _alert(deps, today, "the date has a slate, and no batch of it was ever opened: does regen-start run?")


def _alert(deps: Deps, game_date: date, why: str) -> None:
    event = ids.digest("start_failed", game_date, length=24)
    raise_once(deps, event, alert(AlertKind.START_FAILED, why[:1500], game_date=game_date.isoformat()))
