"""The watch over the inputs: alert once to each that is late, or far smaller than usual."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from regen.domain import ids
from regen.domain.alert_record import AlertRecord
from regen.domain.alerts import AlertKind, alert
from regen.domain.dates import eastern_today
from regen.domain.sources import LOOK_BACK, Expected, Source, SourceState, Standing, judge
from regen.services.state.alert_records import end_where, raise_anew
from regen.services.state.deps import Deps

log = logging.getLogger(__name__)
DAYS = 2
"""Dates before today that are watched: box scores of a late game come a day after it."""
MINUTE = 50
"""The minute of each hour whose sweeps look at the inputs."""
KINDS = {Standing.LATE: AlertKind.SOURCE_LATE, Standing.SHRUNK: AlertKind.SOURCE_SHRUNK}


def watch(deps: Deps) -> list[SourceState]:
    """Judge the inputs of the last dates, and alert once for each input and date.

    Returns:
        Those that are late or have shrunk. Play-by-play is left to the scan for late data, which alerts to it by game.

    Raises:
        Unavailable: BigQuery or Firestore does not answer.
    """
    now = deps.clock.now()
    last = eastern_today(now)
    first = last - timedelta(days=DAYS)
    days = deps.books.sources(first - LOOK_BACK, last)
    states = judge(days, first, last, now, expected(deps))
    found = [state for state in states if state.standing in KINDS and state.source != Source.PLAY_BY_PLAY]
    for state in found:
        event = ids.digest("source", state.standing, state.source, state.game_date, length=24)
        if raise_anew(deps, event, _alert(state)):
            log.warning(
                "%s: %s", state.game_date, state.why, extra={"action": "sources", "outcome": state.standing.value}
            )
    _end(deps, states, found)
    return found


def _end(deps: Deps, states: Sequence[SourceState], found: Sequence[SourceState]) -> None:
    """End the alerts about dates whose inputs are all there now."""
    looked_at = {state.game_date.isoformat() for state in states}
    still = {(KINDS[state.standing].value, state.game_date.isoformat()) for state in found}

    def over(record: AlertRecord) -> str | None:
        is_about = record.type in set(KINDS.values()) and record.game_date in looked_at
        return "every input of the date is there" if is_about and (record.type, record.game_date) not in still else None

    end_where(deps, over)


def watch_hourly(deps: Deps) -> list[str]:
    """As `watch`, in the sweeps of one minute of the hour; returns what is late or has shrunk, for the report."""
    if deps.ledger is None or deps.clock.now().minute != MINUTE:
        return []
    return [f"{state.game_date}: {state.why}" for state in watch(deps)]


def expected(deps: Deps) -> Expected:
    """By when this deployment expects its inputs."""
    config = deps.config
    return Expected(config.source_before_hours, config.source_after_hours, config.source_shrunk_pct)


def _alert(state: SourceState) -> dict[str, object]:
    return alert(
        KINDS[state.standing],
        state.why,
        game_date=state.game_date.isoformat(),
        source=state.source,
        rows=state.rows,
        players=state.players,
        usual=state.usual,
        missing_games=list(state.missing_games) or None,
    )
