"""The BDB watch: one regeneration for each date whose late data has arrived and whose features rest on it.

Beside the games that upstream flags, `zones_scanning` finds late data by its effect.

A scan stores the trigger before it marks the games, so that the next scan completes one that died in between. The same
commit has a claim for each game and attempt, so that two concurrent scans, or a scan after such a death, send one trigger.
A game is completed by the current rows of the tables, regardless of the batch that made them current.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from regen.api.looks import Scan, ScannedGame
from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.bdb import MAX_AGE, BdbAct, BdbChange, BdbGame, BdbStatus, Decision, decide, overdue
from regen.domain.dates import eastern_today
from regen.domain.zones import ZonesAct
from regen.ports import Write
from regen.services.state import outbox
from regen.services.state.alerting import raise_once
from regen.services.state.commit import until_committed
from regen.services.state.deps import Deps
from regen.services.state.halts import closed
from regen.services.state.messages import bdb_item
from regen.services.tables import grading, quality_watching, source_watching, zones_scanning
from regen.services.tables.asking import trigger_writes

TO = {
    BdbAct.REGENERATE: BdbStatus.REGENERATING,
    BdbAct.COMPLETE: BdbStatus.COMPLETED,
    BdbAct.EXPIRE: BdbStatus.EXPIRED,
}


def scan(deps: Deps, *, dry_run: bool = False) -> Scan:
    """Look at every game that is waited for, and at shot zones that were replaced; do what is next; then watch the inputs.

    While the platform is halted, nothing is regenerated.

    Raises:
        Unavailable: a dependency failed; the next scan continues.
    """
    now = deps.clock.now()
    decided = [(game, decide(game, now)) for game in deps.books.bdb_games(eastern_today(now) - MAX_AGE)]
    if closed(deps):
        # What is to be regenerated waits as it is: an attempt that cannot be carried out would be counted.
        decided = [(game, decision) for game, decision in decided if decision.act is not BdbAct.REGENERATE]
    counts = dict(Counter(decision.act.value for _, decision in decided))
    by_date: dict[date, list[BdbGame]] = {}
    for game, decision in decided:
        if decision.act is BdbAct.REGENERATE:
            by_date.setdefault(game.game_date, []).append(game)
    label = f"bdb_scan_{deps.ids.suffix()}"
    if not dry_run:
        for day, games in by_date.items():
            _ask(deps, day, games, now, label)
    zones = zones_scanning.watch(deps, label, by_date.keys(), dry_run=dry_run)
    report = Scan(
        triggered=sorted({*by_date, *(one.game_date for one in zones if one.act == ZonesAct.REGENERATE)}),
        games=[_scanned(*one) for one in decided],
        counts=counts,
        zones=zones,
    )
    if dry_run:
        return report
    _alert(deps, decided, now)
    deps.books.change_bdb(
        [_change(game, decision, now) for game, decision in decided if decision.act is not BdbAct.IGNORE]
    )
    complete = {game.game_date for game, decision in decided if decision.act is BdbAct.COMPLETE}
    graded = [day for first, last in grading.spans(complete) for day in grading.grade(deps, first, last)]
    source_watching.watch(deps)
    outbox.deliver(deps, label)
    quality_watching.watch(deps, graded)
    return report


def _ask(deps: Deps, day: date, games: Sequence[BdbGame], now: datetime, label: str) -> None:
    """Store the trigger of a date's regeneration, for the games for which no scan has done so.

    A claim names the game's row as read. The next scan finds it if this one dies before marking the row, and so does a
    concurrent scan.
    """
    claims = {_event(game): game for game in sorted(games, key=lambda game: game.game_id)}

    def decide() -> tuple[Sequence[Write], None]:
        return trigger_writes(deps, claims, now, lambda new: bdb_item(day, new, now, label)), None

    until_committed(deps, decide)


def _event(game: BdbGame) -> str:
    state = game.attempts + 1, game.available_at, game.updated_at
    return ids.digest("bdb", game.game_date, game.game_id, *state, length=24)


def _change(game: BdbGame, decision: Decision, now: datetime) -> BdbChange:
    return BdbChange(
        game_date=game.game_date,
        game_id=game.game_id,
        was=game.status,
        attempts_were=game.attempts,
        status=TO.get(decision.act, BdbStatus(game.status)),
        attempts=game.attempts + (decision.act is BdbAct.REGENERATE),
        checks=game.checks + 1,
        at=now,
        notes=None if decision.act is BdbAct.WAIT else decision.why,
    )


def _alert(deps: Deps, decided: Sequence[tuple[BdbGame, Decision]], now: datetime) -> None:
    """Alert once per date: for games whose wait ends without the data, and for those whose data is late."""
    ended: dict[date, list[str]] = {}
    late: dict[date, list[str]] = {}
    for game, decision in decided:
        if decision.act is BdbAct.EXPIRE:
            ended.setdefault(game.game_date, []).append(f"{game.game_id}: {decision.why}")
        elif overdue(game, now):
            late.setdefault(game.game_date, []).append(game.game_id)
    for day, games in ended.items():
        why = f"{len(games)} games end without their data: {'; '.join(games)}"
        expired = alert(AlertKind.BDB_OVERDUE, why, "ERROR", game_date=day.isoformat(), games=len(games))
        raise_once(deps, ids.digest("bdb_ended", day, *games, length=24), expired)
    for day, games in late.items():
        why = f"{len(games)} games wait for data that comes within 48 hours: {', '.join(games)}"
        awaited = alert(AlertKind.BDB_OVERDUE, why, game_date=day.isoformat(), games=len(games))
        raise_once(deps, ids.digest("bdb_late", day, length=24), awaited)


def _scanned(game: BdbGame, decision: Decision) -> ScannedGame:
    return ScannedGame(
        game_date=game.game_date,
        game_id=game.game_id,
        was=game.status,
        act=decision.act.value,
        why=decision.why,
        attempts=game.attempts,
        stale_players=game.stale,
        fresh_players=game.fresh,
    )
