"""Simulation of one game: minutes, shots by zone, free throws and the rest of the box score."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from msgspec import Struct

from regen.data.slates import Game
from regen.domain.values import replace
from regen.features.records import GameLog, ShotZones
from regen.league.players import ZONE_MAKE, ZONES, Player, poisson

_SHOTS = 88.6
"""Field goals that a team attempts in 240 player-minutes."""
_TRIPS = 12.0
"""Trips to the free-throw line."""
_WORTH = tuple(3 if zone in {"corner3", "above_break3", "backcourt"} else 2 for zone in ZONES)
_OVERTIME = 0.044
_REVERSION = 0.007
"""Decrease of the share of shots made per point above expectation: teams that lead ease off."""
_HOME = 0.009
"""Home advantage, as a share of shots made."""


class Strength(Struct, frozen=True):
    """A team's own shooting, and its effect on that of its opponents, as shares of shots made."""

    attack: float
    defence: float


class Side(Struct, frozen=True):
    """One team of a game: its available players, in order of minutes."""

    team: str
    players: Sequence[Player]
    strength: Strength


def expected_points(side: Side, other: Side, *, home: bool) -> dict[str, tuple[float, float]]:
    """Expected minutes and points by player key, from the league's hidden state."""
    able = [player.able for player in side.players]
    rotation = sum(able[:10])
    minutes = [min(37.0, a * 236 / rotation) if place < 10 else a * 0.45 for place, a in enumerate(able)]
    weights = [m * p.usage * (1 + p.touch) for m, p in zip(minutes, side.players, strict=True)]
    trips = [w * p.free_throws for w, p in zip(weights, side.players, strict=True)]
    make = 1 + side.strength.attack - other.strength.defence + (_HOME if home else -_HOME)
    all_weights, all_trips = sum(weights), sum(trips)
    return {
        p.key: (m, _SHOTS * w / all_weights * _per_shot(p) * make + 2.05 * _TRIPS * t / all_trips * p.free_throw_make)
        for p, m, w, t in zip(side.players, minutes, weights, trips, strict=True)
    }


def _per_shot(player: Player) -> float:
    previous, total = 0.0, 0.0
    for edge, chance, worth in zip(player.zones, ZONE_MAKE, _WORTH, strict=True):
        total += (edge - previous) * chance * worth
        previous = edge
    return total / previous * player.skill


def play(random: Random, game: Game, season: str, home: Side, away: Side) -> tuple[list[GameLog], list[ShotZones]]:
    """The box scores and the shots of one game."""
    length = 240.0
    while random.random() < _OVERTIME:
        length += 25
    pace = random.gauss(1.0, 0.042) * length / 240
    tension = abs(random.gauss(home.strength.attack - away.strength.attack, 1.0))
    garbage = max(0.0, tension - 1.15)
    logs: list[GameLog] = []
    zones: list[ShotZones] = []
    for side, other in ((home, away), (away, home)):
        make = 1 + side.strength.attack - other.strength.defence
        make += _HOME if side is home else -_HOME
        minutes = _minutes(random, side.players, length, garbage)
        on = [(player, m) for player, m in zip(side.players, minutes, strict=True) if m > 0]
        # A team's minutes must add up to the game's: what starters do not play is shared among all players.
        share = max(1.0, length / sum(minutes))
        for place, ((player, m), shot) in enumerate(zip(on, _shoot(random, on, pace, make), strict=True)):
            log = _box(random, game, season, player, m, shot, starter=place < 5)
            logs.append(replace(log, minutes=round(m * share, 2)))
            if player.tracked and any(shot.attempts):
                zones.append(_zones(game, player.key, shot))
    return logs, zones


def _minutes(random: Random, players: Sequence[Player], length: float, garbage: float) -> list[float]:
    """Minutes by player, adding up to the game's; 0 for players who stay on the bench."""
    depth = random.choices((9, 10, 11), (0.45, 0.4, 0.15))[0]
    wanted = []
    for place, player in enumerate(players):
        if place < depth:
            want = player.able * (1 - 0.10 * min(1.5, garbage) * (place < 6)) + random.gauss(0, 4.3)
            if random.random() < 0.012:
                want *= random.uniform(0.1, 0.7)
            wanted.append(max(2.0 + 3 * random.random(), want))
        elif random.random() < (0.9 if garbage > 0 else 0.32 if place < depth + 4 else 0.05):
            wanted.append(random.uniform(1.0, 7.0) + 6 * min(1.0, garbage))
        else:
            wanted.append(0.0)
    for _ in range(2):
        factor = length / sum(wanted)
        wanted = [_capped(want * factor) for want in wanted]
    return [round(want, 2) for want in wanted]


def _capped(minutes: float) -> float:
    """The minutes, compressed above 36: coaches rarely give more."""
    return minutes if minutes < 34 else 34 + (minutes - 34) * 0.45


class _Shooting(Struct):
    attempts: list[int]
    made: list[int]
    free_throws: int = 0
    free_throws_made: int = 0

    @property
    def points(self) -> int:
        return self.free_throws_made + sum(m * worth for m, worth in zip(self.made, _WORTH, strict=True))


def _shoot(random: Random, on: Sequence[tuple[Player, float]], pace: float, make: float) -> list[_Shooting]:
    """Distribute the team's shots and free throws among the players on the floor, and draw which are made."""
    weights = [m * p.usage * (1 + p.touch) * random.lognormvariate(0, p.loose) for p, m in on]
    places = range(len(on))
    results = [_Shooting([0] * len(ZONES), [0] * len(ZONES)) for _ in on]
    draw = random.random
    ahead = 0.0
    for place in random.choices(places, weights, k=round(_SHOTS * pace + random.gauss(0, 2.5))):
        player = on[place][0]
        at = draw() * player.zones[-1]
        zone = 0
        while at > player.zones[zone]:
            zone += 1
        results[place].attempts[zone] += 1
        chance = ZONE_MAKE[zone] * player.skill * make
        if draw() < chance * (1 - _REVERSION * ahead):
            results[place].made[zone] += 1
            ahead += _WORTH[zone]
        ahead -= chance * _WORTH[zone]
    fouled = [w * p.free_throws for w, (p, _) in zip(weights, on, strict=True)]
    for place in random.choices(places, fouled, k=max(2, round(random.gauss(_TRIPS * pace, 2.0)))):
        kind = draw()
        for _ in range(2 if kind < 0.85 else 3 if kind > 0.95 else 1):
            results[place].free_throws += 1
            results[place].free_throws_made += draw() < on[place][0].free_throw_make
    return results


def _box(
    random: Random, game: Game, season: str, player: Player, minutes: float, shot: _Shooting, *, starter: bool
) -> GameLog:
    home = player.team == game.home
    rebounds = poisson(random, minutes * player.rebounds * random.lognormvariate(0, 0.2))
    offensive = sum(random.random() < 0.25 for _ in range(rebounds))
    return GameLog(
        game_date=game.game_date,
        game_id=game.game_id,
        player_lookup=player.key,
        team=player.team,
        opponent=game.away if home else game.home,
        home=home,
        minutes=minutes,
        points=shot.points,
        season=season,
        season_type="regular",
        player_name=player.name,
        nba_player_id=player.number,
        starter=starter,
        position=player.position,
        rebounds=rebounds,
        assists=poisson(random, minutes * player.assists),
        fga=sum(shot.attempts),
        fgm=sum(shot.made),
        fg3a=sum(n for n, worth in zip(shot.attempts, _WORTH, strict=True) if worth == 3),
        fg3m=sum(n for n, worth in zip(shot.made, _WORTH, strict=True) if worth == 3),
        fta=shot.free_throws,
        ftm=shot.free_throws_made,
        oreb=offensive,
        dreb=rebounds - offensive,
        steals=poisson(random, minutes * 0.034),
        blocks=poisson(random, minutes * 0.020),
        turnovers=poisson(random, minutes * 0.058),
        fouls=min(6, poisson(random, minutes * 0.083)),
    )


def _zones(game: Game, key: str, shot: _Shooting) -> ShotZones:
    attempts = {f"{zone}_fga": n for zone, n in zip(ZONES, shot.attempts, strict=True)}
    made = {f"{zone}_fgm": n for zone, n in zip(ZONES, shot.made, strict=True)}
    return ShotZones(game.game_date, game.game_id, key, **attempts, **made)
