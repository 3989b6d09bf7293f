"""Real or sample games as the predecessor's inputs had them, dirt and all.

Statuses in two cases, a start that is a text, NaN for what is not known, no row from before the start where a date was written anew, and
games that are postponed to the next day, where they are played under the same id.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta

from msgspec import Struct

from regen.data import input_rows
from regen.data.csvs import DataFolder
from regen.data.gamedays import GameDay, game_days
from regen.data.slates import Game, SlatePlayer
from regen.domain import ids
from regen.domain.inputs import PlayerInputs
from regen.domain.values import replace
from regen.features.records import GameLog
from regen.features.upstream import mapping
from support.predecessors_raw import NEW_YORK, Row, lines, scheduled
from support.upstream_tables import summary_row

VERSION = "v2_37features"
AVAILABLE = ("completed_bdb", None, "bdb_available")
"""How it is said that shot zones have come, by turns: a word of either vocabulary, or nothing but the rows themselves."""
POSTPONED, EVERY = (4, 7), 10
"""The numbers of the dates, in each so many, whose last game of several is postponed: one that the predecessor has predicted among them."""


class Day(Struct, frozen=True):
    """A date of upstream's.

    Attributes:
        number: of the date among those asked for; decides what is odd about it.
        own: what regen's import would have made of the same games, without and with shot zones, by player.
        points: what each player then scored.
        postponed: the ids of the games that are not played on the date.
    """

    game_date: date
    number: int
    games: tuple[Game, ...]
    players: tuple[SlatePlayer, ...]
    own: Mapping[str, tuple[PlayerInputs, PlayerInputs]]
    points: Mapping[str, int]
    postponed: frozenset[str] = frozenset()

    def tables(self) -> Mapping[str, list[Row]]:
        """What upstream has of the date before its games; the box scores of all dates are `box_scores`."""
        return {
            "upcoming_player_game_context": [self._context(player) for player in self.players],
            "ml_feature_store_v2": self.features(late=False),
            "nbac_schedule": [scheduled(game, self._status(game)) for game in self.games],
            "pending_bdb_games": [self._pending(game) for game in self.games if self.said and not self._status(game)],
            **lines(self.players),
        }

    @property
    def said(self) -> str | None:
        """The word by which upstream says that the date's shot zones have come."""
        return AVAILABLE[self.number % len(AVAILABLE)]

    def features(self, *, late: bool) -> list[Row]:
        """The feature store's rows of the date: all are written anew when the shot zones have come."""
        return [self._feature_row(player, late=late) for player in self.players]

    def _status(self, game: Game) -> str | None:
        return "PPD" if game.game_id in self.postponed else None

    def _context(self, player: SlatePlayer) -> Row:
        row = input_rows.slate_row(player, 10, input_rows.made_before(player))
        named = None if player.status == "unknown" else player.status
        start = input_rows.tip_off(player.game)
        made = start + timedelta(hours=3) if self.number % 4 == 3 else datetime.fromisoformat(row["created_at"])
        line = row["current_points_line"]
        return {
            **row,
            "player_status": named.upper() if named and ord(player.player_lookup[-1]) % 2 else named,
            "game_start_time_local": start.astimezone(NEW_YORK).strftime("%I:%M %p ET"),
            "opening_points_line": line,
            "avg_minutes_per_game_last_7": _rounded(player.minutes_last_7, 1),
            "data_hash": ids.digest("context", player.player_lookup, self.game_date),
            "created_at": made.isoformat(),
        }

    def _feature_row(self, player: SlatePlayer, *, late: bool) -> Row:
        plain, gold = self.own[player.player_lookup]
        has = late and all(gold.features.get(name) is not None for name in mapping().taken)
        known = {**plain.features, **(gold.features if has else {})}
        values = [_upstreams(name, known.get(name)) for name in mapping().names]
        made = input_rows.zones_arrival(player.game) if late else input_rows.made_before(player)
        zones = ids.digest("zones", player.player_lookup, self.game_date, has)
        return {
            "player_lookup": player.player_lookup, "game_date": self.game_date.isoformat(), "game_id": player.game.game_id,
            "features": values, "feature_names": list(mapping().names), "feature_count": len(values),
            "feature_version": VERSION, "feature_quality_score": round(plain.feature_quality, 2),
            "opponent_team_abbr": player.opponent, "is_home": player.home, "days_rest": player.days_rest,
            "data_source": "mixed", "source_shot_zones_rows_found": 12 if has else 0,
            "source_shot_zones_completeness_pct": 100.0 if has else 0.0, "source_shot_zones_hash": zones,
            "data_hash": ids.digest("features", player.player_lookup, self.game_date, late), "created_at": made.isoformat(),
        }  # fmt: skip

    def _pending(self, game: Game) -> Row:
        start = input_rows.tip_off(game)
        return {
            "game_date": self.game_date.isoformat(), "game_id": game.game_id, "home_team": game.home, "away_team": game.away,
            "fallback_source": "nbac_play_by_play", "original_processed_at": start.isoformat(),
            "status": "pending_bdb", "bdb_check_count": 3, "created_at": start.isoformat(), "updated_at": start.isoformat(),
        }  # fmt: skip


def upstream_days(data: DataFolder, wanted: Collection[date], games: int | None = None) -> Iterator[Day]:
    """The dates asked for, in order.

    Args:
        games: only the first so many games of each date; None for all.
    """
    dates = sorted(wanted)
    for day in game_days(data, until=dates[-1]):
        if day.game_date in dates:
            yield _day(day, dates.index(day.game_date), games)


def box_scores(data: DataFolder, since: date, days: Collection[Day] = ()) -> Mapping[str, list[Row]]:
    """Upstream's box scores; what was postponed on some days has been played on the next."""
    moved = {game for day in days for game in day.postponed}
    rows = [_box_score(log, later=log.game_id in moved) for log in data.logs if log.game_date >= since]
    return {"player_game_summary": rows}


def _day(day: GameDay, number: int, most: int | None) -> Day:
    games = day.slate.games[:most]
    chosen = frozenset(game.game_id for game in games)
    players = tuple(player for player in day.slate.players if player.game.game_id in chosen)
    own = {p.player_lookup: (day.inputs(p, with_zones=False), day.inputs(p, with_zones=True)) for p in players}
    off = frozenset({games[-1].game_id} if number % EVERY in POSTPONED and len(games) > 1 else ())
    played = [log for log in day.logs if log.game_id in chosen - off and log.minutes > 0]
    return Day(day.game_date, number, games, players, own, {log.player_lookup: log.points for log in played}, off)


def _box_score(log: GameLog, *, later: bool) -> Row:
    log = replace(log, game_date=log.game_date + timedelta(days=1)) if later else log
    row = summary_row(log)
    made = datetime(log.game_date.year, log.game_date.month, log.game_date.day, 10, tzinfo=NEW_YORK) + timedelta(days=1)
    return {
        **row, "game_date": log.game_date.isoformat(), "minutes_played": _rounded(log.minutes, 1),
        "processed_at": made.isoformat(),
    }  # fmt: skip


def _upstreams(name: str, value: float | None) -> float | str:
    """A value in upstream's unit; NaN, as a load job has it, for what is not known."""
    if value is None or not math.isfinite(value):
        return "NaN"
    return value / mapping().taken[name].times if name in mapping().taken else value


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
