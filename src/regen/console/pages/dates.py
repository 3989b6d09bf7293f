"""A date: what is current, who is missing, every batch and round, the acts with their reasons, games awaited, grades."""

from __future__ import annotations

from collections import Counter
from datetime import date

from regen.api.batches import ListedBatch, Waiting
from regen.client.summary import batch_sentence
from regen.client.waiting import is_ended
from regen.console.charts import lanes, steps_of_listed
from regen.console.looks import Ask, Seen
from regen.console.pages.cells import Cell, cells_of, live_of, newest_by_date
from regen.console.pages.paging import paged
from regen.console.ports import Row
from regen.console.rendering import LIVE, QUIET, Page
from regen.console.site import RECENT, SLOW, Asked, Site, as_day, last_end, stale

MOST_MISSING, MOST_ACTS, MOST_LANES = 200, 200, 40


def game_date(site: Site, asked: Asked) -> Page:
    """A date; six questions, however many players and batches it has."""
    day = as_day(asked.path["date"])
    text = day.isoformat()
    batches: Seen[tuple[list[ListedBatch], list[Waiting]]] = site.memory.look(site.on_date(text))
    known, waiting = batches.value or ([], [])
    stamp = last_end(known)
    seen = site.memory.together(
        {
            "coverage": site.coverage(day, stamp),
            "current": Ask(("current", day), lambda: site.tables.current(day), SLOW, stamp),
            "audit": site.audit(day, "", stamp),
            "awaited": Ask(("awaited", day), lambda: site.tables.awaited(day, day, every=True), RECENT),
            "accuracy": site.accuracy(day, day, stamp),
        }
    )
    live = [b for b in known if not is_ended(b)]
    coverage = (seen["coverage"].value or [None])[0]
    current = seen["current"].value or []
    facts = {
        "day": text,
        "before": day.fromordinal(day.toordinal() - 1),
        "after": day.fromordinal(day.toordinal() + 1),
        "batches": batches,
        "known": known,
        "waiting": waiting,
        "newest": known[0] if known else None,
        "sentence": batch_sentence(known[0]) if known else "no batch was opened on this date",
        "lanes": lanes(
            [(b.batch_id[-12:], steps_of_listed(b)) for b in known[:MOST_LANES]], "Batches of the date by phase"
        ),
        "coverage": coverage,
        "missing": (coverage or {}).get("missing_players") or [],
        "most_missing": MOST_MISSING,
        "tiers": Counter(str(row["data_source_tier"] or "unknown") for row in current).most_common(),
        "current": paged(current, asked),
        "acts": (seen["audit"].value or [])[-MOST_ACTS:],
        "is_live": bool(live),
        "seen": seen,
        "stale": stale(batches, *seen.values()),
    }
    return Page("date.html", text, facts, LIVE if live else QUIET, "dates")


def slate(site: Site, asked: Asked) -> Page:
    """Everybody on the slate with standing and reason; one question."""
    day = as_day(asked.path["date"])
    seen: Seen[list[Row]] = site.memory.look(Ask(("slate", day), lambda: site.tables.slate(day), SLOW))
    rows = seen.value or []
    wanted = asked.option("standing")
    standings = Counter(_kind(row) for row in rows)
    chosen = [row for row in rows if not wanted or _kind(row) == wanted]
    facts = {
        "day": day.isoformat(),
        "slate": seen,
        "standings": sorted(standings.items()),
        "wanted": wanted,
        "rows": paged(chosen, asked),
        "total": len(rows),
        "stale": stale(seen),
    }
    return Page("slate.html", f"Slate of {day}", facts, QUIET, "dates")


def _kind(row: Row) -> str:
    return str(row["standing"])


def month(site: Site, asked: Asked) -> Page:
    """Dates by month, each with its state: a way to those that the board no longer shows; two questions."""
    first = asked.day("month", site.today).replace(day=1)
    after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    last = date.fromordinal(after.toordinal() - 1)
    listed: Seen[list[ListedBatch]] = site.memory.look(site.batches(first, last))
    dates: Seen[list[Row]] = site.memory.look(site.dates(first, last, listed.value))
    cells: list[Cell | None] = [None] * first.weekday()
    cells += cells_of(first, last, newest_by_date(listed.value or ()), dates)
    cells += [None] * (-len(cells) % 7)
    facts = {
        "month": f"{first:%B %Y}",
        "weeks": [cells[n : n + 7] for n in range(0, len(cells), 7)],
        "before": date.fromordinal(first.toordinal() - 1).replace(day=1),
        "after": after,
        "batches": listed,
        "dates": dates,
        "stale": stale(listed, dates),
    }
    return Page("dates.html", "Dates", facts, LIVE if live_of(listed.value) else QUIET, "dates")
