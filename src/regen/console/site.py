"""What every page is given: the ports that read, the memory of the last answers, the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from msgspec import Struct, field

from regen.api.alerts import Alert
from regen.api.batches import ListedBatch, Waiting, WholeBatch
from regen.api.halts import HaltView
from regen.api.health import Ready
from regen.client.errors import OperatorError
from regen.console.looks import Ask, Memory, Seen, utc_now
from regen.console.ports import Records, Row, Tables
from regen.console.security import Person
from regen.domain import ids
from regen.domain.dates import eastern_today, parse_game_date
from regen.domain.errors import InvalidInput

RECENT, SLOW = 15.0, 300.0
"""Seconds in which an answer of BigQuery is good enough, unless a batch has ended meanwhile."""


class NoSuchPage(OperatorError):
    """The address names something that cannot exist."""


class Target(Struct, frozen=True):
    """The system that is looked at and acted on.

    Attributes:
        words: `LOCAL STACK`, or the project and the coordinator's address.
    """

    words: str
    project: str
    is_local: bool

    def logs_of(self, batch_id: str) -> str | None:
        """The address of a batch's log lines; None on the local stack, whose logs are files."""
        if self.is_local:
            return None
        query = quote(f'jsonPayload.batch_id="{batch_id}"', safe="")
        return f"https://console.cloud.google.com/logs/query;query={query}?project={quote(self.project)}"


class Site(Struct, frozen=True, dict=True):
    """The console of one target."""

    records: Records
    tables: Tables
    target: Target
    memory: Memory = field(default_factory=Memory)
    now: Callable[[], datetime] = utc_now

    @property
    def today(self) -> date:
        """The US Eastern date."""
        return eastern_today(self.now())

    # questions, each asked by one name on every page

    def batches(self, first: date | None = None, last: date | None = None) -> Ask[list[ListedBatch]]:
        """The newest batches, of all dates or of a range; two tabs share an answer for a second."""
        names = (str(first), str(last)) if first and last else (None, None)
        return Ask(("batches", *names), lambda: self.records.batches(*names), 1.0)

    def on_date(self, game_date: str) -> Ask[tuple[list[ListedBatch], list[Waiting]]]:
        """The batches of a date, and what waits on it."""
        return Ask(("on_date", game_date), lambda: self.records.on_date(game_date), 1.0)

    def batch(self, batch_id: str) -> Ask[WholeBatch]:
        """A batch in full."""
        return Ask(("batch", batch_id), lambda: self.records.batch(batch_id))

    def ready(self) -> Ask[Ready]:
        """The signs of life."""
        return Ask(("ready",), self.records.ready, 2.0)

    def alerts(self) -> Ask[list[Alert]]:
        """The newest alerts."""
        return Ask(("alerts",), self.records.alerts, 2.0)

    def halt(self) -> Ask[HaltView]:
        """Whether the platform opens batches: asked anew each time, because an order has just changed it."""
        return Ask(("halt",), self.records.halt)

    def dates(self, first: date, last: date, batches: Sequence[ListedBatch] | None) -> Ask[list[Row]]:
        """What the tables say of the dates of a range that have a slate; asked again once one of the batches has ended."""
        return Ask(("dates", first, last), lambda: self.tables.dates(first, last), SLOW, last_end(batches or ()))

    def coverage(self, day: date, stamp: str) -> Ask[list[Row]]:
        """Coverage of a date."""
        return Ask(("coverage", day), lambda: self.tables.coverage(day), SLOW, stamp)

    def audit(self, day: date, batch_id: str, stamp: str) -> Ask[list[Row]]:
        """The acts on a date, or of a batch."""
        return Ask(("audit", day, batch_id), lambda: self.tables.audit(day, batch_id), RECENT, stamp)

    def accuracy(self, first: date, last: date, stamp: str = "") -> Ask[list[Row]]:
        """Errors by date and system."""
        return Ask(("accuracy", first, last), lambda: self.tables.accuracy(first, last), SLOW, stamp)

    def quality(self, until: date) -> Ask[list[Row]]:
        """The newest figures of live quality up to a date."""
        return Ask(("quality", until), lambda: self.tables.quality(until), SLOW)


class Asked(Struct, frozen=True):
    """A request to a page.

    Attributes:
        path: the variable parts of the address.
        query: the options, each once.
        person: who looks.
    """

    path: Mapping[str, str]
    query: Mapping[str, str]
    person: Person

    def option(self, name: str) -> str:
        """An option of the address, empty if it is not there."""
        return self.query.get(name, "").strip()[:500]

    def day(self, name: str, default: date) -> date:
        """A date among the options.

        Raises:
            NoSuchPage: it is no date.
        """
        return as_day(self.option(name)) if self.option(name) else default

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 among the options; the default for anything else."""
        text = self.option(name)
        return min(most, max(1, int(text))) if text.isdecimal() and len(text) < 7 else default


def as_day(text: str) -> date:
    """A game date in an address.

    Raises:
        NoSuchPage: it is none.
    """
    try:
        return parse_game_date(text)
    except InvalidInput as error:
        raise NoSuchPage(f"{text[:40]!r} is no date: it looks like 2026-01-20") from error


def as_id(text: str) -> str:
    """An id in an address.

    Raises:
        NoSuchPage: no document can have it.
    """
    if not ids.is_document_id(text):
        raise NoSuchPage(f"{text[:80]!r} is no id")
    return text


def last_end(batches: Sequence[ListedBatch]) -> str:
    """The newest end of a batch: what the tables say changes with it."""
    return max((batch.ended_at.isoformat() for batch in batches if batch.ended_at), default="")


def stale(*seen: Seen[Any]) -> list[Seen[Any]]:
    """The answers that are not the newest."""
    return [one for one in seen if one.error and one.value is not None]
