"""Backfills: the list, and one of them date by date, those that fell short first."""

from __future__ import annotations

from collections.abc import Sequence

from regen.api.backfills import Backfill, ListedBackfill
from regen.client.backfills import SHORT, backfill_sentence
from regen.console.looks import Ask, Seen
from regen.console.rendering import LIVE, QUIET, Page
from regen.console.site import Asked, Site, as_id, stale

UNFINISHED = frozenset({"waiting", "opening", "running"})
UNDER_WAY = frozenset({"opening", "running"})
ORDER = {"rejected": 0, "held": 0, "failed": 0, "cancelled": 1, "opening": 2, "running": 2, "waiting": 3}
"""How early a date stands in the grid; those that need no action come last."""


def backfills(site: Site, asked: Asked) -> Page:
    """Backfills, newest first, a page at a time; one question."""
    cursor = asked.option("cursor")
    name = as_id(cursor) if cursor else None
    seen: Seen[tuple[list[ListedBackfill], str | None]] = site.memory.look(
        Ask(("backfills", cursor), lambda: site.records.backfills(name), 1.0)
    )
    found, following = seen.value or ([], None)
    rows = [(row, backfill_sentence(row) if row.dates else row.error or "") for row in found]
    live = any(_is_live(row) for row, _ in rows)
    return Page(
        "backfills.html",
        "Backfills",
        {"backfills": seen, "rows": rows, "following": following, "stale": stale(seen)},
        LIVE if live else QUIET,
        "backfills",
    )


def backfill(site: Site, asked: Asked) -> Page:
    """One backfill; one question, for up to 400 dates."""
    name = as_id(asked.path["backfill"])
    seen: Seen[Backfill] = site.memory.look(Ask(("backfill", name), lambda: site.records.backfill(name)))
    view = seen.value
    if view is None:
        return Page("away.html", name, {"seen": seen, "stale": [], "what": name}, QUIET, "backfills", 503)
    live = _is_live(view)
    dates = view.dates
    facts = {
        "view": view,
        "sentence": backfill_sentence(view),
        "dates": sorted(dates, key=lambda d: (ORDER.get(d.status, 9), d.game_date)),
        "short": sum(d.status in SHORT for d in dates),
        "left": seconds_left(view),
        "done": sum(d.status not in UNFINISHED for d in dates),
        "acts": _acts(view),
        "stale": stale(seen),
    }
    return Page("backfill.html", name, facts, LIVE if live else QUIET, "backfills")


def _is_live(view: Backfill | ListedBackfill) -> bool:
    under_way = any(d.status in UNDER_WAY for d in view.dates)
    return view.status == "running" or under_way


def _acts(view: Backfill) -> Sequence[str]:
    return {"running": ("pause", "cancel"), "paused": ("resume", "cancel")}.get(view.status, ())


def seconds_left(view: Backfill) -> float | None:
    """An estimate to the end: the mean of the dates that have ended, so many at once; None while none has."""
    took = [d.seconds for d in view.dates if d.seconds is not None]
    waiting = sum(d.status in UNFINISHED for d in view.dates)
    if not took or not waiting or view.status != "running":
        return None
    return sum(took) / len(took) * waiting / max(1, min(view.max_concurrent_dates, waiting))
