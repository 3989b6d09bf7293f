"""From the rows of `read_slate.sql` to a SlateReading. A row that cannot be understood is its player's problem alone."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from regen.adapters.bigquery import values
from regen.adapters.bigquery.values import Broken
from regen.domain.inputs import Line, PlayerInputs, RecentGame, SourceTier
from regen.domain.reading import SlateEntry, SlateReading

#: Columns read, by table. Those that a table lacks ("absent upstream") are read as null.
CONTEXT = (
    "player_lookup", "player_name", "game_id", "team_abbr", "opponent_team_abbr", "home_game", "game_start",
    "has_prop_line", "current_points_line", "current_points_line_source", "avg_minutes_per_game_last_7",
    "player_status", "created_at",
)  # fmt: skip
FEATURES = (
    "player_lookup", "game_id", "features", "feature_names", "feature_version", "feature_quality_score",
    "data_source_tier", "shot_zones_source", "data_hash", "created_at",
)  # fmt: skip
GAMES = (
    "game_date", "game_id", "team_abbr", "opponent_team_abbr", "home_game", "minutes_played", "points", "assists",
    "offensive_rebounds", "defensive_rebounds", "fg_attempts", "three_pt_attempts", "ft_attempts", "days_rest",
    "opponent_def_rating",
)  # fmt: skip
_STATUSES = frozenset({"out", "doubtful", "questionable", "probable", "available"})
_MINUTES_OVER = 7


def reading(game_date: date, rows: Iterable[Mapping[str, Any]]) -> SlateReading:
    """All entries, and what names the state of the inputs."""
    entries = []
    digest = hashlib.sha256(game_date.isoformat().encode())
    newest: datetime | None = None
    for row in rows:
        entry = _entry(game_date, row)
        entries.append(entry)
        if entry.inputs is None:
            state: list[object] = [entry.player_lookup, entry.problem]
        else:
            lines = [[line.bookmaker, line.value, line.over_price, line.under_price] for line in entry.inputs.lines]
            state = [entry.player_lookup, entry.status, entry.inputs.feature_hash, lines]
            built = entry.inputs.features_built_at
            newest = built if newest is None or (built is not None and built > newest) else newest
        digest.update(json.dumps(state, separators=(",", ":")).encode())
    return SlateReading(game_date, entries, digest.hexdigest()[:32], newest)


def _entry(game_date: date, row: Mapping[str, Any]) -> SlateEntry:
    context = values.parsed(row["context"], {})
    problems: list[str] = []

    def read(default: Any, function: Any, *arguments: Any) -> Any:  # noqa: ANN401
        try:
            return function(*arguments)
        except Broken as error:
            problems.append(str(error))
            return default

    player = str(row["player_lookup"] or "")
    texts = {name: read("", values.text, context, name) for name in ("game_id", "team_abbr", "opponent_team_abbr")}
    home = read(False, values.flag, context, "home_game") or False
    start = read(None, values.moment, context, "game_start")
    status = (read(None, values.optional_text, context, "player_status") or "").strip().lower()
    status = status if status in _STATUSES else "unknown"
    games = read((), _games, row["games"])
    lines = read((), _lines, row["lines"], context)
    average = read(None, values.number, context, "avg_minutes_per_game_last_7")
    if average is None and games:
        last = games[:_MINUTES_OVER]
        average = sum(game.minutes for game in last) / len(last)
    features = read(None, _features, row["features"])
    inputs = None
    if features is not None and not problems:
        inputs = PlayerInputs(
            player_lookup=player,
            game_date=game_date,
            game_id=texts["game_id"],
            team=texts["team_abbr"],
            opponent=texts["opponent_team_abbr"],
            home=home,
            recent_games=games,
            lines=lines,
            injury_status=status,
            game_start=start,
            **features,
        )
    return SlateEntry(
        player_lookup=player,
        player_name=str(context.get("player_name") or player),
        game_id=texts["game_id"],
        team=texts["team_abbr"],
        opponent=texts["opponent_team_abbr"],
        home=home,
        game_start=start,
        status=status,
        avg_minutes=average,
        has_line=bool(lines) or bool(context.get("has_prop_line")),
        inputs=inputs,
        problem="; ".join(problems) or None,
    )


def _games(text: str | None) -> tuple[RecentGame, ...]:
    games = [_game(row) for row in values.parsed(text, [])]
    return tuple(sorted(games, key=lambda game: (game.game_date, game.game_id), reverse=True))


def _game(row: Mapping[str, Any]) -> RecentGame:
    where = "player_game_summary."

    def count(name: str) -> int:
        return int(values.number(row, name, where, low=0) or 0)

    rest = values.number(row, "days_rest", where)
    return RecentGame(
        game_date=values.day(row, "game_date", where),
        game_id=values.text(row, "game_id", where),
        team=values.text(row, "team_abbr", where),
        opponent=values.text(row, "opponent_team_abbr", where),
        home=values.flag(row, "home_game", where) or False,
        minutes=values.number(row, "minutes_played", where, low=0) or 0.0,
        points=count("points"),
        fga=count("fg_attempts"),
        fg3a=count("three_pt_attempts"),
        fta=count("ft_attempts"),
        rebounds=count("offensive_rebounds") + count("defensive_rebounds"),
        assists=count("assists"),
        days_rest=None if rest is None else int(rest),
        opponent_def_rating=values.number(row, "opponent_def_rating", where),
    )


def _lines(text: str | None, context: Mapping[str, Any]) -> tuple[Line, ...]:
    where = "player_prop_lines."
    lines = []
    for row in values.parsed(text, []):
        over, under = (values.number(row, name, where) for name in ("over_price", "under_price"))
        lines.append(
            Line(
                value=values.required_number(row, "line", where),
                bookmaker=values.text(row, "bookmaker", where),
                over_price=None if over is None else int(over),
                under_price=None if under is None else int(under),
                captured_at=values.moment(row, "captured_at", where),
            )
        )
    offered = values.number(context, "current_points_line")
    if not lines and offered is not None:
        lines.append(Line(offered, values.optional_text(context, "current_points_line_source") or "unknown"))
    return tuple(sorted(lines, key=lambda line: (line.bookmaker, line.value)))


def _features(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    where = "ml_feature_store_v2."
    row = values.parsed(text, {})
    names, given = row.get("feature_names") or [], row.get("features") or []
    if len(names) != len(given) or len(set(names)) != len(names):
        raise Broken(f"{where}feature_names: {len(set(names))} distinct names for {len(given)} values")
    features: dict[str, float | None] = {}
    for name, value in zip(names, given, strict=True):
        number = values.finite(value)
        if name is None or number is None:
            raise Broken(f"{where}features.{name}: expected a finite number, got {value}")
        features[str(name)] = number
    tier = values.optional_text(row, "data_source_tier") or _tier(row)
    if tier not in SourceTier.__members__:
        raise Broken(f"{where}data_source_tier: no such tier: {tier}")
    quality = values.required_number(row, "feature_quality_score", where)
    return {
        "features": features,
        "feature_version": values.text(row, "feature_version", where),
        "feature_hash": values.optional_text(row, "data_hash") or _hash(features),
        "feature_quality": quality,
        "data_source_tier": SourceTier(tier),
        "shot_zones_source": values.optional_text(row, "shot_zones_source"),
        "features_built_at": values.moment(row, "created_at", where),
    }


def _tier(row: Mapping[str, Any]) -> str:
    """Upstream's rows carry no tier: with shot zones they are GOLD."""
    return "GOLD" if row.get("shot_zones_source") == "bigdataball" else "SILVER"


def _hash(features: Mapping[str, float | None]) -> str:
    if any(value is not None and not math.isfinite(value) for value in features.values()):
        raise Broken("ml_feature_store_v2.features: expected finite numbers")
    return hashlib.sha256(json.dumps(features, sort_keys=True).encode()).hexdigest()[:32]
