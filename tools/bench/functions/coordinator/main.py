"""The coordinator's opening of a batch, on a slate of invented players instead of one read from the warehouse."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache

import flask
import functions_framework

from regen.domain.batch import Kind
from regen.domain.inputs import PlayerInputs, RecentGame, SourceTier
from regen.domain.slate_reading import SlateEntry, SlateReading
from regen.domain.trigger import Source, Trigger
from regen.domain.values import replace
from regen.services.batch.opening import open_batch
from regen.services.state.deps import Deps
from regen.web.bootstrap import app
from regen.web.http import Call, Reply, Route, Router


class InventedSlate:
    """A warehouse that knows one thing: how many players to invent."""

    def __init__(self, players: int) -> None:
        self._players = players

    def read_slate(self, game_date: date) -> SlateReading:
        games = (RecentGame(game_date.replace(year=2020), "g0", "AAA", "BBB", home=True, minutes=30.0, points=10),)
        entries = [_entry(number, game_date, games) for number in range(self._players)]
        return SlateReading(game_date, entries, "bench", None)


def _entry(number: int, game_date: date, games: tuple[RecentGame, ...]) -> SlateEntry:
    name = f"p{number:06d}"
    features = {"points_avg_last_5": 10.0, "points_avg_last_10": 11.0, "points_avg_season": 12.0}
    inputs = PlayerInputs(
        name, game_date, "g1", "AAA", "BBB", True, features, "bench", "0", 100.0, SourceTier.GOLD, recent_games=games
    )
    return SlateEntry(name, name, "g1", "AAA", "BBB", True, None, "available", 30.0, False, inputs)


@cache
def deps() -> Deps:
    """The real store and queue."""
    return app(with_warehouse=False).deps


def submit(call: Call) -> Reply:
    """Open one batch of N players."""
    body = call.json()
    wired = replace(
        deps(), warehouse=InventedSlate(body["players"]), config=replace(deps().config, systems=("workload",))
    )
    trigger = Trigger(
        wired.ids.suffix(), date.fromisoformat(body["game_date"]), Kind.REGENERATION, "bench", Source.HTTP, "bench",
        datetime.now(UTC),
    )  # fmt: skip
    answer = open_batch(wired, trigger)
    return 202, {"batch_id": answer.batch_id, "requests": answer.requests}


@cache
def router() -> Router:
    """One route."""
    totals = app(with_warehouse=False).totals
    health = Route("GET", "/health", None, lambda _: (200, {}))
    return Router([health, Route("POST", "/submit", None, submit)], totals)


@functions_framework.http
def main(request: flask.Request) -> flask.Response:
    """Answer one request."""
    return router()(request)
