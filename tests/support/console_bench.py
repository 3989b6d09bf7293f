"""The console over the three functions on memory adapters, and a browser without a screen that looks at it."""

from __future__ import annotations

import asyncio
import gzip
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from regen.client.drifting import by_date
from regen.console.app import application
from regen.console.looks import Memory
from regen.console.ports import Row
from regen.console.security import LinkGate
from regen.console.site import Site, Target
from regen.console.sources import CoordinatorOrders, CoordinatorRecords
from regen.domain.slate import exclusion
from regen.domain.slate_reading import SlateEntry
from regen.schemas import table
from support.league import DAY
from support.web_bench import Web
from support.wired_coordinator import WiredCoordinator

PORT = 8765
HOST = f"127.0.0.1:{PORT}"


class MemoryTables:
    """The port `Tables` over the memory warehouse.

    Attributes:
        awaited_rows: what `pending_bdb_games` has.
        figures: what `prediction_quality` has.
        asked: the names of the questions, in order.
    """

    def __init__(self, web: Web) -> None:
        self._bench = web.bench
        self.awaited_rows: list[Row] = []
        self.scored: dict[str, int] = {}
        self.grades: list[Row] = []
        self.figures: list[Row] = []
        self.asked: list[str] = []

    def _rows(self, day: date) -> Sequence[Any]:
        return self._bench.warehouse.predictions(day)

    def dates(self, first: date, last: date) -> list[Row]:
        self.asked.append("dates")
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return [row for day in days for row in self._date(day)]

    def _date(self, day: date) -> list[Row]:
        found = self.coverage(day)
        self.asked.pop()
        if not found:
            return []
        current = [r for r in self._rows(day) if not r.get("superseded")]
        games = [g for g in self.awaited_rows if g["game_date"] == day.isoformat()]
        gold = sum(r["data_source_tier"] == "GOLD" for r in current)
        oldest = min((g["game_start_time"] for g in games), default=None)
        return [
            {
                **found[0],
                "current_rows": len(current),
                "gold_rows": gold,
                "awaited_games": len(games),
                "oldest_start": oldest,
            }
        ]

    def _entries(self, day: date) -> Sequence[SlateEntry]:
        known = self._bench.warehouse._slates.get(day)
        return known.entries if known else ()

    def coverage(self, game_date: date) -> list[Row]:
        self.asked.append("coverage")
        entries = self._entries(game_date)
        if not entries:
            return []
        expected = {e.player_lookup for e in entries if exclusion(e, 15.0) is None}
        covered = expected & {r["player_lookup"] for r in self._rows(game_date) if not r.get("superseded")}
        return [
            {
                "game_date": game_date.isoformat(),
                "rostered_players": len(entries),
                "excluded_players": len(entries) - len(expected),
                "skipped_players": 0,
                "expected_players": len(expected),
                "players_with_predictions": len(covered),
                "coverage_pct": round(100 * len(covered) / len(expected), 1) if expected else None,
                "missing_players": sorted(expected - covered),
            }
        ]

    def slate(self, game_date: date) -> list[Row]:
        self.asked.append("slate")
        return [
            {
                "player_lookup": e.player_lookup,
                "team": e.team,
                "opponent": e.opponent,
                "status": e.status,
                "avg_minutes": e.avg_minutes,
                "has_line": e.has_line,
                "tier": "GOLD",
                "standing": f"excluded: {why}" if (why := exclusion(e, 15.0)) else "requested",
            }
            for e in self._entries(game_date)
        ]

    def current(self, game_date: date) -> list[Row]:
        self.asked.append("current")
        return [
            {
                "player_lookup": r.player_lookup,
                "game_id": r.game_id,
                "predicted_points": r.points,
                "line": r.line,
                "recommendation": r.recommendation,
                "data_source_tier": r.data_source_tier,
            }
            for r in self._bench.warehouse.current_predictions(game_date)
        ]

    def audit(self, game_date: date, batch_id: str = "") -> list[Row]:
        self.asked.append("audit")
        entries = [row.entry for row in self._bench.warehouse.audit()]
        return [
            {
                "regeneration_timestamp": e.at.isoformat(),
                "event": e.event.value,
                "reason": e.reason,
                "triggered_by": e.triggered_by,
                "batch_id": e.batch_id,
                "error": e.error,
                "metadata": dict(e.metadata),
            }
            for e in entries
            if e.game_date == game_date and batch_id in {"", e.batch_id}
        ]

    def awaited(self, first: date, last: date, *, every: bool) -> list[Row]:
        self.asked.append("awaited")
        return [g for g in self.awaited_rows if first.isoformat() <= g["game_date"] <= last.isoformat()]

    def zones(self, first: date, last: date) -> list[Row]:
        self.asked.append("zones")
        return list(by_date(self._bench.deps.books.zone_drifts(first, last)))

    def accuracy(self, first: date, last: date) -> list[Row]:
        self.asked.append("accuracy")
        return [g for g in self.grades if first.isoformat() <= g["game_date"] <= last.isoformat()]

    def quality(self, until: date) -> list[Row]:
        self.asked.append("quality")
        found = [row for row in self.figures if row["as_of_date"] <= until.isoformat()]
        return [row for row in found if row["as_of_date"] == max(one["as_of_date"] for one in found)]

    def player(self, player: str, first: date, last: date) -> list[Row]:
        self.asked.append("player")
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return [
            {
                "game_date": day.isoformat(),
                "system_id": r["system_id"],
                "points": float(r["predicted_points"]),
                "line": r["current_points_line"],
                "recommendation": r["recommendation"],
                "tier": r["data_source_tier"],
                "retrospective": r.get("retrospective"),
                "batch_id": r["batch_id"],
                "created_at": r["created_at"],
                "superseded_at": r.get("superseded_at"),
                "superseded_reason": r.get("superseded_reason"),
                "is_current": not r.get("superseded"),
                "actual_points": self.scored.get(player),
            }
            for day in days
            for r in self._rows(day)
            if r["player_lookup"] == player
        ]


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        wire: bytes of the body as it was sent.
    """

    status: int
    headers: Mapping[str, str]
    text: str
    wire: int

    def form(self, css: str) -> dict[str, str]:
        """The fields of the form of a class, as a browser would send them; a ticked box has its value."""
        found = re.search(rf'<form class="{css}".*?</form>', self.text, re.DOTALL)
        assert found, f"no form {css}: {self.text[-1500:]}"
        fields = {}
        for tag in re.findall(r"<input[^>]*>", found[0]):
            attributes = {k: html.unescape(v) for k, v in re.findall(r'([\w-]+)="([^"]*)"', tag)}
            if attributes.get("type") != "checkbox" or " checked" in tag:
                fields[attributes.get("name", "")] = attributes.get("value", "")
        return fields


@dataclass
class Browser:
    """Keeps cookies and sends the headers that browsers send."""

    app: Any
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, b"", {"sec-fetch-site": "same-origin", **_headers(headers)})

    def fragment(self, path: str, etag: str = "") -> Answer:
        more = {"x-regen-fragment": "main", **({"if-none-match": etag} if etag else {})}
        return self.send("GET", path, b"", {"sec-fetch-site": "same-origin", **more})

    def post(self, path: str, form: Mapping[str, str], **headers: str) -> Answer:
        own = {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}
        own["content-type"] = "application/x-www-form-urlencoded"
        sent = {k: v for k, v in {**own, **_headers(headers)}.items() if v}
        return self.send("POST", path, urlencode(form).encode(), sent)

    def follow(self, path: str) -> Answer:
        """Get, and go where it sends one."""
        answer = self.get(path)
        while answer.status == 303:
            answer = self.get(answer.headers["location"])
        return answer

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        where = urlsplit(path)
        given = {"host": HOST, "accept-encoding": "gzip", **headers}
        if self.cookies:
            given.setdefault("cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": where.path,
            "raw_path": where.path.encode(),
            "query_string": where.query.encode(),
            "headers": [(k.encode(), v.encode()) for k, v in given.items() if v],
            "server": ("127.0.0.1", PORT),
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        found = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
        raw = b"".join(m.get("body", b"") for m in sent[1:])
        if cookie := found.get("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        text = gzip.decompress(raw) if found.get("content-encoding") == "gzip" else raw
        return Answer(sent[0]["status"], found, text.decode(), len(raw))


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in given.items()}


class ConsoleBench:
    """A console with everything behind it."""

    def __init__(self, entries: Sequence[SlateEntry] | None = None, **numbers: Any) -> None:
        self.web = Web(entries, **numbers)
        self.bench = self.web.bench
        self.coordinator = WiredCoordinator.of(self.web)
        self.tables = MemoryTables(self.web)
        self.memory = Memory(self.bench.clock.now)
        self.gate = LinkGate(PORT, "olga")
        self._browser: Browser | None = None
        records = CoordinatorRecords(self.coordinator)
        target = Target("LOCAL STACK", "nba-props-platform", is_local=True)
        self.site = Site(records, self.tables, target, self.memory, self.bench.clock.now)
        self.app = application(self.site, CoordinatorOrders(self.coordinator), self.gate)

    @property
    def orders(self) -> list[tuple[str, Any, str]]:
        """What was asked of the coordinator that is no dry run: path, body, idempotency key."""
        asked = self.coordinator.asked
        return [
            (path, body, headers.get("Idempotency-Key", ""))
            for method, path, body, headers in asked
            if method == "POST" and path != "/checks" and not (body or {}).get("dry_run")
        ]

    def leave(self) -> None:
        """The coordinator goes away."""
        self.coordinator.away.append(True)

    def browser_again(self) -> Browser:
        """The same browser, in another tab; opens the link if none has."""
        self._browser = self._browser or self.browser()
        return self._browser

    def browser(self) -> Browser:
        """One that has opened the link."""
        browser = Browser(self.app)
        where = urlsplit(self.gate.link)
        answer = browser.send("GET", f"{where.path}?{where.query}", b"", {"sec-fetch-site": "none"})
        assert answer.status == 303, answer.text
        return browser


def game(day: date = DAY, status: str = "pending_bdb", number: int = 1) -> Row:
    """A game whose late data is awaited."""
    start = datetime.fromisoformat(f"{day}T23:30:00+00:00")
    return {
        "game_date": day.isoformat(),
        "game_id": f"00225006{number:02}",
        "home_team": "NYK",
        "away_team": "BOS",
        "status": status,
        "game_start_time": start.isoformat(),
        "bdb_available_at": None,
        "bdb_check_count": 3,
        "attempts": 0,
        "completed_at": None,
        "resolution_notes": None,
    }


def grade(day: date = DAY, system: str = "steady") -> Row:
    """Errors of a date and a system."""
    return {
        "game_date": day.isoformat(), "system_id": system, "graded": 12, "mae": 5.25, "bias": -0.2, "lined": 8,
        "lined_mae": 5.5, "line_mae": 5.125,
    }  # fmt: skip


def figures(as_of: date = DAY, system: str = "steady", beyond: str | None = None) -> Row:
    """Live quality of a system over a week."""
    known = {
        "as_of_date": as_of.isoformat(), "window_days": 7, "system_id": system, "graded": 1234, "mae": 5.25, "mae_low": 5.0,
        "mae_high": 5.5, "bias": -0.2, "over_share_pct": 91.5, "beyond": beyond,
    }  # fmt: skip
    return {name: known.get(name) for name in table("prediction_quality").columns}


def query(text: str) -> dict[str, str]:
    """The options of an address."""
    return dict(parse_qsl(urlsplit(text).query))
