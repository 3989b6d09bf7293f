"""PrizePicks' projections, as JSON:API: projections in `data`, their players in `included`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regen.data import parse
from regen.data.formats.native import skip_market
from regen.data.formats.odds_api import dated
from regen.data.formats.shape import PROP_LINES, Format, Record, columns


def projection_records(document: Any) -> list[Record] | None:  # noqa: ANN401
    """Each projection with its player; None if the document has no projections."""
    if not isinstance(document, Mapping) or not isinstance(document.get("data"), list):
        return None
    items = [item for item in document["data"] if isinstance(item, Mapping) and item.get("type") == "projection"]
    if not items or len(items) != len(document["data"]):
        return None
    players = {
        str(p.get("id")): p.get("attributes") or {}
        for p in document.get("included", ())
        if "player" in str(p.get("type"))
    }
    rows: list[Record] = []
    for item in items:
        attributes, links = item.get("attributes") or {}, item.get("relationships") or {}
        link = (links.get("new_player") or links.get("player") or {}).get("data") or {}
        player = players.get(str(link.get("id")), {})
        rows.append(
            {
                "player.name": player.get("display_name") or player.get("name"),
                "player.league": player.get("league"),
                "player.combo": player.get("combo"),
                "stat_type": attributes.get("stat_type"),
                "line_score": attributes.get("line_score"),
                "odds_type": attributes.get("odds_type") or "standard",
                "start_time": attributes.get("start_time"),
                "updated_at": attributes.get("updated_at") or attributes.get("board_time"),
                "bookmaker": "prizepicks",
            }
        )
    return rows


def _skip(market: str, league: str, combo: str, player: str, odds_type: str) -> str | None:
    if (reason := skip_market(market)) is not None:
        return reason
    if league.strip().upper() not in {"", "NBA"}:
        return "of other leagues"
    if combo.strip() in {"1", "True"} or "+" in player:
        return "of several players together"
    return "of demons and goblins, which have other payouts" if odds_type.strip().lower() != "standard" else None


PRIZEPICKS = Format(
    name="prizepicks",
    title="PrizePicks' projections as JSON",
    makes=PROP_LINES,
    columns=(
        *columns("player_lookup=player.name", parse.lookup, required=True),
        *columns("market=stat_type", parse.maybe_text, required=True),
        *columns("line=line_score", parse.line, required=True),
        *columns("game_start=start_time", parse.moment, required=True),
        *columns("captured_at=updated_at", parse.maybe_moment),
        *columns("bookmaker=bookmaker", parse.lower, required=True),
        *columns("league=player.league combo=player.combo odds_type=odds_type", parse.maybe_text),
    ),
    taken=(
        "the US Eastern date of start_time; updated_at, else board_time, as captured",
        "demons, goblins, combined players and other leagues are left out",
    ),
    missing="prices",
    skip_by=("market", "league", "combo", "player_lookup", "odds_type"),
    skip=_skip,
    rows=dated,
    records=projection_records,
    json_only=True,
)
