"""News before tip-off, timed: from the accepted scan, or message, to the promoted batch of one game, at production's hold-down.

The sample league plays in the past, and nothing is news there: one of its dates is loaded as if it were tomorrow.
"""

from __future__ import annotations

import base64
import json
import time
import urllib.request
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bench import five_dates
from regen import league
from regen.adapters.bigquery.clients import emulator_client
from regen.adapters.bigquery.loading import TableLoader
from regen.client.coordinator import Coordinator
from regen.data.importer import ImportOptions, import_data
from regen.domain.dates import eastern_today
from regen.local.plan import Options
from regen.local.stack import Stack
from regen.settings import number

PLAYED = five_dates.DATES[0]
SLATES = "upcoming_player_game_context"
HOLD_DOWN = "REGEN_NEWS_HOLD_DOWN_SECONDS"
WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Moved:
    """The rows of one table, on other dates."""

    table: str
    rows: Sequence[Mapping[str, Any]]
    dates: Sequence[date]


class Later:
    """A loader that moves everything by whole days; what would then lie ahead of now was made just now."""

    def __init__(self, loader: TableLoader, by: timedelta, now: datetime) -> None:
        self._loader, self._by, self._now = loader, by, now
        self.slates: list[dict[str, Any]] = []

    def replace(self, parts: Sequence[Any]) -> None:
        """Load the rows of whole dates."""
        moved = [Moved(p.table, [self._row(row) for row in p.rows], [d + self._by for d in p.dates]) for p in parts]
        self.slates += [dict(row) for part in moved if part.table == SLATES for row in part.rows]
        self._loader.replace(moved)

    def held(self, table: str, dates: Collection[date]) -> int:
        """As the loader."""
        return self._loader.held(table, {day + self._by for day in dates})

    def rows(self, table: str, columns: Sequence[str], dates: Collection[date]) -> list[Mapping[str, Any]]:
        """As the loader."""
        return self._loader.rows(table, columns, {day + self._by for day in dates})

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: moved(name, value, self._by, self._now) for name, value in row.items()}


def moved(name: str, value: object, by: timedelta, now: datetime) -> object:
    """A value of a row, moved if it is a date or a moment. Only the start of a game may lie ahead."""
    if not isinstance(value, str) or not value[:4].isdigit() or value[4:5] != "-":
        return value
    try:
        if len(value) == len("2026-01-20"):
            return (date.fromisoformat(value) + by).isoformat()
        moment = datetime.fromisoformat(value) + by
    except ValueError:
        return value
    if not name.startswith("game_start"):
        moment = min(moment, now - timedelta(minutes=1))
    return moment.isoformat()


def run(build: Path, runs: int, *, emulators: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Rule a starter out and bring him back, in turn by a scan and by a message; return the seconds of each."""
    hold_down = number(HOLD_DOWN)
    options = Options(home=build / "news", build=build, emulators=emulators, variables={HOLD_DOWN: f"{hold_down:g}"})
    now = datetime.now(UTC)
    day = eastern_today(now) + timedelta(days=1)
    times: list[dict[str, Any]] = []
    with Stack(options) as stack:
        loader = TableLoader(emulator_client(stack.urls["bigquery"], options.project), options.project)
        later = Later(loader, day - PLAYED, now)
        import_data(league.as_data(league.generate()), later, ImportOptions(dates=frozenset({PLAYED})))
        slate = [row for row in later.slates if row["game_date"] == day.isoformat()]
        coordinator = Coordinator(stack.urls["coordinator"], stack.env["API_KEY"])
        five_dates.run_dates(stack, coordinator, "/start", {}, (day,))
        starter = max(
            (row for row in slate if row["has_prop_line"] and row["player_status"] not in {"out", "doubtful"}),
            key=lambda row: row["avg_minutes_per_game_last_7"] or 0.0,
        )
        for turn in range(runs):
            time.sleep(hold_down + 1.0)
            starter["player_status"] = ("out", "available")[turn % 2]
            loader.load(SLATES, slate, replace_dates={day})
            times.append(_once(coordinator, day, by_message=turn % 2 == 1))
            say(f"  {times[-1]['by']}: {times[-1]['players']} players in {times[-1]['seconds']:.2f} s")
        stack.check()
    return {"seconds": max(row["seconds"] for row in times), "hold_down_seconds": hold_down, "runs": times}


def _once(coordinator: Coordinator, day: date, *, by_message: bool) -> dict[str, Any]:
    known = {batch.batch_id for batch in coordinator.on_date(day.isoformat())[0]}
    began = datetime.now(UTC)
    if by_message:
        data = base64.b64encode(json.dumps({"mode": "news", "game_date": day.isoformat()}).encode()).decode()
        message = {"data": data, "messageId": f"bench-{began.timestamp()}", "attributes": {}}
        body = json.dumps({"message": message, "subscription": "bench"}).encode()
        headers = {"X-API-Key": coordinator.key or "", "Content-Type": "application/json"}
        asked = urllib.request.Request(f"{coordinator.url}/regenerate-pubsub", body, headers)  # noqa: S310 - loopback
        with urllib.request.urlopen(asked, timeout=WAIT_SECONDS):  # noqa: S310
            pass
    else:
        coordinator.scan_news({})
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        for batch in coordinator.on_date(day.isoformat())[0]:
            if batch.batch_id not in known and batch.ended_at:
                if batch.status != "promoted":
                    raise SystemExit(f"{batch.batch_id} is {batch.status}: {batch.error}")
                seconds = (batch.ended_at - began).total_seconds()
                by = "message" if by_message else "scan"
                return {"by": by, "seconds": round(seconds, 3), "players": batch.requested}
        time.sleep(0.2)
    raise SystemExit(f"no batch of news has ended on {day} within {WAIT_SECONDS:g} s")
