"""Checks of the slate itself. Coverage is measured against the slate, so half a slate can reach a coverage of 100 %."""

from __future__ import annotations

from collections import Counter

from regen.domain.checks.declared import fixed, limited
from regen.domain.checks.evidence import FLOOR, MAX_NAMES, CheckResult, Evidence, is_smaller, share, skipped
from regen.domain.plan import NOT_ON_SLATE
from regen.domain.slate import POSTPONED, GameShape
from regen.domain.words import counted

NO_CURRENT = "the date has no current rows"
FILTERED = "the batch is filtered: it withdraws no player beyond its filter"
NO_SLATE = "the batch was opened by a version that kept no slate"


def withdrawn_players(evidence: Evidence, limit: float) -> CheckResult:
    """Not too many of the date's current players lose their rows because the slate no longer lists them.

    Fails when: too many of the date's current players are no longer on the slate; those who are out do not count
    What to do: `regen slate DATE --all`: is the slate loaded whole? If not, wait, then `regen regenerate DATE`. If
        the players are right to go (a game called off, a large trade), waive
    """
    if not evidence.baseline:
        return skipped(NO_CURRENT, limit)
    if not evidence.scope.whole_slate:
        return skipped(FILTERED, limit)
    gone = sorted(p for p, why in evidence.plan.withdrawn.items() if why == NOT_ON_SLATE and p in evidence.baseline)
    value = share(len(gone), len(evidence.baseline))
    return CheckResult(value <= limit or len(gone) < FLOOR, round(value, 2), limit, gone[:MAX_NAMES])


def games_gone(evidence: Evidence, limit: float) -> CheckResult:
    """No game with current rows is missing from the slate.

    Fails when: a game with current rows is missing from the slate
    What to do: as `withdrawn_players`; a game called off is waived by name
    """
    if not evidence.baseline:
        return skipped(NO_CURRENT, limit)
    if not evidence.scope.whole_slate:
        return skipped(FILTERED, limit)
    if evidence.slate is None:
        return skipped(NO_SLATE, limit)
    known = {game.game_id for game in evidence.slate.games}
    gone = [game for game in _current_games(evidence) if game not in known]
    return CheckResult(len(gone) <= limit, len(gone), limit, gone[:MAX_NAMES])


def _current_games(evidence: Evidence) -> list[str]:
    """The games of which several players have current rows."""
    players: dict[str, set[str]] = {}
    for row in evidence.plan.before:
        if row.player_lookup in evidence.baseline:
            players.setdefault(row.game_id, set()).add(row.player_lookup)
    return sorted(game for game, names in players.items() if len(names) >= FLOOR)


def _most_gone(evidence: Evidence) -> float:
    return max(1, len(_current_games(evidence)))


def slate_size(evidence: Evidence, limit: float) -> CheckResult:
    """The slate is not much smaller than that of the date's last promoted batch.

    Fails when: the slate is smaller than that of the date's last promoted batch
    What to do: as `withdrawn_players`
    """
    before = evidence.slate_before
    if not evidence.scope.whole_slate:
        return skipped(FILTERED, limit)
    if evidence.slate is None:
        return skipped(NO_SLATE, limit)
    if not before:
        return skipped("no promoted whole-slate batch of the date is on record", limit)
    now = evidence.slate.players
    sizes = [f"{counted(now, 'player')}, {before} before"]
    return CheckResult(not is_smaller(now, before, limit), round(share(before - now, before), 2), limit, sizes)


def two_teams(evidence: Evidence, limit: float) -> CheckResult:
    """Every game in the scope of the batch has players of exactly two teams.

    Fails when: a game of the slate has players of one team, of none, or of three
    What to do: the game is half loaded, or a player's team is wrong: wait for upstream, or have it fixed, then
        `regen regenerate DATE`
    """
    if evidence.slate is None:
        return skipped(NO_SLATE, limit)
    bad = [f"{g.game_id}:{'+'.join(g.teams) or 'no team'}" for g in _played(evidence) if len(g.teams) != 2]
    return CheckResult(len(bad) <= limit, len(bad), limit, bad[:MAX_NAMES])


def _played(evidence: Evidence) -> list[GameShape]:
    """The games in the scope of the batch that are not called off."""
    ours = {o.game_id for o in evidence.outcomes} | {e.game_id for e in evidence.excluded}
    games = evidence.slate.games if evidence.slate else ()
    return [g for g in games if not g.called_off and (evidence.scope.whole_slate or g.game_id in ours)]


def _most_uneven(evidence: Evidence) -> float:
    return max(1, len(_played(evidence)))


def called_off_whole(evidence: Evidence) -> CheckResult:
    """A game is called off for all of its players or for none.

    Fails when: players of a game are withdrawn as `postponed` while others of it are predicted: three of each, over all
        games of the date
    What to do: upstream's `game_status` is half written: wait for it, then `regen regenerate DATE`
    """
    off: dict[str, int] = Counter(e.game_id for e in evidence.excluded if e.reason == POSTPONED and e.game_id)
    on: dict[str, int] = Counter(o.game_id for o in evidence.outcomes if o.game_id)
    half = {game: min(number, on.get(game, 0)) for game, number in off.items() if on.get(game)}
    if sum(half.values()) < FLOOR:
        half = {}
    return CheckResult(not half, len(half), 0, sorted(half)[:MAX_NAMES])


CHECKS = (
    fixed(called_off_whole),
    limited(withdrawn_players, "withdrawn_pct", off=100),
    limited(games_gone, "games_gone", off=100, worst=_most_gone),
    limited(slate_size, "slate_drop_pct", off=100),
    limited(two_teams, "uneven_games", off=100, worst=_most_uneven),
)
