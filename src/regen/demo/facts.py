"""The state of the tables before and after the demo's regeneration."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct

from regen.client.reader import Reader, Record

AUDIT_SECONDS = 30.0
"""Longest wait for an audit entry: one that does not commit with its act reaches the audit within two sweeps."""


class Before(Struct, frozen=True):
    """The state before the regeneration.

    Attributes:
        newest: when the newest prediction was made; predictions up to then are the old ones.
    """

    newest: datetime
    rows: int


class Facts(Struct, frozen=True):
    """The results of SQL queries after the run, by date.

    Attributes:
        standing: rows of `standing.sql`.
        ends: rows of `ends.sql`: the audit.
        coverage: percent, from the view.
    """

    before: Before
    standing: Mapping[str, Record]
    ends: Mapping[str, Sequence[Record]]
    coverage: Mapping[str, float]

    def total(self, name: str) -> int:
        """A column of the standing, over all dates."""
        return sum(int(row[name]) for row in self.standing.values())

    @property
    def lost(self) -> int:
        """Number of old predictions that are neither current, nor replaced, nor withdrawn with a reason."""
        known = ("kept_rows", "replaced_rows", "withdrawn_rows")
        return self.before.rows - sum(self.total(name) for name in known)

    @property
    def all_ends(self) -> list[Record]:
        """Every end in the audit."""
        return [end for ends in self.ends.values() for end in ends]


def before(reader: Reader, first: date, last: date) -> Before:
    """Read the state before the regeneration."""
    row = reader.run("newest", first=first, last=last)[0]
    return Before(datetime.fromisoformat(row["newest"]), row["prediction_rows"])


def read_facts(reader: Reader, dates: Sequence[date], known: Before) -> Facts:
    """Read the state after the regeneration; wait up to `AUDIT_SECONDS` for the audit."""
    first, last = min(dates), max(dates)
    wanted = {day.isoformat() for day in dates}
    deadline = time.monotonic() + AUDIT_SECONDS
    while True:
        ends: dict[str, list[Record]] = {}
        for end in reader.run("ends", first=first, last=last, before=known.newest):
            ends.setdefault(end["game_date"], []).append(end)
        if wanted <= set(ends) or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    standing = reader.run("standing", first=first, last=last, before=known.newest)
    coverage = reader.run("coverage", first=first, last=last)
    return Facts(
        before=known,
        standing={row["game_date"]: row for row in standing if row["game_date"] in wanted},
        ends=ends,
        coverage={row["game_date"]: float(row["coverage_pct"] or 0.0) for row in coverage},
    )
