"""Shots one by one, added up into zones: BigDataBall's play-by-play, and NBA.com's shot detail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from math import hypot

from regen.data import parse
from regen.data.formats.native import ZONES
from regen.data.formats.shape import SHOT_ZONES, Format, Numbered, Source, Values, columns

_BDB_ID = re.compile(r"=?\"?(0{0,2}[1-6]\d{7})\"?")
_BASIC_ZONES = {
    "abovethebreak3": "above_break3",
    "backcourt": "backcourt",
    "leftcorner3": "corner3",
    "rightcorner3": "corner3",
    "midrange": "midrange",
    "inthepaintnonra": "paint_nonra",
    "restrictedarea": "paint_ra",
}
RESTRICTED, PAINT_WIDTH, PAINT_DEPTH = 4.0, 8.0, 13.75
"""Feet from the hoop: the restricted area's radius, half the paint's width, its depth from the hoop to the line."""
CORNER_WIDTH, CORNER_DEPTH, ARC, HALF_COURT = 22.0, 8.75, 23.75, 41.75
"""The corner's line, how far up it goes, the arc's radius, and the half-court line, from the hoop."""


def zone_at(x: float, y: float) -> str:
    """The zone of a place in feet from the hoop: x across the court, y up the court."""
    across, far = abs(x), hypot(x, y)
    if y > HALF_COURT:
        return "backcourt"
    if across >= CORNER_WIDTH and y <= CORNER_DEPTH:
        return "corner3"
    if far >= ARC:
        return "above_break3"
    if far <= RESTRICTED:
        return "paint_ra"
    return "paint_nonra" if across <= PAINT_WIDTH and y <= PAINT_DEPTH else "midrange"


def zone_by_distance(feet: float, *, three: bool) -> str:
    """The zone of a distance alone; of threes at the corner's distance, the corner."""
    if feet > HALF_COURT:
        return "backcourt"
    if three:
        return "corner3" if feet < ARC - 0.75 else "above_break3"
    if feet <= RESTRICTED:
        return "paint_ra"
    return "paint_nonra" if feet <= PAINT_DEPTH else "midrange"


def added_up(rows: Iterable[Numbered], _: Source) -> Iterator[Numbered]:
    """Shots as one row per player and game, with the number of the last one's line."""
    found: dict[tuple[date, str, str], Values] = {}
    lines: dict[tuple[date, str, str], int] = {}
    for number, values in rows:
        key = (values["game_date"], values["game_id"], values["player_lookup"])
        row = found.get(key)
        if row is None:
            row = found[key] = dict.fromkeys((f"{zone}_{what}" for zone in ZONES for what in ("fga", "fgm")), 0)
            row |= {"game_date": key[0], "game_id": key[1], "player_lookup": key[2]}
        row[f"{values['zone']}_fga"] += 1
        row[f"{values['zone']}_fgm"] += values["made"]
        lines[key] = number
    for key, row in found.items():
        yield lines[key], row


def _basic_zone(value: str) -> str:
    word = re.sub(r"[^a-z0-9]", "", value.lower())
    if word not in _BASIC_ZONES:
        raise parse.BadValue("a zone of NBA.com, such as Above the Break 3")
    return _BASIC_ZONES[word]


def _made(value: str) -> bool:
    word = value.strip().lower()
    return word in {"made", "made shot"} or (word not in {"missed", "missed shot"} and parse.parsed_flag(value))


NBA_SHOTS = Format(
    name="nba_shots",
    title="NBA.com's shot detail, a row per shot",
    makes=SHOT_ZONES,
    columns=(
        *columns("player_lookup=PLAYER_NAME", parse.lookup, required=True),
        *columns("game_date=GAME_DATE", parse.day, required=True),
        *columns("game_id=GAME_ID", parse.game_id, required=True),
        *columns("zone=BASIC_ZONE|SHOT_ZONE_BASIC", _basic_zone, required=True),
        *columns("made=SHOT_MADE|SHOT_MADE_FLAG", _made, required=True),
    ),
    taken=("the zones as NBA.com names them; both corners are corner3", "dates as 2024-11-12, 11-12-2024 or 20241112"),
    play=("GAME_EVENT_ID", "SECS_LEFT", "SECONDS_REMAINING"),
    rows=added_up,
)


def _bdb_id(value: str) -> str:
    found = _BDB_ID.fullmatch(value.strip())
    if found is None:
        raise parse.BadValue("a game's id of ten digits, such as 0042400407")
    return parse.game_id(found[1])


def _maybe_number(value: str) -> float | None:
    return parse.number(value) if value.strip().lower() not in {"", "nan", "na", "unknown"} else None


def _bdb_skip(event: str, player: str) -> str | None:
    if event.strip().lower() not in {"shot", "miss"}:
        return "of events that are no field goal"
    return None if player.strip() else "of shots without a player"


def _bdb_zones(rows: Iterable[Numbered], source: Source) -> Iterator[Numbered]:
    return added_up(_zoned(rows, source), source)


def _zoned(rows: Iterable[Numbered], source: Source) -> Iterator[Numbered]:
    for number, values in rows:
        zone = _bdb_zone(values)
        if zone is None:
            source.set_aside["of shots without a place"] += 1
            continue
        event = str(values["event"]).strip().lower()
        keys = {name: values[name] for name in ("game_date", "game_id", "player_lookup")}
        yield number, {**keys, "zone": zone, "made": event == "shot"}


def _bdb_zone(values: Values) -> str | None:
    """By coordinates (original_x and _y: tenths of feet from the hoop), else by the distance."""
    x, y, feet = values.get("x"), values.get("y"), values.get("feet")
    three = _is_three(values)
    if feet is not None and feet > HALF_COURT:
        return "backcourt"
    if x is not None and y is not None and (x or y or not feet):
        zone = zone_at(x / 10, y / 10)
        if three is None or three is (zone in {"above_break3", "corner3", "backcourt"}):
            return zone
    if feet is None:
        return None
    return zone_by_distance(feet, three=feet >= ARC if three is None else three)


def _is_three(values: Values) -> bool | None:
    """Whether it was a three, as far as the row says: by its text, or by the points it made."""
    said = str(values.get("said") or "")
    if "3PT" in said.upper() or values.get("points") == 3:
        return True
    return False if values.get("points") == 2 or said else None


BIGDATABALL = Format(
    name="bigdataball",
    title="BigDataBall's play-by-play, `[date]-id-AWAY@HOME.csv`",
    makes=SHOT_ZONES,
    columns=(
        *columns("game_id=game_id", _bdb_id, required=True),
        *columns("game_date=date", parse.day, required=True),
        *columns("player_lookup=player", parse.name_or_blank, required=True),
        *columns("event=event_type", parse.maybe_text, required=True),
        *columns("result=result", parse.maybe_text, required=True),
        *columns("feet=shot_distance", _maybe_number, required=True),
        *columns("x=original_x y=original_y points=points", _maybe_number, required=True),
        *columns("said=description", parse.maybe_text),
    ),
    marks=("data_set", "play_id", "converted_x"),
    taken=(
        "field goals (`shot`, `miss`) by original_x and original_y, else by shot_distance; a three is one by its text or its points",
        "one file per game: a folder of them is read together",
    ),
    missing="nothing that the zones need",
    play=("play_id",),
    skip_by=("event", "player_lookup"),
    skip=_bdb_skip,
    rows=_bdb_zones,
)
