"""Conversion of the rows of `read_slate.sql` to a SlateReading. An invalid row affects its own player only."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from regen.adapters.bigquery import values
from regen.adapters.bigquery.values import Broken
from regen.domain.inputs import Line, PlayerInputs, RecentGame, SourceTier
from regen.domain.slate import is_called_off
from regen.domain.slate_reading import SlateEntry, SlateReading, sided
from regen.domain.soundness import shown
from regen.domain.tip_off import named, split
from regen.features.upstream import NotUsable, stored, upstream_versions

#: Columns read, by table. Those that a table lacks ("absent upstream") are read as null.
CONTEXT = (
    "player_lookup", "player_name", "game_id", "team_abbr", "opponent_team_abbr", "home_game", "game_start",
    "has_prop_line", "avg_minutes_per_game_last_7", "player_status", "game_status", "created_at",
)  # fmt: skip
FEATURES = (
    "player_lookup", "game_id", "features", "feature_names", "feature_version", "feature_quality_score",
    "data_source_tier", "shot_zones_source", "data_hash", "created_at", "source_shot_zones_rows_found",
    "source_shot_zones_completeness_pct", "source_shot_zones_hash",
)  # fmt: skip
GAMES = (
    "player_lookup", "game_date", "game_id", "team_abbr", "opponent_team_abbr", "home_game", "minutes_played", "points", "assists",
    "offensive_rebounds", "defensive_rebounds", "fg_attempts", "three_pt_attempts", "ft_attempts", "days_rest",
    "opponent_def_rating",
)  # fmt: skip
HISTORY_DAYS = 400
HISTORY_GAMES = 30
_STATUSES = frozenset({"out", "doubtful", "questionable", "probable", "available"})
_MINUTES_OVER = 7
_GAMES = msgspec.json.Decoder(list[RecentGame])
_LINES = msgspec.json.Decoder(list[Line])


def asked(game_date: date, at: datetime) -> dict[str, Any]:
    """The parameters of `read_slate.sql`."""
    history_from = game_date - timedelta(days=HISTORY_DAYS)
    return {"game_date": game_date, "at": at, "history_from": history_from, "games": HISTORY_GAMES}


def reading(game_date: date, rows: Iterable[Mapping[str, Any]]) -> SlateReading:
    """All entries, and the hash of the inputs' state."""
    entries = sided([_entry(game_date, row) for row in rows])
    digest = hashlib.sha256(game_date.isoformat().encode())
    newest: datetime | None = None
    for entry in entries:
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
    problems: list[str] = []

    def read(where: str, default: Any, function: Any, *arguments: Any) -> Any:  # noqa: ANN401
        try:
            return function(*arguments)
        except Broken as error:
            problems.append(str(error))
        except Exception as error:  # noqa: BLE001 - an unforeseen error is this player's problem, not the slate's
            problems.append(f"{where}: cannot be read ({type(error).__name__}: {shown(str(error))})")
        return default

    table = "upcoming_player_game_context"
    context = read(table, {}, values.parsed, row["context"], table)
    player = str(row["player_lookup"] or "")
    texts = {
        name: read(table, "", values.text_value, context, name)
        for name in ("game_id", "team_abbr", "opponent_team_abbr")
    }
    home = read(table, None, values.flag_value, context, "home_game")
    own_start = read(table, None, values.moment, context, "game_start")
    tip_off, made, known_until = (_maybe_moment(context, name) for name in ("tip_off", "created_at", "known_until"))
    start = own_start or (tip_off if context.get("game_start") is None else None)
    status = (read(table, None, values.optional_text, context, "player_status") or "").strip().lower()
    status = status if status in _STATUSES else "unknown"
    called_off = is_called_off(read(table, None, values.optional_text, context, "game_status"))
    games = read("player_game_summary", (), _games, row["games"])
    lines, late = read("prop_lines_input", ((), ()), _lines, row["lines"], known_until or start)
    average = read(table, None, values.number, context, "avg_minutes_per_game_last_7")
    if average is None and games:
        last = games[:_MINUTES_OVER]
        average = sum(game.minutes for game in last) / len(last)
    features = read("ml_feature_store_v2", None, _features, row["features"])
    inputs = None
    if features is not None and not problems:
        unknown = features.pop("unknown_names", ())
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
            context_built_at=made,
            warnings=(*late, *unknown),
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
        called_off=called_off,
    )


def _games(text: str | None) -> tuple[RecentGame, ...]:
    """The recent games; the statement names the parts as RecentGame does, so that msgspec can decode them."""
    games = values.decoded(text, _GAMES, "player_game_summary")
    for game in games:
        if not (math.isfinite(game.minutes) and game.minutes >= 0 and game.points >= 0):
            raise Broken(
                f"player_game_summary.minutes_played, points: {game.minutes}, {game.points} on {game.game_date}"
            )
    return tuple(sorted(games, key=_newest_first, reverse=True))


def _newest_first(game: RecentGame) -> tuple[date, str]:
    return game.game_date, game.game_id


def _maybe_moment(context: Mapping[str, Any], name: str) -> datetime | None:
    """A timestamp that serves as a bound; None if it is invalid."""
    try:
        return values.moment(context, name)
    except Broken:
        return None


def _lines(text: str | None, known_until: datetime | None) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    """The lines offered before the start, or else the fallback's, and a warning for each of the late ones."""
    found = values.decoded(text, _LINES, "prop_lines_input")
    lines, late = split([line for line in found if not line.is_fallback], known_until)
    if not lines:
        fallback = [line for line in found if line.is_fallback]
        best = min((line.rank for line in fallback), default=None)
        lines = [line for line in fallback if line.rank == best]
    return tuple(sorted(lines, key=lambda line: (line.bookmaker, line.value, line.rank))), named(late)


def _features(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    where = "ml_feature_store_v2."
    row = values.parsed(text, "ml_feature_store_v2")
    names, given = row.get("feature_names") or [], row.get("features") or []
    if len(names) != len(given) or len(set(names)) != len(names):
        raise Broken(f"{where}feature_names: {len(set(names))} distinct names for {len(given)} values")
    version = values.text_value(row, "feature_version", where)
    if version in upstream_versions():
        return _upstreams(row, version, names, given)
    features: dict[str, float | None] = {}
    for name, value in zip(names, given, strict=True):
        number = values.finite(value)
        if name is None or number is None:
            raise Broken(f"{where}features.{name}: expected a finite number, got {shown(value)}")
        features[str(name)] = number
    tier = values.optional_text(row, "data_source_tier") or _tier(row)
    if tier not in SourceTier.__members__:
        raise Broken(f"{where}data_source_tier: no such tier: {tier}")
    quality = values.required_number(row, "feature_quality_score", where)
    return {
        "features": features,
        "feature_version": version,
        "feature_hash": values.optional_text(row, "data_hash") or _hash(features),
        "feature_quality": quality,
        "data_source_tier": SourceTier(tier),
        "shot_zones_source": values.optional_text(row, "shot_zones_source"),
        "features_built_at": values.moment(row, "created_at", where),
        "shot_zones_hash": values.optional_text(row, "source_shot_zones_hash"),
    }


def _upstreams(row: Mapping[str, Any], version: str, names: list[Any], given: list[Any]) -> dict[str, Any]:
    """What upstream's row alone knows; the rest is made of box scores when the batch is opened."""
    where = "ml_feature_store_v2."
    rows, completeness = (
        values.number(row, f"source_shot_zones_{name}", where) for name in ("rows_found", "completeness_pct")
    )
    try:
        found = stored(version, names, list(map(values.finite, given)), rows, completeness)
    except NotUsable as error:
        raise Broken(f"{where}{error}") from None
    return {
        "features": found.features,
        "feature_version": version,
        "feature_hash": values.optional_text(row, "data_hash") or _hash(found.features),
        "feature_quality": values.required_number(row, "feature_quality_score", where),
        "data_source_tier": found.tier,
        "shot_zones_source": found.shot_zones_source,
        "features_built_at": values.moment(row, "created_at", where),
        "shot_zones_hash": values.optional_text(row, "source_shot_zones_hash"),
        "unknown_names": found.warnings,
    }


def _tier(row: Mapping[str, Any]) -> str:
    """The tier of a feature row. Upstream's rows have none; with shot zones they are GOLD."""
    return "GOLD" if row.get("shot_zones_source") == "bigdataball" else "SILVER"


def _hash(features: Mapping[str, float | None]) -> str:
    if any(value is not None and not math.isfinite(value) for value in features.values()):
        raise Broken("ml_feature_store_v2.features: expected finite numbers")
    return hashlib.sha256(json.dumps(features, sort_keys=True).encode()).hexdigest()[:32]
