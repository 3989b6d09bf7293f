"""The board: the last dates as a strip, what is live, what needs a person, the signs of life."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct

from regen.api.batches import ListedBatch
from regen.api.health import Ready
from regen.client import vitals
from regen.client.summary import batch_sentence, halt_sentence
from regen.console.looks import Seen
from regen.console.pages.cells import Cell, cells_of, live_of, newest_by_date
from regen.console.ports import Row
from regen.console.rendering import LIVE, QUIET, Page
from regen.console.site import Asked, Site, stale
from regen.domain.bdb import OVERDUE_AFTER
from regen.domain.words import counted

DAYS = 45
MOST_NEEDS = 30


class Need(Struct, frozen=True):
    """What waits for a person.

    Attributes:
        where: the address of the page on which it is mended.
        next: what to do.
    """

    state: str
    what: str
    where: str
    next: str


def board(site: Site, asked: Asked) -> Page:
    """Everything at one look; four questions, however many dates and batches there are."""
    # Without a date, the newest batches say where the strip ends.
    asked_for = asked.day("until", site.today) if asked.option("until") else None
    listed = site.batches(asked_for - timedelta(days=DAYS - 1), asked_for) if asked_for else site.batches()
    first_looks = site.memory.together({"batches": listed, "ready": site.ready()})
    batches: Seen[list[ListedBatch]] = first_looks["batches"]
    newest = newest_by_date(batches.value or [])
    last = asked_for or last_day(site.today, newest)
    first = last - timedelta(days=DAYS - 1)
    dates = site.memory.look(site.dates(first, last, batches.value))
    found = {str(row["game_date"]): row for row in dates.value or ()}
    cells = cells_of(first, last, newest, dates)
    live = live_of(batches.value)
    ready: Seen[Ready] = first_looks["ready"]
    needs = [*_life_needs(ready), *_batch_needs(newest, first, last), *_date_needs(cells, found, site.now())]
    facts = {
        "cells": cells,
        "first": first,
        "last": last,
        "earlier": first - timedelta(days=1),
        "later": last + timedelta(days=DAYS) if last < site.today else None,
        "live": [(b, batch_sentence(b)) for b in live],
        "needs": needs[:MOST_NEEDS],
        "more_needs": max(0, len(needs) - MOST_NEEDS),
        "life": signs_of_life(ready),
        "halt": halt_of(ready),
        "batches": batches,
        "dates": dates,
        "ready": ready,
        "stale": stale(batches, ready, dates),
        "is_empty": batches.value == [] and dates.value == [],
    }
    return Page("board.html", "Board", facts, LIVE if live else QUIET, "board")


def last_day(today: date, newest: Mapping[str, ListedBatch]) -> date:
    """Where the strip ends: tomorrow, or the newest date with a batch if that is later or out of its sight."""
    tomorrow = today + timedelta(days=1)
    last = date.fromisoformat(max(newest)) if newest else tomorrow
    return last if last > tomorrow or last < tomorrow - timedelta(days=DAYS) else tomorrow


def _batch_needs(newest: Mapping[str, ListedBatch], first: date, last: date) -> Iterator[Need]:
    for day, batch in sorted(newest.items(), reverse=True):
        if not str(first) <= day <= str(last):
            continue
        where = f"/batches/{batch.batch_id}"
        if batch.status == "rejected":
            yield Need(
                "rejected",
                f"{day}: {batch_sentence(batch)}",
                where,
                "see the checks; redrive, or promote in spite of them",
            )
        elif batch.status == "held":
            yield Need("held", f"{day}: {batch_sentence(batch)}", f"{where}/moves", "see what would move; promote")
        elif batch.status == "failed":
            yield Need("failed", f"{day}: {batch_sentence(batch)}", where, "see the reason; start again")
        elif batch.status == "unreadable":
            yield Need("unreadable", f"{day}: {batch_sentence(batch)}", where, "see `record_unreadable` in the runbook")


def _date_needs(cells: Sequence[Cell], found: Mapping[str, Row], now: datetime) -> Iterator[Need]:
    for one in reversed(cells):
        row = found.get(one.day)
        if row is None:
            continue
        if one.state in {"low", "partial"}:
            missing = counted(row["expected_players"] - row["players_with_predictions"], "player")
            yield Need(
                one.state,
                f"{one.day}: coverage {one.coverage:g} %, {missing} missing",
                f"/dates/{one.day}",
                "see who; regenerate the missing",
            )
        oldest = row.get("oldest_start")
        if oldest and now - datetime.fromisoformat(str(oldest)) > OVERDUE_AFTER:
            what = f"{one.day}: late data is overdue, {counted(row['awaited_games'], 'game')} awaited"
            yield Need("low", what, f"/late-data?date={one.day}", "ask upstream; the scan gives up after 14 days")


def signs_of_life(ready: Seen[Ready]) -> list[tuple[str, str, str, str]]:
    """The rows of `regen doctor` on the signs of life: what, state, details, next step."""
    if ready.value is None:
        return []
    found = ready.value.vitals
    if not found or found.error:
        why = found.error if found else "an older release"
        return [("signs of life", "failed", f"the coordinator does not say: {why}", "see the coordinator's log")]
    rows: dict[str, vitals.Answer] = {
        "sweep": vitals.sweep(found),
        "revisions that ran": vitals.revisions(found, ready.value.version),
        "outbox": vitals.outbox(found),
        "deadlines": vitals.deadlines(found),
        "halt": vitals.halt(found),
    }
    return [(what, str(state), details, next_) for what, (state, details, next_) in rows.items()]


def halt_of(ready: Seen[Ready]) -> str | None:
    """How the platform is halted, in words; None if it runs, or that is not known."""
    found = ready.value.vitals if ready.value else None
    halted = found.halt if found else None
    return halt_sentence(halted) if halted and halted.status != "running" else None


def _life_needs(ready: Seen[Ready]) -> Iterator[Need]:
    for what, state, details, next_ in signs_of_life(ready):
        if state == "failed":
            yield Need("failed", f"{what}: {details}", "/acts/resume" if what == "halt" else "/alerts", next_)
