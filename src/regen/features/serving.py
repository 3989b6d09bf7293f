"""Makes the features of a slate whose rows upstream wrote: out of the league's box scores, as training and import do.

Of upstream's rows stays what the store alone knows (`upstream.json`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence

from regen.domain.inputs import PlayerInputs
from regen.domain.slate_reading import SlateEntry, SlateReading
from regen.domain.soundness import flaw, plain
from regen.domain.tip_off import before_start
from regen.domain.values import replace
from regen.features.context import Fixture
from regen.features.history import History
from regen.features.inputs import DECIMALS, player_inputs
from regen.features.names import feature_hash
from regen.features.rotation import PLAYS_IF_REPORTED
from regen.features.upstream import upstream_versions
from regen.features.versions import SERVED_VERSION
from regen.features.window import season_of


def is_upstreams(entry: SlateEntry) -> bool:
    """Whether upstream wrote the player's feature row, in a version that can be read."""
    return entry.inputs is not None and entry.inputs.feature_version in upstream_versions()


def served(reading: SlateReading, history: History, warnings: Sequence[str] = ()) -> SlateReading:
    """The slate with features made for every player whose row upstream wrote; all others stay as they are.

    Args:
        history: fed with the window of the date (`window_from`), its last day before the date.
        warnings: what was wrong with the box scores; on every row.
    """
    statuses, lined = _statuses(reading.entries), _lined(reading.entries)
    entries = [
        _served(e, history, statuses.get(e.team), lined, warnings) if is_upstreams(e) else e for e in reading.entries
    ]
    digest = hashlib.sha256(reading.snapshot.encode())
    for entry in entries:
        digest.update(f"\n{entry.inputs.feature_hash if entry.inputs else entry.problem}".encode())
    return replace(reading, entries=entries, snapshot=digest.hexdigest()[:32])


def _served(
    entry: SlateEntry,
    history: History,
    statuses: Mapping[str, str] | None,
    lined: Collection[str],
    warnings: Sequence[str],
) -> SlateEntry:
    """One player; whatever goes wrong is his problem alone."""
    row = entry.inputs
    if row is None or flaw(row):
        return entry  # the slate's rule names it
    try:
        return replace(entry, inputs=_inputs(row, history, statuses, lined, warnings))
    except Exception as error:  # noqa: BLE001 - what no rule foresaw is this player's outcome (P10)
        return replace(entry, inputs=None, problem=plain(f"features: cannot be made ({type(error).__name__}: {error})"))


def _inputs(
    row: PlayerInputs,
    history: History,
    statuses: Mapping[str, str] | None,
    lined: Collection[str],
    warnings: Sequence[str],
) -> PlayerInputs:
    fixture = Fixture(
        game_date=row.game_date,
        game_id=row.game_id,
        team=row.team,
        opponent=row.opponent,
        home=row.home,
        season=season_of(row.game_date),
        playoff=None,
        game_start=row.game_start,
    )
    made = player_inputs(history, row.player_lookup, fixture, lines=row.lines, statuses=statuses, lined=lined)
    zones = {name: None if value is None else round(value, DECIMALS) for name, value in row.features.items()}
    features = {**made.features, **zones}
    return replace(
        row,
        features=features,
        feature_version=SERVED_VERSION,
        feature_hash=feature_hash(features),
        recent_games=made.recent_games,
        injury_status=made.injury_status,
        warnings=(*row.warnings, *warnings),
    )


def _statuses(entries: Sequence[SlateEntry]) -> dict[str, dict[str, str]]:
    """The availability report of each team that has one: a team of which no player has a status has not reported."""
    found: dict[str, dict[str, str]] = {}
    for entry in entries:
        if entry.status in PLAYS_IF_REPORTED:
            found.setdefault(entry.team, {})[entry.player_lookup] = entry.status
    return found


def _lined(entries: Sequence[SlateEntry]) -> frozenset[str]:
    """The players on whom there is a line from before the start."""
    known = [entry.inputs for entry in entries if entry.inputs is not None and not flaw(entry.inputs)]
    return frozenset(inputs.player_lookup for inputs in known if before_start(inputs).lines)
