"""The bounds of a player's inputs. A value outside them becomes the outcome of that player, with the field's name (P10).

The bounds are wide: they exclude the impossible (a tip-off in year 1, a name of a megabyte), not the rare.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from regen.domain.inputs import Line, PlayerInputs, RecentGame, SourceTier
from regen.domain.values import replace

MAX_TEXT = 200
MAX_ERROR = 1_000
MAX_NUMBER = 1e9
MAX_FEATURES = 2_000
MAX_GAMES = 200
MAX_STATISTIC = 200
"""Upper bound of a player's minutes, points or shots in a game; no game has come near it."""
MAX_LINES = 1_000
MAX_WARNINGS = 1_000
START_WITHIN = timedelta(days=7)
"""A game starts on its date, in some time zone; a postponed game gets another date."""
_FIRST_DAY = date(1946, 1, 1)
_FIRST, _LAST = datetime(1946, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_PLAIN = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]*")
_STATISTICS = ("points", "fga", "fg3a", "fta", "rebounds", "assists")
_SHOWN = 60

Rule = Callable[[Any], bool]


def shown(value: object) -> str:
    """A value for an error's text: short, in characters that every store accepts."""
    try:
        text = ascii(value) if not isinstance(value, float | datetime | date) else str(value)
    except Exception as error:  # noqa: BLE001 - a value that cannot be shown still has a type
        text = f"a {type(value).__name__} that cannot be shown ({type(error).__name__})"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def plain(text: str) -> str:
    """A text in a form that every store accepts: shortened, with control characters and lone surrogates escaped."""
    safe = text if _PLAIN.fullmatch(text) else text.encode("unicode_escape").decode()
    return safe[:MAX_ERROR]


def is_moment(value: object) -> bool:
    """Whether this is an aware time that stays in range under arithmetic."""
    return isinstance(value, datetime) and value.tzinfo is not None and _between(value)


def is_name(value: object) -> bool:
    """Whether this is a non-empty, short text without control characters."""
    return is_text(value) and bool(str(value).strip())


def is_text(value: object) -> bool:
    """Whether this is a short text that every store accepts."""
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        return False
    return (value.isascii() and value.isprintable()) or _PLAIN.fullmatch(value) is not None


def is_statistic(value: object) -> bool:
    """Whether this is a number that a game can have: of minutes, points or shots."""
    return _number(value) and isinstance(value, int | float) and 0 <= value <= MAX_STATISTIC


def sound_lines(lines: object) -> list[Line]:
    """Those of a player's lines that have the form of one."""
    found = lines if isinstance(lines, tuple | list) else ()
    return [line for line in found if next(_lines((line,)), None) is None]


def without_timeless(inputs: PlayerInputs) -> PlayerInputs:
    """The inputs without lines whose time is impossible; each is set aside, with a warning."""
    lines: object = inputs.lines
    if not isinstance(lines, tuple | list):
        return inputs
    odd = [line for line in lines if isinstance(line, Line) and not _timed(line)]
    if not odd or len(odd) > MAX_LINES or not all(is_text(line.bookmaker) for line in odd):
        return inputs
    warnings = tuple(f"line_unusable:{line.bookmaker}:{shown(line.captured_at)}" for line in odd)
    kept = tuple(line for line in lines if line not in odd)
    return replace(inputs, lines=kept, warnings=(*inputs.warnings, *warnings)[:MAX_WARNINGS])


def _timed(line: Line) -> bool:
    return line.captured_at is None or is_moment(line.captured_at)


def start_flaw(start: object, game_date: date) -> str | None:
    """The error text of an impossible tip-off for a game of this date; None if it is possible."""
    if start is None:
        return None
    if is_moment(start) and isinstance(start, datetime):
        noon = datetime(game_date.year, game_date.month, game_date.day, 12, tzinfo=UTC)
        if abs(start - noon) <= START_WITHIN:
            return None
    return f"game_start: expected a timestamp within {START_WITHIN.days} days of {game_date}, got {shown(start)}"


def flaw(inputs: PlayerInputs) -> str | None:
    """The error text of the first unsound field; None if all fields are sound."""
    try:
        return next(_flaws(inputs), None)
    except Exception as error:  # noqa: BLE001 - a value that cannot be examined is not sound (P10)
        return f"inputs: expected a player's, got {type(error).__name__} ({shown(error)})"


def _flaws(inputs: PlayerInputs) -> Iterator[str]:
    if type(inputs.game_date) is not date or not _FIRST_DAY <= inputs.game_date < _LAST.date():
        yield _problem("game_date", "a date", inputs.game_date)
        return
    for name, sound, expected in _FIELDS:
        value = getattr(inputs, name)
        if not sound(value):
            yield _problem(name, expected, value)
    if problem := start_flaw(inputs.game_start, inputs.game_date):
        yield problem
    yield from _features(inputs.features)
    yield from _games(inputs)
    yield from _lines(inputs.lines)


def _features(features: object) -> Iterator[str]:
    if not isinstance(features, Mapping) or len(features) > MAX_FEATURES:
        yield _problem("features", f"at most {MAX_FEATURES} numbers by name", features)
        return
    for name, value in features.items():
        if not is_name(name):
            yield _problem("features", "names of features", name)
        elif value is not None and not _number(value):
            yield _problem(f"features.{name}", f"a finite number up to {MAX_NUMBER:g}", value)


def _games(inputs: PlayerInputs) -> Iterator[str]:
    games: object = inputs.recent_games
    if not isinstance(games, tuple | list) or len(games) > MAX_GAMES:
        yield _problem("recent_games", f"at most {MAX_GAMES} games", games)
        return
    for game in games:
        if _is_sound(game, inputs.game_date):
            continue
        if not isinstance(game, RecentGame):
            yield _problem("recent_games", "games", game)
        elif type(game.game_date) is not date or not _FIRST_DAY <= game.game_date < inputs.game_date:
            yield _problem("recent_games.game_date", f"a date before {inputs.game_date}", game.game_date)
        else:
            yield from _game(game)


def _is_sound(game: Any, before: date) -> bool:  # noqa: ANN401 - what a game's fields hold is the question
    """All of `_game` in one expression: a fast path, as a player has 30 games and nearly all are sound."""
    return (
        type(game) is RecentGame
        and type(game.game_date) is date
        and _FIRST_DAY <= game.game_date < before
        and type(game.minutes) is float
        and 0.0 <= game.minutes <= MAX_STATISTIC
        and type(game.points) is type(game.fga) is type(game.fg3a) is int
        and type(game.fta) is type(game.rebounds) is type(game.assists) is int
        and min(game.points, game.fga, game.fg3a, game.fta, game.rebounds, game.assists) >= 0
        and max(game.points, game.fga, game.fg3a, game.fta, game.rebounds, game.assists) <= MAX_STATISTIC
        and type(game.game_id) is type(game.team) is type(game.opponent) is str
        and is_text(f"{game.game_id}{game.team}{game.opponent}")
        and (game.home is None or type(game.home) is bool)
        and (game.days_rest is None or (type(game.days_rest) is int and 0 <= game.days_rest <= MAX_NUMBER))
        and (game.opponent_def_rating is None or _number(game.opponent_def_rating))
    )


def _game(game: Any) -> Iterator[str]:  # noqa: ANN401 - what a game's fields hold is the question
    if not (_number(game.minutes) and 0 <= game.minutes <= MAX_STATISTIC):
        yield _problem("recent_games.minutes", "minutes from 0", game.minutes)
    for name in _STATISTICS:
        value = getattr(game, name)
        if type(value) is not int or not 0 <= value <= MAX_STATISTIC:
            yield _problem(f"recent_games.{name}", "a whole number from 0", value)
    if not (is_text(game.game_id) and is_text(game.team) and is_text(game.opponent)):
        yield _problem("recent_games.game_id, team, opponent", "short texts", (game.game_id, game.team, game.opponent))
    if game.home is not None and not isinstance(game.home, bool):
        yield _problem("recent_games.home", "true, false or null", game.home)
    if game.days_rest is not None and (type(game.days_rest) is not int or not _number(game.days_rest)):
        yield _problem("recent_games.days_rest", "days or null", game.days_rest)
    if game.opponent_def_rating is not None and not _number(game.opponent_def_rating):
        yield _problem("recent_games.opponent_def_rating", "a finite number or null", game.opponent_def_rating)


def _lines(lines: object) -> Iterator[str]:
    """Check only the form of lines: `lines.choose` sets aside impossible values and times."""
    if not isinstance(lines, tuple | list) or len(lines) > MAX_LINES:
        number = f"{len(lines)} lines" if isinstance(lines, tuple | list) else lines
        yield _problem("lines", f"at most {MAX_LINES} lines", number)
        return
    for line in lines:
        if not isinstance(line, Line) or not _any_number(line.value) or not is_text(line.bookmaker):
            yield _problem("lines", "values of bookmakers", line)
        elif not all(p is None or (type(p) is int and _number(p)) for p in (line.over_price, line.under_price)):
            yield _problem("lines.over_price, under_price", "American odds", (line.over_price, line.under_price))
        elif not _timed(line):
            yield _problem("lines.captured_at", "a timestamp or null", line.captured_at)
        elif type(line.rank) is not int or not _number(line.rank) or not (line.source is None or is_text(line.source)):
            yield _problem("lines.rank, source", "a whole number, and a text or null", (line.rank, line.source))


def _number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -MAX_NUMBER <= value <= MAX_NUMBER and math.isfinite(value)


def _any_number(value: object) -> bool:
    """Whether this is a number that a request's document can hold; `lines.choose` decides whether it can be a line."""
    return isinstance(value, float) or _number(value)


def _between(value: datetime) -> bool:
    try:
        return _FIRST <= value < _LAST
    except (OverflowError, ValueError):
        return False  # its offset leads out of the calendar


def _problem(name: str, expected: str, value: object) -> str:
    return f"{name}: expected {expected}, got {shown(value)}"


def _quality(value: object) -> bool:
    return _number(value) and isinstance(value, int | float) and 0 <= value <= 100


_FIELDS: tuple[tuple[str, Rule, str], ...] = (
    ("player_lookup", is_name, "a name"),
    ("game_id", is_name, "the id of a game"),
    ("team", is_text, "a team's abbreviation"),
    ("opponent", is_text, "a team's abbreviation"),
    ("home", lambda v: v is None or isinstance(v, bool), "true, false or null"),
    ("feature_version", is_text, "a text"),
    ("feature_hash", is_text, "a text"),
    ("feature_quality", _quality, "a finite number from 0 to 100"),
    ("data_source_tier", lambda v: isinstance(v, str) and v in SourceTier.__members__, "a tier"),
    ("shot_zones_source", lambda v: v is None or is_text(v), "a text or null"),
    ("injury_status", is_text, "a text"),
    ("shot_zones_hash", lambda v: v is None or is_text(v), "a text or null"),
    ("features_built_at", lambda v: v is None or is_moment(v), "a timestamp or null"),
    ("context_built_at", lambda v: v is None or is_moment(v), "a timestamp or null"),
    (
        "warnings",
        lambda v: isinstance(v, tuple | list) and len(v) <= MAX_WARNINGS and all(map(is_text, v)),
        "short texts",
    ),
)
