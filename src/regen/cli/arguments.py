"""Arguments that several commands take, and how they are read."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Any

import typer

from regen import clock
from regen.cli import completing
from regen.client.errors import Misused
from regen.domain.dates import eastern_today, parse_game_date
from regen.domain.json_texts import read_json

WHICH = "A batch's id, the beginning of one, a game date (its newest), or @last."
DateArgument = Annotated[
    str,
    typer.Argument(
        metavar="DATE",
        help="Game date: YYYY-MM-DD, TODAY, TOMORROW or YESTERDAY (US Eastern).",
        autocompletion=completing.dates,
    ),
]
BatchArgument = Annotated[str, typer.Argument(metavar="BATCH", help=WHICH, autocompletion=completing.batches)]
DateOrBatch = Annotated[
    str,
    typer.Argument(
        metavar="DATE|BATCH",
        help="A game date; or a batch's id, the beginning of one, or @last.",
        autocompletion=completing.dates_or_batches,
    ),
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for the end; exit 1 unless it is a good one.")]
Timeout = Annotated[float, typer.Option("--timeout", min=0, metavar="SECONDS", help="How long to wait.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Why = Annotated[str, typer.Option("--reason", "-r", help="Why; goes on record.")]
NamedWhy = Annotated[str | None, typer.Option("--reason", "-r", help="Why; goes on record. A dry run needs none.")]
TIMEOUT = 2100.0
"""Past a batch's own deadline, two sweeps and a verification."""


def named_why(reason: str | None, *, dry_run: bool) -> str:
    """The reason of an order that must name one.

    Raises:
        Misused: it is no dry run, and none is given.
    """
    if reason is None and not dry_run:
        raise Misused("Missing option '--reason' / '-r'.")
    return "dry run" if reason is None else reason


def game_date(text: str, field: str = "DATE") -> date:
    """A game date as people write it."""
    if text.upper() == "YESTERDAY":
        return eastern_today(clock.now()) - timedelta(days=1)
    return parse_game_date(text.upper() if text.isalpha() else text, clock.now(), field)


def span(first: str, last: str | None) -> tuple[date, date]:
    """A first and a last date.

    Raises:
        Misused: the last is before the first.
    """
    begin = game_date(first, "FROM")
    end = game_date(last, "TO") if last else begin
    if end < begin:
        raise Misused(f"the range ends before it begins: {begin} to {end}")
    return begin, end


def days(first: date, last: date) -> list[date]:
    """Every date of a range."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def share(text: str | float) -> float:
    """A share as people write it, `90%` or `0.9`, as a number from 0 to 1.

    A bare `90` or `1` is refused: the one reader takes it for percent, the other for a fraction.

    Raises:
        typer.BadParameter: it is written otherwise, or out of range.
    """
    if isinstance(text, float):
        return text  # a default
    written = text.strip()
    number = written.removesuffix("%").strip()
    expected = f"{written!r}: expected a share, written as 90% or 0.9"
    if not re.fullmatch(r"\d{1,3}(\.\d+)?|\.\d+", number):
        raise typer.BadParameter(expected)
    value = float(number) / 100 if written.endswith("%") else float(number)
    if not written.endswith("%") and value >= 1:
        raise typer.BadParameter(f"{expected}; {written} could be percent or a fraction")
    if value > 1:
        raise typer.BadParameter(f"{expected}; at most 100%")
    return value


def share_option(name: str, says: str, default: str | None = None) -> Any:  # noqa: ANN401 - typer's own type
    """An option that takes a share.

    Args:
        says: its help.
        default: as the help shows it.
    """
    return typer.Option(name, parser=share, metavar="SHARE", show_default=default or True, help=says)


def names(values: list[str] | None, option: str) -> list[str] | None:
    """Names given one by one or with commas, each once; None if the option is not given.

    Raises:
        Misused: one of them is empty: an empty list does not mean all, and `a,,b` lacks one that was meant.
    """
    if not values:
        return None
    found = [name.strip() for value in values for name in value.split(",")]
    if not all(found):
        raise Misused(f"{option}: a name is empty in {', '.join(values)!r}; without the option, all are meant")
    return list(dict.fromkeys(found))


def json_object(text: str | None, option: str) -> dict[str, object] | None:
    """A JSON object given on the command line.

    Raises:
        Misused: it is none.
    """
    if text is None:
        return None
    try:
        value = read_json(text)
    except (ValueError, RecursionError) as error:
        raise Misused(f"{option}: expected a JSON object: {error}") from error
    if not isinstance(value, dict):
        raise Misused(f"{option}: expected a JSON object, such as '{{\"ticket\": 17}}'")
    return value
