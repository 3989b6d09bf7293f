"""Operators who start backfills, the scheduled scans and grades, and upstream's late data."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from regen.domain.backfill import BackfillStatus
from regen.domain.bdb import OPEN, BdbStatus, pause_after
from regen.domain.slate_reading import SlateEntry
from regen.domain.values import replace
from simulation.people import People
from simulation.upstream import Key
from support.league import DAY, SYSTEMS, entry, names, old_row, players, reading
from support.wire import KEYED, TICKED, Reply

GAMES = ("0022500600", "0022500601")
STRANGE = "failed_max_retries"


@dataclass
class BackfillRequest:
    """A requested backfill.

    Attributes:
        accepted_as: the id that the coordinator answered; None before.
    """

    key: str
    body: dict[str, Any]
    accepted_as: str | None = None


@dataclass
class Errands:
    """Plans and sends these requests, and keeps the backfills for the judge."""

    people: People
    rng: random.Random
    backfills: list[BackfillRequest] = field(default_factory=list)

    def plan(self, horizon: float) -> None:
        """Schedule all requests of the run."""
        rng, later = self.rng, self.people.world.later
        if rng.random() < 0.25:
            days = [DAY - timedelta(days=n) for n in range(1, rng.randint(2, 4))]
            self._old_dates([day for day in days if rng.random() < 0.7])
            for n in range(rng.choice((1, 1, 2))):
                asked = self._range(n, days[-1])
                later(rng.random() * horizon * 0.5, lambda asked=asked: self.request_backfill(asked))  # type: ignore[misc]
            for _ in range(rng.choice((0, 0, 1, 3))):
                later(rng.random() * horizon, self._order)
            for _ in range(rng.choice((0, 1, 3))):
                later(rng.random() * horizon, self.grade)
        if rng.random() < 0.3:
            self._wait_for_games(horizon)

    def grade(self) -> None:
        """Send the scheduler's daily grading of recent dates, sometimes twice at once."""
        for _ in range(self.rng.choice((1, 2, 2))):
            self.grade_once()

    def grade_once(self, done: Callable[[Reply | None], None] | None = None) -> None:
        """Send one such grading."""
        self.people.world.request("coordinator", "/grades", TICKED, {"days": 5}, done)

    def _old_dates(self, days: list[date]) -> None:
        for day in days:
            self.people.extra.append(day)
            made = [
                entry(name, day=day, form=round(self.rng.uniform(8, 30), 1), broken=self.rng.random() < 0.1)
                for name in names(self.rng.randint(2, 4))
            ]
            self.people.set_slate(reading(made, day))
            if self.rng.random() < 0.5:
                rows = [old_row(e.player_lookup, system, 19.5, day=day) for e in made for system in SYSTEMS]
                self.people.world.warehouse.seed_predictions(rows)

    def _range(self, number: int, first: date) -> BackfillRequest:
        rng = self.rng
        body: dict[str, Any] = {
            "from": first.isoformat(),
            "to": (DAY + timedelta(days=rng.choice((-1, 0, 0, 1)))).isoformat(),
            "reason": "backfill",
            "max_concurrent_dates": rng.choice((1, 1, 2, 3)),
            "backwards": rng.random() < 0.3,
            "only": rng.choice(("all", "all", "all", "missing", "failed")),
        }
        return BackfillRequest(f"range-{number}", body)

    # backfills

    def request_backfill(self, asked: BackfillRequest, tries: int = 4) -> None:
        """Request a backfill; retry while the coordinator does not answer."""
        if asked not in self.backfills:
            self.backfills.append(asked)

        def answered(reply: Reply | None) -> None:
            if reply is not None and reply.status == 202:
                asked.accepted_as = reply.body["backfill_id"]
            elif (reply is None or reply.status >= 500) and tries:
                self.people.world.later(20.0, lambda: self.request_backfill(asked, tries - 1))

        headers = {**KEYED, "HTTP_IDEMPOTENCY_KEY": asked.key}
        self.people.world.request("coordinator", "/backfills", headers, asked.body, answered)

    def _order(self) -> None:
        found = self.people.world.store.peek_all("backfills")
        if found:
            self._order_backfill(
                self.rng.choice(found)["backfill_id"], self.rng.choice(("pause", "pause", "resume", "cancel"))
            )

    def _order_backfill(self, backfill_id: str, word: str) -> None:
        self.people.world.request("coordinator", f"/backfills/{backfill_id}/{word}", KEYED, {})

    def resume_all(self) -> None:
        """Resume every paused backfill, as its operator would."""
        for data in self.people.world.store.peek_all("backfills"):
            if data["status"] == BackfillStatus.PAUSED:
                self._order_backfill(data["backfill_id"], "resume")

    # late data

    def _wait_for_games(self, horizon: float) -> None:
        world, rng = self.people.world, self.rng
        for day in self.people.days:
            for game in GAMES:
                if rng.random() < 0.6:
                    status = STRANGE if rng.random() < 0.05 else BdbStatus.PENDING.value
                    world.ledger.expect(day, game, status, tip_off=world.clock.now() - timedelta(hours=10))
        for key in list(world.ledger.games):
            at = rng.random() * horizon * 0.6
            world.later(at, lambda key=key: world.ledger.arrive(key))  # type: ignore[misc]
            for _ in range(rng.choice((1, 1, 2))):
                soon = at + (rng.random() - 0.2) * 0.3 * horizon
                share = rng.choice((1.0, 1.0, 0.5))
                world.later(max(0.0, soon), lambda key=key, share=share: self.rebuild(key, share))  # type: ignore[misc]
        for _ in range(rng.randint(2, 6)):
            world.later(rng.random() * horizon, self.scan)
        if rng.random() < 0.5:
            world.later(rng.random() * horizon, self._advance_hours)

    def _advance_hours(self) -> None:
        self.people.world.now += self.rng.choice((3700.0, 7300.0))

    def scan(self, done: Callable[[Reply | None], None] | None = None) -> None:
        """Send the scheduler's hourly scan."""
        self.people.world.request("coordinator", "/bdb/scan", TICKED, {}, done)

    def rebuild(self, key: Key, share: float = 1.0) -> None:
        """Rebuild the features of a game, or of a share of its players, mostly with other values."""
        day, game = key
        slate = self.people.world.warehouse.read_slate(day)
        made = [self._again(e) if e.game_id == game and self.rng.random() < share else e for e in slate.entries]
        if made:
            self.people.set_slate(reading(made, day))

    def _again(self, known: SlateEntry) -> SlateEntry:
        old = known.inputs
        if old is None:
            return known
        form = old.features["form"]
        if form is not None and self.rng.random() < 0.9:
            form = round(form + self.rng.choice((-0.5, 0.5, 1.0)), 1)
        fresh = entry(known.player_lookup, day=old.game_date, game=known.game_id, form=form).inputs
        assert fresh is not None
        features = {**old.features, "form": form}
        now = self.people.world.clock.now()
        return replace(
            known,
            inputs=replace(old, features=features, feature_hash=fresh.feature_hash, features_built_at=now),
        )

    def finish_upstream(self) -> None:
        """Deliver all late data, and rebuild all features from it."""
        ledger = self.people.world.ledger
        for key, game in list(ledger.games.items()):
            ledger.arrive(key)
            if game.status in OPEN and (game.status == BdbStatus.PENDING or ledger.measured(game).old_features):
                self.rebuild(key)

    def next_attempt(self) -> float | None:
        """Seconds until the next attempt of a game is due by every clock; None if there is none."""
        world = self.people.world
        apart = 2 * max(world.skews)
        waiting = [g for g in world.ledger.games.values() if g.status == BdbStatus.REGENERATING]
        ends = [(g.updated_at or g.began) + pause_after(g.attempts) for g in waiting]
        due = [(end - world.clock.now()).total_seconds() for end in ends]
        return min((max(0.0, seconds) for seconds in due if seconds > -apart), default=None)

    def set_up_scene(self, scene: str) -> None:
        """Add to a small batch's world what the scenes of a backfill and of a scan need."""
        if scene == "backfill":
            self.people.extra.append(DAY - timedelta(days=1))
            self.people.set_slate(reading(players(2, day=DAY - timedelta(days=1)), DAY - timedelta(days=1)))
            first = (DAY - timedelta(days=2)).isoformat()
            body = {"from": first, "to": DAY.isoformat(), "reason": "backfill", "max_concurrent_dates": 1}
            self.request_backfill(BackfillRequest("range-0", body), tries=1000)
        elif scene == "scan":
            ledger = self.people.world.ledger
            ledger.expect(DAY, GAMES[1])
            ledger.arrive((DAY, GAMES[1]))
            self.rebuild((DAY, GAMES[1]))
            self.scan()
