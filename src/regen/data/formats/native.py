"""regen's own files: one for each kind of record, with the names of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from regen.data import parse
from regen.data.formats.clocks import moment, start_or_clock
from regen.data.formats.shape import (
    GAME_LOGS,
    INJURY_REPORTS,
    PROP_LINES,
    SCHEDULE,
    SHOT_ZONES,
    Format,
    Numbered,
    Source,
    columns,
)
from regen.data.markets import is_points

NO_APPEARANCE = "with no minutes: no appearance"
OTHER_MARKETS = "of other markets than points"
ZONES = tuple("above_break3 backcourt corner3 midrange paint_nonra paint_ra".split())  # noqa: SIM905
_BLANK = frozenset({"", "nan", "none", "null", "0", "0.0", "0:00", "00:00", "-", "na", "n/a"})


def skip_log(minutes: str, points: str, game_id: str = "", season_type: str = "") -> str | None:
    """Why a row of a box score is no appearance that says anything of a player's form."""
    try:
        kind = parse.season_type(season_type) or parse.kind_of_game(parse.maybe_game_id(game_id) or "")
    except parse.BadValue:
        kind = None
    if kind in parse.NO_FORM:
        return parse.NO_FORM[kind]
    text = minutes.strip().lower()
    if text in {"0", "0.0", "0:00", "00:00"} or (text in _BLANK and points.strip().lower() in _BLANK):
        return NO_APPEARANCE
    try:
        return NO_APPEARANCE if parse.maybe_minutes(minutes) == 0 else None
    except parse.BadValue:
        return None


def skip_market(market: str) -> str | None:
    """Why a line is not read: it is on something else than points."""
    return None if is_points(market) else OTHER_MARKETS


def _skip_game(game_id: str, season_type: str) -> str | None:
    try:
        kind = parse.season_type(season_type) or parse.kind_of_game(parse.maybe_game_id(game_id) or "")
    except parse.BadValue:
        return None
    return parse.NO_FORM.get(kind or "")


def _started(rows: Iterable[Numbered], _: Source) -> Iterator[Numbered]:
    for number, values in rows:
        values["start"] = moment(values["game_date"], values.get("start"))
        yield number, values


NATIVE_LOGS = Format(
    name=GAME_LOGS,
    title="regen's box scores",
    makes=GAME_LOGS,
    columns=(
        *columns("game_date", parse.day, required=True),
        *columns("game_id", parse.game_id, required=True),
        *columns("player_lookup", parse.lookup, required=True),
        *columns("team opponent", parse.team, required=True),
        *columns("home", parse.parsed_flag, required=True),
        *columns("minutes", parse.minutes, required=True),
        *columns("points", parse.count, required=True),
        *columns("season player_name position", parse.maybe_text),
        *columns("nba_player_id", parse.maybe_id),
        *columns("season_type", parse.season_type),
        *columns("starter", parse.maybe_flag),
        *columns(
            "rebounds assists fga fgm fg3a fg3m fta ftm oreb dreb steals blocks turnovers fouls", parse.maybe_count
        ),
        *columns("corrected_at", parse.maybe_moment),
    ),
    skip_by=("minutes", "points", "game_id", "season_type"),
    skip=skip_log,
)
NATIVE_LINES = Format(
    name=PROP_LINES,
    title="regen's lines",
    makes=PROP_LINES,
    columns=(
        *columns("game_date", parse.day, required=True),
        *columns("player_lookup", parse.lookup, required=True),
        *columns("bookmaker", parse.bookmaker, required=True),
        *columns("line", parse.line, required=True),
        *columns("over_price under_price", parse.maybe_price),
        *columns(
            "captured_at=snapshot_utc|captured_at|snapshot_at|last_update game_start=start_utc|game_start|commence_time",
            parse.maybe_moment,
        ),
        *columns("market", parse.maybe_text),
    ),
    skip_by=("market",),
    skip=skip_market,
)
NATIVE_ZONES = Format(
    name=SHOT_ZONES,
    title="regen's shot zones",
    makes=SHOT_ZONES,
    columns=(
        *columns("game_date", parse.day, required=True),
        *columns("game_id", parse.game_id, required=True),
        *columns("player_lookup", parse.lookup, required=True),
        *columns(" ".join(f"{zone}_{what}" for what in ("fga", "fgm") for zone in ZONES), parse.count, required=True),
    ),
)
NATIVE_REPORTS = Format(
    name=INJURY_REPORTS,
    title="regen's availability reports",
    makes=INJURY_REPORTS,
    columns=(
        *columns("game_date", parse.day, required=True),
        *columns("player_lookup", parse.lookup, required=True),
        *columns("status", parse.injury_status, required=True),
        *columns("team", parse.maybe_team),
        *columns("reason", parse.maybe_text),
        *columns("reported=reported|reported_at|report_time|report_date", parse.maybe_reported),
    ),
)
NATIVE_SCHEDULE = Format(
    name=SCHEDULE,
    title="a schedule",
    makes=SCHEDULE,
    columns=(
        *columns("game_date=game_date|date", parse.day, required=True),
        *columns(
            "home=home|home_team|Home/Neutral away=away|away_team|visitor|visitor_team|Visitor/Neutral",
            parse.team,
            required=True,
        ),
        *columns("start=start|start_utc|game_start|Start_(ET)", start_or_clock),
        *columns("game_id", parse.maybe_game_id),
        *columns("season_type", parse.season_type),
    ),
    taken=(
        "a game without an id gets one from its date and teams",
        "start is a moment (2025-10-21T23:30Z) or an hour in US Eastern (7:30 PM)",
    ),
    skip_by=("game_id", "season_type"),
    skip=_skip_game,
    rows=_started,
)
