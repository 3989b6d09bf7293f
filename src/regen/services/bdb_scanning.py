"""The BDB watch: one regeneration for each date whose late data has come and whose features rest on it.

The trigger is on record before the games are marked, so that a scan that dies is made again by the next one; it is named
after the date and the attempt, so that two scans at once are one trigger. A game is completed by what the tables say is
current, whoever made it so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.bdb import REASON, Act, BdbChange, BdbGame, BdbStatus, Decision, decide, overdue
from regen.services import grading, outbox
from regen.services.alerting import raise_once
from regen.services.deps import TRIGGER_TOPIC, Deps
from regen.services.records import OutboxItem

TO = {
    Act.REGENERATE: BdbStatus.REGENERATING,
    Act.COMPLETE: BdbStatus.COMPLETED,
    Act.EXPIRE: BdbStatus.EXPIRED,
}


@dataclass(slots=True)
class ScanReport:
    """What a scan saw and did.

    Attributes:
        triggered: dates for which a regeneration was asked for.
        games: every game looked at, with what was decided and why.
    """

    triggered: list[str] = field(default_factory=list)
    games: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def scan(deps: Deps, *, dry_run: bool = False) -> ScanReport:
    """Look at every game that is waited for, and do what is next about each.

    Raises:
        Unavailable: a dependency failed; the next scan goes on.
    """
    now = deps.clock.now()
    decided = [(game, decide(game, now)) for game in deps.books.bdb_games()]
    report = ScanReport()
    for game, decision in decided:
        report.games.append(_told(game, decision))
        report.counts[decision.act] = report.counts.get(decision.act, 0) + 1
    by_date: dict[date, list[BdbGame]] = {}
    for game, decision in decided:
        if decision.act is Act.REGENERATE:
            by_date.setdefault(game.game_date, []).append(game)
    report.triggered = [day.isoformat() for day in by_date]
    if dry_run:
        return report
    label = f"bdb_scan_{deps.ids.suffix()}"
    triggers = [_trigger(day, games, now, label) for day, games in by_date.items()]
    if triggers:
        deps.store.commit(outbox.put(triggers))
    deps.books.change_bdb(
        [_change(game, decision, now) for game, decision in decided if decision.act is not Act.IGNORE]
    )
    _alert(deps, decided, now)
    for first, last in grading.spans({game.game_date for game, decision in decided if decision.act is Act.COMPLETE}):
        grading.grade(deps, first, last)
    outbox.flush(deps, label)
    return report


def _trigger(day: date, games: Sequence[BdbGame], now: datetime, label: str) -> OutboxItem:
    attempt = max(game.attempts for game in games) + 1
    names = sorted(game.game_id for game in games)
    data = {
        "game_date": day.isoformat(),
        "reason": REASON,
        "mode": "regenerate_with_supersede",
        "metadata": {"source": "bdb_scan", "games": names, "attempt": attempt},
    }
    return outbox.message_item(ids.digest("bdb", day, *names, attempt, length=24), now, TRIGGER_TOPIC, data, label)


def _change(game: BdbGame, decision: Decision, now: datetime) -> BdbChange:
    return BdbChange(
        game_date=game.game_date,
        game_id=game.game_id,
        was=game.status,
        attempts_were=game.attempts,
        status=TO.get(decision.act, BdbStatus(game.status)),
        attempts=game.attempts + (decision.act is Act.REGENERATE),
        checks=game.checks + 1,
        at=now,
        notes=None if decision.act is Act.WAIT else decision.why,
    )


def _alert(deps: Deps, decided: Sequence[tuple[BdbGame, Decision]], now: datetime) -> None:
    """One alert a date: for games that end without their data, and once for those that are late."""
    ended: dict[date, list[str]] = {}
    late: dict[date, list[str]] = {}
    for game, decision in decided:
        if decision.act is Act.EXPIRE:
            ended.setdefault(game.game_date, []).append(f"{game.game_id}: {decision.why}")
        elif overdue(game, now):
            late.setdefault(game.game_date, []).append(game.game_id)
    for day, games in ended.items():
        why = f"{len(games)} games end without their data: {'; '.join(games)}"
        told = alert(AlertKind.BDB_OVERDUE, why, "ERROR", game_date=day.isoformat(), games=len(games))
        raise_once(deps, ids.digest("bdb_ended", day, *games, length=24), told)
    for day, games in late.items():
        why = f"{len(games)} games wait for data that comes within 48 hours: {', '.join(games)}"
        told = alert(AlertKind.BDB_OVERDUE, why, game_date=day.isoformat(), games=len(games))
        raise_once(deps, ids.digest("bdb_late", day, length=24), told)


def _told(game: BdbGame, decision: Decision) -> dict[str, Any]:
    return {
        "game_date": game.game_date.isoformat(),
        "game_id": game.game_id,
        "was": game.status,
        "act": decision.act.value,
        "why": decision.why,
        "attempts": game.attempts,
        "stale_players": game.stale,
        "fresh_players": game.fresh,
    }
