"""The Odds API: v4 event odds and historical snapshots as JSON, and the two CSV forms that people make of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from regen.data import parse
from regen.data.formats.native import skip_market
from regen.data.formats.shape import PROP_LINES, Format, Numbered, Record, Source, Values, columns
from regen.domain.dates import eastern_today

_TAKEN = (
    "game_date is the US Eastern date of commence_time, which is the start, too",
    "markets player_points and player_points_alternate; alternates are rows of their own",
    "decimal prices become American ones",
)


def _side(value: str) -> str:
    word = value.strip().lower()
    if word not in {"over", "under"}:
        raise parse.BadValue("Over or Under")
    return word


def dated(rows: Iterable[Numbered], _: Source) -> Iterator[Numbered]:
    """Rows on the US Eastern date of their start."""
    for number, values in rows:
        values["game_date"] = eastern_today(values["game_start"])
        yield number, values


def paired(rows: Iterable[Numbered], source: Source) -> Iterator[Numbered]:
    """Over and under of one line as one row; a side that stands alone has no price of the other, one that comes again the later."""
    found: dict[tuple[Any, ...], tuple[int, Values]] = {}
    for number, values in rows:
        side, price = values.pop("side"), values.pop("price", None)
        seen = values.get("captured_at")
        key = (values["player_lookup"], values["bookmaker"], values["line"], values["game_start"], seen)
        _, kept = found.setdefault(key, (number, values))
        if f"{side}_price" in kept:
            source.set_aside["of a side that is there again: the later price counts"] += 1
        kept[f"{side}_price"] = price
    return dated(iter(found.values()), source)


def _snapshots(document: Any) -> Iterable[tuple[Mapping[str, Any], str]]:  # noqa: ANN401
    """Events of a document, each with the moment of its snapshot, as far as it names one."""
    if isinstance(document, list):
        for item in document:
            yield from _snapshots(item)
    elif isinstance(document, Mapping):
        if "timestamp" in document and "data" in document:
            for event, _ in _snapshots(document["data"]):
                yield event, str(document["timestamp"])
        else:
            yield document, ""


def odds_records(document: Any) -> list[Record] | None:  # noqa: ANN401
    """Each side of each market as a row; None if the document has no events with bookmakers."""
    events = list(_snapshots(document))
    if not events or not all("bookmakers" in event and "commence_time" in event for event, _ in events):
        return None
    rows = [row for event, taken in events for row in _sides(event, taken)]
    return rows or [dict.fromkeys(("commence_time", "bookmaker", "market", "side", "player", "line", "price"), "none")]


def _sides(event: Mapping[str, Any], taken: str) -> Iterator[Record]:
    for book in event["bookmakers"]:
        for market in book.get("markets", ()):
            seen = market.get("last_update") or book.get("last_update") or taken
            for outcome in market.get("outcomes", ()):
                yield {
                    "commence_time": event["commence_time"],
                    "bookmaker": book.get("key") or book.get("title"),
                    "market": market.get("key"),
                    "last_update": min(seen, taken) if taken else seen,
                    "side": outcome.get("name"),
                    "player": outcome.get("description"),
                    "line": outcome.get("point"),
                    "price": outcome.get("price"),
                }


def _skip_side(market: str, _: str, line: str) -> str | None:
    if (reason := skip_market(market)) is not None:
        return reason
    return None if line.strip() else "without a line"


_SIDES = (
    *columns("player_lookup=player|description|player_name", parse.lookup, required=True),
    *columns("bookmaker=bookmaker|bookmaker_key|book|sportsbook", parse.bookmaker, required=True),
    *columns("side=side|name|outcome|over_under", _side, required=True),
    *columns("line=line|point", parse.line, required=True),
    *columns("price=price|odds", parse.maybe_price, required=True),
    *columns("game_start=commence_time|game_time", parse.moment, required=True),
    *columns("captured_at=last_update|market_last_update|snapshot|timestamp|snapshot_time", parse.maybe_moment),
    *columns("market=market|market_key", parse.maybe_text, required=True),
)
ODDS_API_SIDES = Format(
    name="odds_api_sides",
    title="The Odds API as CSV, a row per side",
    makes=PROP_LINES,
    columns=_SIDES,
    taken=(*_TAKEN, "the rows of Over and Under become one"),
    missing="last_update in many of these files: such lines count as seen before the start",
    skip_by=("market", "side", "line"),
    skip=_skip_side,
    rows=paired,
)
ODDS_API_JSON = Format(
    name="odds_api_json",
    title="The Odds API's event odds and historical snapshots, v4, as JSON",
    makes=PROP_LINES,
    columns=_SIDES,
    taken=(*_TAKEN, "captured_at is the market's last_update, never after the snapshot's timestamp"),
    skip_by=("market", "side", "line"),
    skip=_skip_side,
    rows=paired,
    records=odds_records,
    json_only=True,
)
ODDS_API_LINES = Format(
    name="odds_api_lines",
    title="The Odds API as CSV, a row per line",
    makes=PROP_LINES,
    columns=(
        *columns("player_lookup=player|description|player_name", parse.lookup, required=True),
        *columns("bookmaker=bookmaker|bookmaker_key|book|sportsbook", parse.bookmaker, required=True),
        *columns("line=line|point", parse.line, required=True),
        *columns("game_start=commence_time|game_time", parse.moment, required=True),
        *columns(
            "over_price=over_odds|over_price|over under_price=under_odds|under_price|under",
            parse.maybe_price,
            required=True,
        ),
        *columns("captured_at=last_update|market_last_update|snapshot|timestamp|snapshot_time", parse.maybe_moment),
        *columns("market=market|market_key", parse.maybe_text, required=True),
    ),
    taken=_TAKEN,
    missing="last_update in many of these files: such lines count as seen before the start",
    skip_by=("market", "bookmaker", "line"),
    skip=_skip_side,
    rows=dated,
)
