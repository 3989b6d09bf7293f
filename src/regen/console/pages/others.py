"""Players, late data, the invariants, alerts, accuracy."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from regen.api.alerts import Alert
from regen.api.halts import HaltView
from regen.api.health import Ready
from regen.client.summary import halt_sentence
from regen.client.wording import cell
from regen.console.looks import Ask, Seen
from regen.console.pages.board import signs_of_life
from regen.console.pages.paging import paged
from regen.console.ports import Row
from regen.console.rendering import NEVER, QUIET, Page
from regen.console.site import RECENT, SLOW, Asked, NoSuchPage, Site, stale
from regen.domain.bdb import OPEN, OVERDUE_AFTER
from regen.domain.invariants import INVARIANTS, MEANINGS, Finding
from regen.domain.values import asdict

PLAYER = re.compile(r"[\w.'-]{1,100}")
MOST_SPAN = 400
WEEKS = 8
ZONE_DAYS = 45
"""As many dates as the board shows."""


def player(site: Site, asked: Asked) -> Page:
    """Every generation of a player's predictions on one date, or over the days before it; one question."""
    name = asked.path["player"]
    if not PLAYER.fullmatch(name):
        raise NoSuchPage(f"{name[:40]!r} is no player's name: it looks like lebronjames")
    last = asked.day("date", site.today)
    first = last if asked.option("date") else last - timedelta(days=30)
    seen: Seen[list[Row]] = site.memory.look(
        Ask(("player", name, first, last), lambda: site.tables.player(name, first, last), RECENT)
    )
    rows = seen.value or []
    facts = {
        "name": name,
        "first": first,
        "last": last,
        "rows": paged(rows, asked),
        "generations": len({(r["game_date"], r["batch_id"]) for r in rows}),
        "player": seen,
        "stale": stale(seen),
    }
    return Page("player.html", name, facts, QUIET, "")


def late_data(site: Site, asked: Asked) -> Page:
    """The games whose late data is awaited, oldest first, and the dates that rest on old shot zones; two questions."""
    every = asked.option("all") == "1"
    day = asked.option("date")
    first, last = (date(2000, 1, 1), date(9999, 1, 1)) if not day else (asked.day("date", site.today),) * 2
    since, until = (last, last) if day else (site.today - timedelta(days=ZONE_DAYS), site.today + timedelta(days=1))
    both = site.memory.together(
        {
            "late": Ask(
                ("late", first, last, every), lambda: site.tables.awaited(first, last, every=every or bool(day)), RECENT
            ),
            "zones": Ask(("zones", since, until), lambda: site.tables.zones(since, until), SLOW),
        }
    )
    seen: Seen[list[Row]] = both["late"]
    zones: Seen[list[Row]] = both["zones"]
    rows = [{**row, "is_overdue": _overdue(row, site.now())} for row in seen.value or ()]
    facts = {"games": seen, "rows": paged(rows, asked), "every": every, "day": day, "stale": stale(seen, zones)}
    facts["zones"] = zones
    facts["drifted"] = [{**row, "age": _age(row, site.now())} for row in zones.value or ()]
    facts["since"], facts["until"] = since, until
    return Page("late.html", "Late data", facts, QUIET, "late")


def _age(row: Row, now: datetime) -> float:
    """Seconds for which the store has had zones that the predictions do not rest on."""
    return max(0.0, (now - datetime.fromisoformat(str(row["written_at"]))).total_seconds())


def _overdue(row: Row, now: datetime) -> bool:
    start = datetime.fromisoformat(f"{row['game_date']}T23:59:00+00:00")
    return row["status"] in OPEN and now - start > OVERDUE_AFTER


def checks(site: Site, asked: Asked) -> Page:
    """The invariants over a range of dates. BigQuery is asked only when the form says which."""
    first, last = asked.day("from", site.today - timedelta(days=1)), asked.day("to", site.today)
    is_asked = bool(asked.option("from"))
    seen: Seen[list[Finding]] | None = None
    if is_asked and not 0 <= (last - first).days < MOST_SPAN:
        raise NoSuchPage(f"{first} to {last} is no range of at most {MOST_SPAN} dates")
    if is_asked:
        seen = site.memory.look(
            Ask(("checks", first, last), lambda: site.records.findings(str(first), str(last)), RECENT)
        )
    found = seen.value or [] if seen else []
    rows = [
        {
            **asdict(row),
            "says": MEANINGS.get(row.name, "an invariant of another version"),
            "broken": not row.holds,
        }
        for row in found
    ]
    facts = {
        "first": first,
        "last": last,
        "findings": seen,
        "rows": sorted(rows, key=lambda row: not row["broken"]),
        "broken": sum(not row.holds for row in found),
        "looked": sum(row.checked for row in found),
        "known": INVARIANTS,
        "stale": stale(seen) if seen else [],
    }
    return Page("checks.html", "Checks", facts, NEVER, "checks")


def alerts(site: Site, asked: Asked) -> Page:
    """The newest alerts, and the signs of life row by row; three questions."""
    seen = site.memory.together({"ready": site.ready(), "raised": site.alerts(), "halt": site.halt()})
    ready: Seen[Ready] = seen["ready"]
    raised: Seen[list[Alert]] = seen["raised"]
    halt: Seen[HaltView] = seen["halt"]
    facts = {"ready": ready, "raised": raised, "life": signs_of_life(ready), "stale": stale(ready, raised)}
    known = halt.value
    facts["halt"] = halt_sentence(known) if known else None
    facts["is_halted"] = known is not None and known.status != "running"
    return Page("alerts.html", "Signs of life", facts, QUIET, "alerts")


def accuracy(site: Site, asked: Asked) -> Page:
    """Live quality by system and window, and mean absolute errors by week and system, beside the line's; two questions."""
    last = asked.day("until", site.today)
    first = last - timedelta(days=7 * WEEKS - 1)
    both = site.memory.together({"accuracy": site.accuracy(first, last), "quality": site.quality(last)})
    seen: Seen[list[Row]] = both["accuracy"]
    quality: Seen[list[Row]] = both["quality"]
    weeks: dict[date, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in seen.value or ():
        day = date.fromisoformat(str(row["game_date"]))
        weeks[last - timedelta(days=(last - day).days // 7 * 7 + 6)][str(row["system_id"])].append(row)
    systems = sorted({str(row["system_id"]) for row in seen.value or ()})
    table = [(week, {s: _weighed(own) for s, own in by.items()}) for week, by in sorted(weeks.items(), reverse=True)]
    facts = {
        "accuracy": seen,
        "quality": quality,
        "figures": [{**row, "beyond": _words(row["beyond"])} for row in quality.value or ()],
        "systems": systems,
        "weeks": table,
        "first": first,
        "last": last,
        "earlier": first - timedelta(days=1),
        "stale": stale(seen, quality),
    }
    return Page("accuracy.html", "Accuracy", facts, QUIET, "accuracy")


def _words(beyond: str | None) -> str:
    """The names of the figures that are surely beyond their limits, as words."""
    return (beyond or "").replace("_pct", "").replace("_", " ")


def _weighed(rows: list[Row]) -> Mapping[str, object]:
    """Means over dates, each weighed by its predictions."""
    number = sum(row["graded"] for row in rows)
    lined = sum(row["lined"] for row in rows)

    def mean(field: str, weight: str, total: int) -> float | None:
        known = [row for row in rows if row[field] is not None]
        return sum(row[field] * row[weight] for row in known) / total if total and known else None

    return {
        "graded": number,
        "mae": mean("mae", "graded", number),
        "bias": mean("bias", "graded", number),
        "lined_mae": mean("lined_mae", "lined", lined),
        "line_mae": mean("line_mae", "lined", lined),
        "says": f"{cell(number)} graded",
    }
