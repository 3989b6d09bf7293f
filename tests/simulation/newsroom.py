"""News before tip-off: statuses and lines that change, the scans for them, and upstreams that push."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from regen.domain.inputs import Line
from regen.domain.slate_reading import SlateEntry, SlateReading
from regen.domain.values import replace
from regen.ports import Message
from regen.services.state.deps import TRIGGER_TOPIC
from simulation.people import People
from simulation.ports import EPOCH
from support.league import DAY, names
from support.wire import TICKED, Reply

STATUSES = ("out", "out", "doubtful", "questionable", "available", "available")
MOST_SCANS = 40


@dataclass
class Newsroom:
    """Plans the news of a run, and the scans for it.

    Attributes:
        told: whether there is any news in this run.
        last: the answer of the last scan.
    """

    people: People
    rng: random.Random
    told: bool = False
    last: Reply | None = None
    _slates: int = field(default=0)

    def plan(self, horizon: float) -> None:
        """Schedule the news of the run."""
        rng, later = self.rng, self.people.world.later
        if rng.random() > 0.2:
            return
        self.told = True
        if rng.random() < 0.4:
            start = EPOCH + timedelta(seconds=rng.random() * horizon)
            self._change(DAY, lambda e: self._starting(e, start) if e.game_id.endswith("0") else e)
        for _ in range(rng.choice((1, 3, 6))):
            at = rng.random() * horizon * 0.7
            later(at, self._say)
            later(at + rng.random() * 20.0, self.scan)
        if rng.random() < 0.3:
            player = rng.choice(names(4))
            for n in range(rng.choice((4, 9))):
                status = ("out", "available")[n % 2]
                later(horizon * (0.1 + 0.09 * n), lambda status=status: self._say(player, status))  # type: ignore[misc]
                later(horizon * (0.1 + 0.09 * n) + 5.0, self.scan)
        for _ in range(rng.choice((0, 2, 4))):
            at = rng.random() * horizon
            for _ in range(rng.choice((1, 2, 2))):
                later(at, self.scan)
        for _ in range(rng.choice((0, 1, 2))):
            later(rng.random() * horizon, self._push)

    def scan(self) -> None:
        """Send the scheduler's scan."""

        def answered(reply: Reply | None) -> None:
            self.last = reply

        self.people.world.request("coordinator", "/news/scan", TICKED, {}, answered)

    def waits(self) -> bool:
        """Whether the last scan has left anything undone."""
        if self.last is None or self.last.status != 200:
            return True
        return bool({"regenerate", "wait"} & self.last.body["counts"].keys())

    def _push(self) -> None:
        body: dict[str, Any] = {"mode": "news", "game_date": DAY.isoformat()}
        if self.rng.random() < 0.5:
            body["players"] = self.rng.sample(names(6), 2)
        self.people.world.post(TRIGGER_TOPIC, Message(body))

    def _say(self, player: str | None = None, status: str | None = None) -> None:
        """Upstream says something else of one player, mostly the status."""
        rng, day = self.rng, self.rng.choice(self.people.days)
        who = player or rng.choice(names(self.people.most))
        if player is None and rng.random() < 0.3:
            lines = tuple(Line(rng.choice((14.5, 19.5, 24.5)), "draftkings") for _ in range(1))
            self._change(day, lambda e: self._offered(e, lines) if e.player_lookup == who else e)
            return
        said = status or rng.choice(STATUSES)
        self._change(day, lambda e: self._told(e, said) if e.player_lookup == who else e)

    def set_up_scene(self, scene: str) -> None:
        """Rule out one player of the scene, and scan."""
        if scene == "news":
            self.told = True
            self._change(DAY, lambda e: self._told(e, "out") if e.player_lookup == "playera" else e)
            self.scan()

    def _change(self, day: date, change: Callable[[SlateEntry], SlateEntry]) -> None:
        known = self.people.world.warehouse.read_slate(day)
        self._slates += 1
        name = f"{known.snapshot[:20]}n{self._slates}"
        self.people.set_slate(SlateReading(day, tuple(map(change, known.entries)), name, known.features_built_at))

    @staticmethod
    def _told(e: SlateEntry, status: str) -> SlateEntry:
        return replace(e, status=status, inputs=replace(e.inputs, injury_status=status) if e.inputs else None)

    @staticmethod
    def _offered(e: SlateEntry, lines: tuple[Line, ...]) -> SlateEntry:
        return replace(e, has_line=True, inputs=replace(e.inputs, lines=lines)) if e.inputs else e

    @staticmethod
    def _starting(e: SlateEntry, start: Any) -> SlateEntry:
        return replace(e, game_start=start, inputs=replace(e.inputs, game_start=start) if e.inputs else None)
