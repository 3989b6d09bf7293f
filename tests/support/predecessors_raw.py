"""Upstream's raw tables of lines and games. Their columns are a contract: the predecessor's records do not have them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from regen.data import input_rows
from regen.data.slates import Game, SlatePlayer
from regen.features.records import PropLine

Row = dict[str, Any]
NEW_YORK = ZoneInfo("America/New_York")
BETTINGPROS = "fanduel"
"""The bookmaker whose lines come from BettingPros; all others' come from the Odds API."""


def scheduled(game: Game, status: str | None = None) -> Row:
    """A game of `nbac_schedule`, whose start is what New York's clocks say; its status is that start, or what became of it."""
    local = input_rows.tip_off(game).astimezone(NEW_YORK).replace(tzinfo=None)
    return {
        "game_id": game.game_id, "game_date": game.game_date.isoformat(), "game_date_est": f"{local.isoformat()}Z",
        "game_status": 1, "game_status_text": status or local.strftime("%I:%M %p ET"), "home_team_tricode": game.home,
        "away_team_tricode": game.away, "processed_at": f"{game.game_date.isoformat()}T10:00:00Z",
    }  # fmt: skip


def lines(players: Collection[SlatePlayer]) -> Mapping[str, list[Row]]:
    """The lines on some players, by table."""
    offered = [(player, line) for player in players for line in player.lines]
    return {
        "odds_api_player_points_props": [_odds(p, o) for p, o in offered if o.bookmaker != BETTINGPROS],
        "bettingpros_player_points_props": [
            _side(p, o, side) for p, o in offered if o.bookmaker == BETTINGPROS for side in ("over", "under")
        ],
    }


def _seen(player: SlatePlayer, offer: PropLine) -> str:
    return (offer.captured_at or input_rows.tip_off(player.game) - timedelta(hours=1)).isoformat()


def _odds(player: SlatePlayer, offer: PropLine) -> Row:
    return {
        "game_id": f"odds-{player.game.game_id}", "game_date": offer.game_date.isoformat(),
        "game_start_time": input_rows.tip_off(player.game).isoformat(), "snapshot_timestamp": _seen(player, offer),
        "bookmaker": offer.bookmaker.title(), "player_lookup": player.player_lookup, "points_line": offer.line,
        "over_price_american": offer.over_price, "under_price_american": offer.under_price,
    }  # fmt: skip


def _side(player: SlatePlayer, offer: PropLine, side: str) -> Row:
    return {
        "game_date": offer.game_date.isoformat(), "market_type": "points", "bet_side": side,
        "player_lookup": player.player_lookup, "book_id": 10, "bookmaker": "FanDuel", "points_line": offer.line,
        "odds_american": offer.over_price if side == "over" else offer.under_price, "is_active": True,
        "bookmaker_last_update": _seen(player, offer), "created_at": _seen(player, offer),
    }  # fmt: skip
