"""A few players with inputs, and two fast prediction systems, for the tests of the services."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from regen.domain import ids
from regen.domain.batch import Thresholds
from regen.domain.checks import CHECKS
from regen.domain.errors import InsufficientData
from regen.domain.estimate import Estimate, Trust
from regen.domain.inputs import Line, PlayerInputs, RecentGame, SourceTier
from regen.domain.slate_reading import SlateEntry, SlateReading
from regen.services.state.deps import Config
from regen.settings import declared, field_of, limits, number

DAY = date(2026, 1, 20)
TIP_OFF = datetime(2026, 1, 21, 0, 30, tzinfo=UTC)
SYSTEMS = ("steady", "bold")
NUMBERS = {name: field_of(name) for name, row in declared().items() if row.type in {"number", "whole"}}
BROKEN = "broken"
"""A feature that makes every system raise."""


_KEPT = frozenset({"coverage_pct", "minimum_produced", "mean_shift"})
_OFF = {c.setting: c.off for c in CHECKS if c.setting and c.off is not None and c.setting not in _KEPT}
WIDE: Thresholds = {**limits(), "mean_shift": 12.0}
LENIENT: Thresholds = {**WIDE, **_OFF}
"""Limits for random slates, which share no player and no game with the ones before."""


@dataclass(frozen=True)
class Flat:
    """A system that adds a constant to one feature."""

    system_id: str
    offset: float
    version: str = "1"
    requires: tuple[str, ...] = ("form",)

    def estimate(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Estimate:
        if inputs.features.get(BROKEN):
            raise ZeroDivisionError("a system with a defect")
        form = inputs.features["form"]
        if form is None:
            raise InsufficientData("no_form", "no form is known")
        return Estimate(form + self.offset, 5.0, 50.0, {"form": form}, trust=Trust(1.0))


_REGISTRY = {"steady": Flat("steady", 0.0), "bold": Flat("bold", 1.5)}


def config(**numbers: Any) -> Config:
    """A configuration with two systems and four players a request, so that a few players make several requests."""
    names = set(Config.__struct_fields__)
    defaults = {name: number(variable) for variable, name in NUMBERS.items() if name in names}
    settings: dict[str, Any] = {
        **defaults,
        "feature_versions": None,
        "systems": SYSTEMS,
        "retired_systems": (),
        "max_challengers": 3,
        "zones_scope": "players",
        "quality_watch": "on",
        "run_for": lambda wanted, version: tuple(_REGISTRY[name] for name in wanted),
        "players_per_request": 4,
        "hold_down_seconds": 0.0,
        "news_hold_down_seconds": 0.0,
        "promotion_wait_seconds": 1.0,
        "thresholds": WIDE,
        "code_version": "test",
        "runbook_url": "",
    }
    return Config(**{**settings, **numbers})


def entry(
    player: str,
    *,
    day: date = DAY,
    form: float | None = 20.0,
    lines: Sequence[float] = (19.5,),
    status: str = "available",
    injury: str = "available",
    minutes: float | None = 30.0,
    games: int = 5,
    quality: float = 90.0,
    features: bool = True,
    broken: bool = False,
    game: str = "0022500601",
    called_off: bool = False,
) -> SlateEntry:
    """A player of the slate; the last letter of the name decides the team."""
    team, opponent = ("BOS", "NYK") if ord(player[-1]) % 2 else ("NYK", "BOS")
    recent = tuple(_game(day - timedelta(days=n + 1), n) for n in range(games))
    inputs = PlayerInputs(
        player_lookup=player,
        game_date=day,
        game_id=game,
        team=team,
        opponent=opponent,
        home=True,
        features={"form": form, BROKEN: 1.0 if broken else 0.0},
        feature_version="v1",
        feature_hash=ids.digest(player, form),
        feature_quality=quality,
        data_source_tier=SourceTier.GOLD,
        recent_games=recent,
        lines=tuple(Line(value, "draftkings") for value in lines),
        injury_status=injury,
        game_start=TIP_OFF,
    )
    return SlateEntry(
        player_lookup=player,
        player_name=player.title(),
        game_id=game,
        team=team,
        opponent=opponent,
        home=True,
        game_start=TIP_OFF,
        status=status,
        avg_minutes=minutes,
        has_line=bool(lines),
        inputs=inputs if features else None,
        called_off=called_off,
    )


def _game(day: date, number: int) -> RecentGame:
    return RecentGame(day, f"00{number}", "BOS", "NYK", home=True, minutes=30.0, points=20)


def reading(entries: Iterable[SlateEntry], day: date = DAY) -> SlateReading:
    """The slate of a date."""
    known = tuple(entries)
    forms = [e.inputs.features.get("form") if isinstance(e.inputs.features, Mapping) else "" for e in known if e.inputs]
    return SlateReading(
        day, known, ids.digest(day, *(e.player_lookup for e in known), *forms), TIP_OFF - timedelta(hours=9)
    )


def names(number: int) -> list[str]:
    """Names of this many players."""
    return [f"player{chr(ord('a') + n % 26)}" + (str(n // 26) if n >= 26 else "") for n in range(number)]


def players(number: int = 8, **what: Any) -> list[SlateEntry]:
    """Players with complete inputs."""
    return [entry(name, form=12.0 + n, lines=(11.5 + n,), **what) for n, name in enumerate(names(number))]


def moved_players() -> list[SlateEntry]:
    """The same players with other form, so that every prediction of theirs moves."""
    return [entry(e.player_lookup, form=15.0 + n, lines=(11.5 + n,)) for n, e in enumerate(players())]


def mixed_players(rng: random.Random, number: int, day: date = DAY) -> list[SlateEntry]:
    """Random players: some out, some without a line, some with faulty data."""
    oddities: list[dict[str, Any]] = [
        {"status": "OUT"},
        {"status": "Doubtful"},
        {"injury": "out"},
        {"games": 0},
        {"games": 12},
        {"lines": ()},
        {"lines": (19.5, 20.0, 24.5)},
        {"lines": (), "minutes": 8.0},
        {"quality": 20.0},
        {"features": False},
        {"broken": True},
        {"form": None},
    ]
    made: list[SlateEntry] = []
    for name in names(number):
        oddity = rng.choice(oddities) if rng.random() < 0.25 else {}
        game = f"002250060{rng.randrange(2)}"
        what = {"form": round(rng.uniform(8, 30), 1), "game": game, "games": 1, **oddity}
        made.append(entry(name, day=day, **what))
    return made


def old_row(player: str, system: str, line: float | None, *, day: date = DAY, points: float = 18.0) -> dict[str, Any]:
    """A current row that the predecessor left."""
    return {
        "prediction_id": ids.digest("old", player, system, line, day),
        "system_id": system,
        "player_lookup": player,
        "game_date": day.isoformat(),
        "game_id": "0022500601",
        "prediction_version": 1,
        "predicted_points": points,
        "confidence_score": 60.0,
        "recommendation": "PASS" if line is not None else "NO_LINE",
        "current_points_line": line,
        "is_active": True,
        "created_at": datetime(2026, 1, 19, 12, tzinfo=UTC),
    }
