"""The operator's seat: the command line in this process, over the three functions on memory adapters, by way of HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from typer.testing import Result
from werkzeug.serving import make_server

from regen.adapters.memory.promoting import is_current
from regen.api.openings import OpeningAnswer
from regen.domain.promotion import StagingTable
from regen.domain.slate_reading import SlateEntry
from regen.domain.values import asdict
from support.commands import run_command
from support.league import DAY
from support.web_bench import KEY, Web

OPERATOR = "ann@laptop"
Environ = dict[str, Any]
Start = Callable[..., Any]


class Seat:
    """A coordinator on loopback, and an operator who types.

    Attributes:
        delivers: whether messages are delivered after each order, before it is answered.
    """

    def __init__(self, web: Web, home: Path) -> None:
        self.web, self.bench = web, web.bench
        self.home = home
        self.url = ""
        self.delivers = True
        self.calls: list[str] = []
        self._one = threading.Lock()

    def __call__(self, *arguments: str, env: Mapping[str, str] | None = None, typed: str | None = None) -> Result:
        """Type a command; `typed` is what stdin holds."""
        return run_command(arguments, {**self.env, **(env or {})}, typed)

    @property
    def env(self) -> dict[str, str]:
        """Where the command line looks."""
        empty = dict.fromkeys(("PROJECT_ID", "BIGQUERY_EMULATOR_HOST", "REGEN_PROFILE", "REGEN_DATASET_PREFIX"), "")
        own = {"COORDINATOR_URL": self.url, "API_KEY": KEY, "REGEN_OPERATOR": OPERATOR}
        return {**empty, **own, "REGEN_LOCAL_HOME": str(self.home), "REGEN_CONFIG": str(self.home / "config.toml")}

    def serve(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """The coordinator's application; what an order sends off is delivered before the answer."""
        with self._one:
            self.calls.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
            answer = list(self.web.apps["coordinator"](environ, start))
            if self.delivers and environ["REQUEST_METHOD"] == "POST":
                self.bench.drain()
                self.bench.clock.advance(1)
                self.bench.sweep()
            return answer

    def promoted(self, **what: Any) -> OpeningAnswer:
        """A batch that was promoted a second ago."""
        return self._ran("promoted", **what)

    def rejected(self, entries: Sequence[SlateEntry], **what: Any) -> OpeningAnswer:
        """A batch over this slate that a check has rejected."""
        self.bench.slate(entries)
        return self._ran("rejected", **what)

    def _ran(self, end: str, **what: Any) -> OpeningAnswer:
        answer = self.bench.regenerate(f"t{len(self.bench.queue.published)}", **what)
        self.bench.drain()
        self.bench.clock.advance(1)
        self.bench.sweep()
        assert self.bench.batch(answer.batch_id).status.value == end, self.bench.batch(answer.batch_id).error
        return answer


class SeatReader:
    """The tables of the memory warehouse, as the command line's statements read them."""

    project, emulator, prefix, maximum_bytes_billed = "test-project", None, "", 10**10

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self.client = self.queries = object()

    def run(self, name: str, lists: object = (), /, **values: Any) -> list[dict[str, Any]]:
        """The rows of a statement."""
        return list(getattr(self, f"_{name}")(**values))

    def rows(self, name: str, /, **values: Any) -> list[dict[str, Any]]:
        """The rows of a statement."""
        return self.run(name, **values)

    def staging_tables(self) -> list[StagingTable]:
        """What waits in staging."""
        return self._seat.bench.warehouse.staging_tables()

    def _audit(self, batch_id: str, day: date) -> Iterator[dict[str, Any]]:
        for row in self._seat.bench.warehouse.audit():
            entry = asdict(row.entry)
            if (batch_id and entry["batch_id"] == batch_id) or (not batch_id and entry["game_date"] == day):
                yield {**entry, "regeneration_timestamp": entry["at"].isoformat(), "event": row.entry.event.value}

    def _coverage(self, first: date, last: date) -> Iterator[dict[str, Any]]:
        """The dates that have a slate, of those that the seat's tests use."""
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            if entries := self._seat.bench.warehouse.read_slate(day).entries:
                yield {"game_date": day.isoformat(), "rostered_players": len(entries)}

    def _diff(self, first: date, last: date, batches: str) -> Iterator[dict[str, Any]]:
        rows = self._seat.bench.warehouse.predictions(DAY)
        by_id = {row["prediction_id"]: row for row in rows}
        for old in rows:
            if old.get("superseded_by_batch_id") in batches.split(","):
                yield _move(old, by_id.get(old.get("superseded_by_prediction_id")) or {})

    def _diff_accuracy(self, **_: object) -> Iterator[dict[str, Any]]:
        return iter(())

    def _quality_kept(self, **_: object) -> Iterator[dict[str, Any]]:
        return iter(())

    def _show(self, game_date: date, player: str, system: str) -> Iterator[dict[str, Any]]:
        for row in self._seat.bench.warehouse.predictions(game_date):
            if is_current(row) and player in {"", row["player_lookup"]} and system in {"", row["system_id"]}:
                yield {**row, "line": row["current_points_line"], "confidence": row["confidence_score"]}


def _move(old: Mapping[str, Any], fresh: Mapping[str, Any]) -> dict[str, Any]:
    named = {"line": "current_points_line", "points": "predicted_points", "recommendation": "recommendation"}
    named["tier"] = "data_source_tier"
    sides = {f"{side}_{k}": row.get(v) for side, row in (("old", old), ("new", fresh)) for k, v in named.items()}
    own = {name: old.get(name) for name in ("game_date", "player_lookup", "system_id")}
    return {**own, **sides, "reason": old.get("superseded_reason")}


@contextmanager
def seated(home: Path, entries: Sequence[SlateEntry] | None = None, **numbers: Any) -> Iterator[Seat]:
    """A seat over a bench of its own."""
    seat = Seat(Web(entries, **numbers), home)
    server = make_server("127.0.0.1", 0, seat.serve, threaded=True)
    server.log = lambda *_, **__: None  # type: ignore[method-assign]
    seat.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield seat
    finally:
        server.shutdown()
        server.server_close()
