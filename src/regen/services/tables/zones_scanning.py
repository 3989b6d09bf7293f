"""The watch over shot zones by effect: one regeneration for each date whose predictions rest on zones that were replaced.

The trigger and its claim are one commit. A claim names the date, the players with their new zones and the attempt, so that
two concurrent scans send one trigger, and the next scan knows how often and when it was asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from regen.api.looks import ScannedDate
from regen.domain import ids, watching
from regen.domain.dates import eastern_today
from regen.domain.errors import Unreadable
from regen.domain.zones import WHOLE_DATE, Patience, ZoneDrift, ZonesAct, decide
from regen.ports import Write
from regen.services.state.alerting import alert_unreadable
from regen.services.state.commit import until_committed
from regen.services.state.deps import Deps
from regen.services.state.messages import zones_item
from regen.services.state.once import claimed_at
from regen.services.state.paths import claim_path
from regen.services.tables.asking import trigger_writes


def watch(deps: Deps, label: str, settled: Collection[date], *, dry_run: bool = False) -> list[ScannedDate]:
    """Look for players whose zones are others, and ask for a regeneration of each date that is due, the newest first.

    Args:
        label: the scan whose outbox the triggers are sent with.
        settled: dates that this scan has asked for because of upstream's flags.

    Raises:
        Unavailable: BigQuery or Firestore does not answer.
    """
    config, now = deps.config, deps.clock.now()
    if config.zones_max_age_days < 1:
        return []
    today = eastern_today(now)
    first = today - timedelta(days=config.zones_max_age_days)
    by_date: dict[date, list[ZoneDrift]] = {}
    for drift in deps.books.zone_drifts(first, today + timedelta(days=1)):
        by_date.setdefault(drift.game_date, []).append(drift)
    found: list[ScannedDate] = []
    for day in sorted(by_date, reverse=True):
        started = sum(one.act == ZonesAct.REGENERATE for one in found)
        if day in settled:
            act, why = ZonesAct.WAIT, "a regeneration is asked for, because its data has come"
        else:
            try:
                act, why = _ask(deps, day, by_date[day], now, label, started, dry_run=dry_run)
            except Unreadable as error:
                # Its claim says when it was asked for; until it can be read, the other dates go on.
                if not dry_run:
                    alert_unreadable(deps, error)
                act, why = ZonesAct.WAIT, str(error)
        found.append(
            ScannedDate(
                game_date=day, act=act.value, why=why, players=sorted({one.player_lookup for one in by_date[day]})
            )
        )
    return found


def _ask(
    deps: Deps, day: date, drifts: Sequence[ZoneDrift], now: datetime, label: str, started: int, *, dry_run: bool
) -> tuple[ZonesAct, str]:
    config = deps.config
    patience = Patience(timedelta(minutes=config.zones_hold_down_minutes), config.zones_max_dates)
    events = [_event(day, drifts, attempt) for attempt in range(watching.MAX_ATTEMPTS)]

    def decided() -> tuple[Sequence[Write], tuple[ZonesAct, str]]:
        known = deps.store.get_many([claim_path(event) for event in events])
        asked = [claimed_at(document) for document in known if document is not None]
        act, why = decide(drifts, asked, now, patience, started)
        if act is not ZonesAct.REGENERATE or dry_run:
            return [], (act, why)
        whole = config.zones_scope == WHOLE_DATE
        item = zones_item(day, events[len(asked)], drifts, now, label, whole_date=whole)
        return trigger_writes(deps, {events[len(asked)]: drifts}, now, lambda _: item), (act, why)

    return decided()[1] if dry_run else until_committed(deps, decided)


def _event(day: date, drifts: Sequence[ZoneDrift], attempt: int) -> str:
    state = sorted(f"{one.player_lookup}={one.zones}" for one in drifts)
    return ids.digest("zones", day, attempt + 1, *state, length=24)
