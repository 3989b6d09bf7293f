"""The players to request, those to exclude, and the grouping of players into requests."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from msgspec import Struct

from regen.domain.inputs import PlayerInputs
from regen.domain.scope import Scope
from regen.domain.slate_reading import SlateEntry
from regen.domain.soundness import flaw, is_moment, is_name, is_statistic, is_text, shown, without_timeless
from regen.domain.values import replace

COLUMNS = {
    "team": "team_abbr",
    "opponent": "opponent_team_abbr",
    "status": "player_status",
    "avg_minutes": "avg_minutes_per_game_last_7",
}
"""Upstream's column names, where they differ from the field names."""
UNAVAILABLE = {"out": "out", "doubtful": "doubtful"}
CALLED_OFF = frozenset({"postponed", "ppd", "cancelled", "canceled", "suspended", "abandoned"})
_CALLED_OFF = re.compile(rf"({'|'.join(sorted(CALLED_OFF))})([^a-z]|$)")
POSTPONED = "postponed"
UNNAMED = "unnamed_"
"""Begins the name of a player whose own is unusable."""
EXPLAINED = frozenset({"out", POSTPONED})
"""Exclusions that withdraw the player's current rows: upstream says that the player will not play."""
STRAYS, TIMES = 2, 7
"""Up to `STRAYS` players of a game are no team if another has at least so many times as many."""
AVAILABLE_AGAIN = "available_again"
"""The batch excluded the player when it was opened; a redrive has read that the player is available again."""


def is_called_off(game_status: str | None) -> bool:
    """Whether upstream's status of a game says that it is not played on its date; case and trailing words are ignored."""
    return _CALLED_OFF.match((game_status or "").strip().lower()) is not None


class Exclusion(Struct, frozen=True):
    """A player of the slate who is not requested, and why.

    The reasons are `postponed`, `out`, `doubtful`, `under_minutes` and `available_again`.

    Attributes:
        game_id: empty in records of earlier versions.
    """

    player_lookup: str
    reason: str
    game_id: str = ""


class GameShape(Struct, frozen=True):
    """One game of a slate: how many players it has, and of which teams.

    Attributes:
        called_off: whether upstream reports this for any of its players.
    """

    game_id: str
    teams: tuple[str, ...]
    players: int
    called_off: bool = False


class SlateShape(Struct, frozen=True):
    """The size of a slate when it was read, regardless of the scope, for comparison by the checks.

    Attributes:
        players: number of players on it, excluded or not.
    """

    players: int
    games: tuple[GameShape, ...] = ()


def shape_of(entries: Iterable[SlateEntry]) -> SlateShape:
    """The shape of the slate entries. Players without a game, and teams that are empty, count as broken rows.

    A game that only one player names is a broken row too, and so is a third team that only one player names: neither
    becomes part of the shape. One or two players are no team beside a whole one.
    """
    known = tuple(sound(entry, number) for number, entry in enumerate(entries))
    games: dict[str, list[SlateEntry]] = {}
    for entry in known:
        if entry.game_id:
            games.setdefault(entry.game_id, []).append(entry)
    return SlateShape(
        len({e.player_lookup for e in known}),
        tuple(
            GameShape(game, _teams(of_it), len({e.player_lookup for e in of_it}), any(e.called_off for e in of_it))
            for game, of_it in sorted(games.items())
            if len(of_it) > 1 or len(games) == 1
        ),
    )


def _teams(entries: Sequence[SlateEntry]) -> tuple[str, ...]:
    players = _by_team(entries, lambda entry: entry.team)
    most = max(map(len, players.values()), default=0)
    teams = {team: len(of) for team, of in players.items() if len(of) > STRAYS or TIMES * len(of) > most}
    several = [team for team, number in teams.items() if number > 1]
    return tuple(sorted(several if len(several) >= 2 else teams))


def _by_team(entries: Sequence[SlateEntry], team: Callable[[SlateEntry], str]) -> dict[str, set[str]]:
    """The players by team, each team as most of its rows spell it: case and outer spaces tell no teams apart."""
    players: dict[str, set[str]] = {}
    spellings: dict[str, Counter[str]] = {}
    for entry in entries:
        if name := team(entry).strip():
            players.setdefault(name.casefold(), set()).add(entry.player_lookup)
            spellings.setdefault(name.casefold(), Counter())[name] += 1
    return {spellings[folded].most_common(1)[0][0]: named for folded, named in players.items()}


class Slate(Struct, frozen=True):
    """The slate as fixed when the batch was opened (P8).

    Attributes:
        requested: players to predict, in the scope of the batch.
        excluded: players in scope that the rule leaves out.
        outside: players of the slate beyond the batch's scope.
    """

    requested: tuple[SlateEntry, ...]
    excluded: tuple[Exclusion, ...]
    outside: tuple[str, ...]

    @property
    def reasons(self) -> dict[str, int]:
        """How many players are excluded, by reason."""
        return dict(Counter(exclusion.reason for exclusion in self.excluded))


def sound(entry: SlateEntry, number: int) -> SlateEntry:
    """The entry with valid values in every field but the inputs. Invalid ones are replaced and named in `problem`.

    Args:
        number: makes a name for a player whose own is unusable.
    """
    problems: list[str] = []

    def kept(name: str, rule: Callable[[object], bool], instead: Any, expected: str) -> Any:  # noqa: ANN401
        value = getattr(entry, name)
        if rule(value):
            return value
        problems.append(f"{COLUMNS.get(name, name)}: expected {expected}, got {shown(value)}")
        return instead

    player = kept("player_lookup", is_name, f"{UNNAMED}{number}", "a name")
    fields = {
        "player_lookup": player,
        "game_id": kept("game_id", is_text, "", "the id of a game"),
        "team": kept("team", is_text, "", "a team's abbreviation"),
        "opponent": kept("opponent", is_text, "", "a team's abbreviation"),
        "status": kept("status", is_text, "unknown", "a status"),
        "game_start": kept("game_start", lambda v: v is None or is_moment(v), None, "a timestamp"),
        "avg_minutes": kept("avg_minutes", _is_minutes, None, "minutes or null"),
    }
    kept("inputs", lambda v: v is None or isinstance(v, PlayerInputs), None, "a player's inputs")
    before = kept("problem", lambda v: v is None or isinstance(v, str), None, "a text or null")
    if fields["team"] and fields["team"].strip().casefold() == fields["opponent"].strip().casefold():
        problems.append(
            f"{COLUMNS['opponent']}: expected the other team of the game, got {shown(entry.opponent)}, the player's own"
        )
    if not problems:
        return entry
    return replace(entry, **fields, inputs=None, problem="; ".join([*problems, *([before] if before else [])]))


def is_told_apart(entry: SlateEntry) -> bool:
    """Whether a sound entry has a player and a game of its own, so that there can be news of it."""
    return bool(entry.game_id) and not (entry.problem and entry.player_lookup.startswith(UNNAMED))


def examined(entry: SlateEntry) -> SlateEntry:
    """The entry of a requested player, without its inputs if these are unsound; `problem` then names the field."""
    if entry.inputs is None:
        return entry
    inputs = without_timeless(entry.inputs)
    problem = flaw(inputs)
    if problem is None and inputs.player_lookup != entry.player_lookup:
        problem = f"player_lookup: expected {entry.player_lookup}, got {shown(inputs.player_lookup)}"
    return replace(entry, inputs=None, problem=problem) if problem else replace(entry, inputs=inputs)


def _is_minutes(value: object) -> bool:
    return value is None or is_statistic(value)


def exclusion(entry: SlateEntry, min_minutes: float) -> str | None:
    """The reason to exclude a player, or None: one rule for first runs, regenerations and the coverage view.

    Exclude every player of a game that is called off (`postponed`), and players who are OUT or DOUBTFUL. Exclude players
    who average less than `min_minutes`, unless they have a line. Unknown minutes count as 0.
    """
    if entry.called_off:
        return POSTPONED
    status = entry.status.strip().lower()
    if status in UNAVAILABLE:
        return UNAVAILABLE[status]
    if not entry.has_line and (entry.avg_minutes or 0.0) < min_minutes:
        return "under_minutes"
    return None


def fix_slate(entries: Iterable[SlateEntry], scope: Scope, min_minutes: float) -> Slate:
    """Split the entries read into requested, excluded and outside the scope."""
    requested: list[SlateEntry] = []
    excluded: list[Exclusion] = []
    outside: list[str] = []
    for number, read in enumerate(entries):
        entry = sound(read, number)
        if not scope.covers(entry.player_lookup, entry.game_id):
            outside.append(entry.player_lookup)
        elif reason := exclusion(entry, min_minutes):
            excluded.append(Exclusion(entry.player_lookup, reason, entry.game_id))
        else:
            requested.append(examined(entry))
    return Slate(tuple(requested), tuple(excluded), tuple(outside))


def reread(
    slate: Slate, known: Iterable[Exclusion], requested: Collection[str], produced: Collection[str]
) -> tuple[Exclusion, ...]:
    """The exclusions that a later reading changes, of players who have no result and are not requested again.

    A player who was out, or not on the slate, and is now available keeps the current rows.

    Args:
        requested: players that the batch has requested before.
        produced: requested players who have a result.
    """
    before = {e.player_lookup: e.reason for e in known}
    again = (e for e in slate.requested if e.player_lookup not in requested)
    now = (*slate.excluded, *(Exclusion(e.player_lookup, AVAILABLE_AGAIN, e.game_id) for e in again))
    return tuple(e for e in now if e.player_lookup not in produced and before.get(e.player_lookup) != e.reason)


def group(entries: Sequence[SlateEntry], size: int) -> list[tuple[SlateEntry, ...]]:
    """The entries in groups of nearly equal size, none above `size`."""
    if not entries:
        return []
    number = -(-len(entries) // size)
    base, extra = divmod(len(entries), number)
    groups: list[tuple[SlateEntry, ...]] = []
    start = 0
    for i in range(number):
        end = start + base + (i < extra)
        groups.append(tuple(entries[start:end]))
        start = end
    return groups
