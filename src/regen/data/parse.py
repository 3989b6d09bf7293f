"""Turns the text of one CSV value into what its column promises, or says what was expected. Empty and NaN are None."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time
from functools import lru_cache

from regen.data.names import key
from regen.data.teams import team_code
from regen.domain.dates import EASTERN, eastern_today

INJURY_STATUSES = ("out", "doubtful", "questionable", "probable", "available")
_STATUS_WORDS = {
    **dict.fromkeys(("active", "healthy", "cleared", "playing"), "available"),
    **dict.fromkeys(
        ("day-to-day", "day to day", "dtd", "gtd", "game time decision", "game-time decision", "q"), "questionable"
    ),
    **dict.fromkeys(
        (
            "out for season",
            "ofs",
            "out indefinitely",
            "inactive",
            "suspended",
            "not with team",
            "nwt",
            "ruled out",
            "o",
        ),
        "out",
    ),
    "d": "doubtful",
    "p": "probable",
}
MAX_MINUTES = 90.0  # the longest game on record had six overtimes: 78 minutes
_NOTHING = frozenset(
    {
        "",
        "-",
        "--",
        "\u2013",
        "\u2014",
        "nan",
        "nat",
        "null",
        "none",
        "nil",
        "na",
        "n/a",
        "n.a.",
        "#n/a",
        "<na>",
        "\\n",
        "undefined",
        "(null)",
        "[null]",
        "nan%",
        "?",
    }
)
_DATE_FORMS = (
    "%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%Y/%m/%d", "%b %d, %Y", "%B %d, %Y", "%a, %b %d, %Y", "%A, %B %d, %Y", "%a %b %d %Y",
    "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M",
)  # fmt: skip
_GAME_ID = re.compile(r"'?0{0,2}([1-6]\d{7})")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)
_FRACTION = re.compile(r"(\d+)/(\d+)")
_CLOCK = re.compile(r"(?:PT)?(\d{1,3})[:M](\d{1,2}(?:\.\d+)?)S?")
_UTC_WORD = re.compile(r" ?(UTC|GMT)$", re.IGNORECASE)
"""As BigQuery writes a moment into CSV: `2026-01-14 20:00:00 UTC`."""
_AMERICAN_FROM = 100
_SEASON_STARTS = 8  # August: before it, a date belongs to the season of the year before


class BadValue(ValueError):
    """The text is not what the column promises; the message says what was expected."""


def _absent(value: str) -> bool:
    return value.strip().lower() in _NOTHING


@lru_cache(maxsize=4096)
def day(value: str) -> date:
    """A calendar date; of a moment with a time zone, the date in US Eastern (midnight is a date alone, whatever its zone)."""
    text = value.strip()
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        for form in _DATE_FORMS:
            try:
                return datetime.strptime(text, form).date()  # noqa: DTZ007 - a date has no zone
            except ValueError:
                continue
        raise BadValue("a date as YYYY-MM-DD") from None
    return moment.date() if moment.tzinfo is None or moment.time() == time() else eastern_today(moment)


@lru_cache(maxsize=4096)
def maybe_moment(value: str) -> datetime | None:
    """A moment with its time zone, in UTC, or nothing."""
    if _absent(value):
        return None
    try:
        moment = datetime.fromisoformat(_UTC_WORD.sub("Z", value.strip()))
    except ValueError:
        raise BadValue("a time as YYYY-MM-DDTHH:MMZ") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def moment(value: str) -> datetime:
    """A moment with its time zone, in UTC."""
    found = maybe_moment(value)
    if found is None:
        raise BadValue("a time as YYYY-MM-DDTHH:MMZ")
    return found


def maybe_reported(value: str) -> date | None:
    """The day of a report, its moment in UTC (one without a zone is US Eastern), or nothing."""
    if _absent(value):
        return None
    if ":" not in value:
        try:
            return day(value)
        except BadValue:
            pass
    for form in ("", "%m/%d/%Y %I:%M %p", "%m/%d/%y %I:%M %p", "%m/%d/%Y %H:%M"):
        try:
            text = value.strip()
            moment = (
                datetime.strptime(text, form).replace(tzinfo=EASTERN)
                if form
                else datetime.fromisoformat(_UTC_WORD.sub("Z", text))
            )
        except ValueError:
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=EASTERN)).astimezone(UTC)
    raise BadValue("a date as YYYY-MM-DD or a moment as YYYY-MM-DDTHH:MMZ")


def parsed_text(value: str) -> str:
    """A text that is not empty."""
    if _absent(value):
        raise BadValue("a text that is not empty")
    return value.strip()


@lru_cache(maxsize=8192)
def game_id(value: str) -> str:
    """A game's id; the league's with its ten digits, also where a program took it for a number and lost the zeros."""
    text = parsed_text(value).removesuffix(".0")
    _refuse_rounded(text)
    found = _GAME_ID.fullmatch(text)
    return f"00{found[1]}" if found else text


@lru_cache(maxsize=4096)
def maybe_game_id(value: str) -> str | None:
    """A game's id or nothing."""
    return None if _absent(value) else game_id(value)


@lru_cache(maxsize=4096)
def maybe_id(value: str) -> str | None:
    """A vendor's id or nothing; a whole number that a program wrote as a decimal one is a whole number."""
    if _absent(value):
        return None
    text = value.strip().removesuffix(".0")
    _refuse_rounded(text)
    return text


def _refuse_rounded(text: str) -> None:
    """A spreadsheet writes long ids as 2.25E+07: different ones become the same."""
    if _SCIENTIFIC.fullmatch(text):
        raise BadValue("an id with all its digits, as text: a spreadsheet has rounded it")


@lru_cache(maxsize=4096)
def team(value: str) -> str:
    """A team's code, from any spelling."""
    code = None if _absent(value) else team_code(value)
    if code is None:
        raise BadValue("a team: its code (NYK), or its place and name (New York Knicks)")
    return code


@lru_cache(maxsize=4096)
def maybe_team(value: str) -> str | None:
    """A team's code from any spelling, or the text as it is; nothing if there is none."""
    return None if _absent(value) else team_code(value) or value.strip()


@lru_cache(maxsize=4096)
def lower(value: str) -> str:
    """A text that is not empty, in lower case."""
    return parsed_text(value).lower()


@lru_cache(maxsize=4096)
def bookmaker(value: str) -> str:
    """A bookmaker's key: `Draft Kings` is `draftkings`."""
    return parsed_text(value).lower().replace(" ", "")


@lru_cache(maxsize=4096)
def maybe_text(value: str) -> str | None:
    """A text or nothing."""
    return None if _absent(value) else value.strip()


@lru_cache(maxsize=8192)
def lookup(value: str) -> str:
    """A player's key: transliterated, lower case, letters only, suffix kept (`garypaytonii`); see `regen.data.names`."""
    found = key(value)
    if found is None:
        raise BadValue("a player's name or lookup key")
    return found


def name_or_blank(value: str) -> str | None:
    """A player's key, or nothing where no name stands."""
    return lookup(value) if value.strip() else None


@lru_cache(maxsize=4096)
def number(value: str) -> float:
    """A finite number."""
    try:
        result = float(value)
    except ValueError:
        raise BadValue("a number") from None
    if not math.isfinite(result):
        raise BadValue("a finite number")
    return result


@lru_cache(maxsize=4096)
def maybe_int(value: str) -> int | None:
    """A whole number or nothing."""
    if _absent(value):
        return None
    result = number(value)
    if result != int(result):
        raise BadValue("a whole number")
    return int(result)


@lru_cache(maxsize=4096)
def maybe_count(value: str) -> int | None:
    """A whole number of 0 or more, or nothing."""
    result = maybe_int(value)
    if result is not None and result < 0:
        raise BadValue("a whole number of 0 or more")
    return result


@lru_cache(maxsize=4096)
def count(value: str) -> int:
    """A whole number of 0 or more."""
    result = maybe_count(value)
    if result is None:
        raise BadValue("a whole number of 0 or more")
    return result


@lru_cache(maxsize=8192)
def minutes(value: str) -> float:
    """Decimal minutes; also as `36:18` or `PT36M18.00S`."""
    clock = _CLOCK.fullmatch(value.strip())
    if clock and float(clock[2]) >= 60:
        raise BadValue("minutes as 36.3 or 36:18, with fewer than 60 seconds")
    result = round(int(clock[1]) + float(clock[2]) / 60, 2) if clock else number(value)
    if not 0 <= result <= MAX_MINUTES:
        raise BadValue(f"minutes from 0 to {MAX_MINUTES:.0f}")
    return result


def maybe_minutes(value: str) -> float | None:
    """Minutes, or nothing."""
    return None if _absent(value) else minutes(value)


@lru_cache(maxsize=4096)
def maybe_price(value: str) -> int | None:
    """American odds, also from decimal ones (2.0 is +100, 1.91 is -110) and fractions (10/11); nothing if there are none, or 0."""
    text = value.strip().lower().replace("\u2212", "-")
    if _absent(value):
        return None
    if text in {"even", "ev", "evens", "evs"}:
        return _AMERICAN_FROM
    if (fraction := _FRACTION.fullmatch(text)) is not None and int(fraction[1]) and int(fraction[2]):
        return _from_decimal(1 + int(fraction[1]) / int(fraction[2]))
    price = number(text)
    if price == 0:
        return None
    if abs(price) >= _AMERICAN_FROM and price == int(price):
        return int(price)
    if 1 < price < _AMERICAN_FROM:
        return _from_decimal(price)
    raise BadValue("American odds (-110, 100) or decimal ones above 1 (1.91)")


def _from_decimal(price: float) -> int:
    return round((price - 1) * 100) if price >= 2 else round(-100 / (price - 1))


@lru_cache(maxsize=4096)
def line(value: str) -> float:
    """A points line: more than 0, in steps of a half."""
    result = number(value)
    if not 0 < result < 100 or result * 2 != int(result * 2):
        raise BadValue("a line above 0 and below 100 in steps of a half")
    return result


@lru_cache(maxsize=64)
def maybe_flag(value: str) -> bool | None:
    """Yes, no or nothing."""
    word = value.strip().lower()
    if word in {"1", "1.0", "true", "yes"}:
        return True
    if word in {"0", "0.0", "false", "no"}:
        return False
    if word in _NOTHING:
        return None
    raise BadValue("1 or 0")


@lru_cache(maxsize=64)
def parsed_flag(value: str) -> bool:
    """Yes or no."""
    result = maybe_flag(value)
    if result is None:
        raise BadValue("1 or 0")
    return result


@lru_cache(maxsize=64)
def injury_status(value: str) -> str:
    """A status of an availability report, in lower case."""
    word = value.strip().lower()
    word = _STATUS_WORDS.get(word, word)
    if word not in INJURY_STATUSES:
        raise BadValue(f"one of {', '.join(INJURY_STATUSES)}")
    return word


def season_of(when: object) -> str:
    """The season of a date, as `2025-26`."""
    if not isinstance(when, date):
        raise TypeError("season_of takes a date")
    first = when.year if when.month >= _SEASON_STARTS else when.year - 1
    return f"{first}-{(first + 1) % 100:02d}"


_SEASON_TYPES = {
    "regular": "regular season regularseason reg regseason 2 002",
    "playoffs": "playoff playoffs postseason post ps pst offs 3 4 004",
    "playin": "playin playintournament playingame play-in 5 005",
    "preseason": "preseason pre exhibition 1 001",
    "allstar": "allstar allstargame allstarweekend risingstars 003",
    "cup_final": "cupfinal istchampionship nbacupfinal nbacup emiratesnbacup inseasontournament 6 006",
}
_SEASON_WORDS = {word: kind for kind, words in _SEASON_TYPES.items() for word in words.replace("-", "").split()}
_KIND_BY_ID = {"1": "preseason", "2": "regular", "3": "allstar", "4": "playoffs", "5": "playin", "6": "cup_final"}
NO_FORM = {"preseason": "of the preseason", "allstar": "of All-Star games"}
"""Kinds of games that say nothing of a player's form."""


@lru_cache(maxsize=256)
def season_type(value: str) -> str | None:
    """What kind of game it is: `regular`, `playoffs`, `playin`, `preseason`, `allstar` or `cup_final`; nothing if not said."""
    if _absent(value):
        return None
    word = re.sub(r"[^a-z0-9]", "", value.lower().removesuffix(".0"))
    if word not in _SEASON_WORDS:
        raise BadValue(f"one of {', '.join(_SEASON_TYPES)}")
    return _SEASON_WORDS[word]


def kind_of_game(game: str) -> str | None:
    """The kind of a game by the league's own id; None if it is no such id."""
    return _KIND_BY_ID[game[2]] if len(game) == 10 and game.startswith("00") and _GAME_ID.fullmatch(game) else None
