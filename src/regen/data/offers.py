"""Which of a date's lines were there before the games began, and when the games begin by what the lines say of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from regen.domain.tip_off import last_snapshots, split
from regen.features.records import PropLine

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Offers(Struct, frozen=True):
    """The lines on one player.

    Attributes:
        lines: what each bookmaker showed last before the start, by bookmaker and value.
        late: lines that were seen after the start.
        older: how many gave way to a later snapshot of the same bookmaker.
    """

    lines: tuple[PropLine, ...] = ()
    late: tuple[PropLine, ...] = ()
    older: int = 0


def offers(lines: Sequence[PropLine], start: datetime | None) -> Offers:
    """The lines on one player that count for a game with this start, whatever their order."""
    known, late = split(lines, start)
    newest: dict[tuple[str, float, int], PropLine] = {}
    for line in last_snapshots(known):
        key = (line.bookmaker, line.line, line.rank)
        if key not in newest or _seen(line) >= _seen(newest[key]):
            newest[key] = line
    return Offers(tuple(newest[key] for key in sorted(newest)), tuple(late), len(known) - len(newest))


def tip_offs(offered: Mapping[str, Sequence[PropLine]], games: Mapping[str, str]) -> dict[str, datetime]:
    """The start of each game: what most bookmakers said of it when they were first seen with one of its players.

    Args:
        offered: lines by player.
        games: the game of each player.
    """
    votes: defaultdict[str, Counter[datetime]] = defaultdict(Counter)
    for name, lines in offered.items():
        if (game := games.get(name)) is None:
            continue
        first: dict[str, PropLine] = {}
        for line in lines:
            if line.game_start is None:
                continue
            known = first.get(line.bookmaker)
            if known is None or (_seen(line), line.game_start) < (_seen(known), known.game_start):
                first[line.bookmaker] = line
        votes[game].update(line.game_start for line in first.values() if line.game_start)
    return {game: max(sorted(count), key=count.__getitem__) for game, count in votes.items() if count}


def _seen(line: PropLine) -> datetime:
    return line.captured_at or _LONG_AGO
