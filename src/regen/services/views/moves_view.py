"""What a batch would move, from its outcomes beside the current rows; once it has been promoted, what it moved, from the tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from regen.api.moves import Moves
from regen.domain.batch import Batch
from regen.domain.outcome import Outcome, Prediction
from regen.domain.plan import leaving, retiring
from regen.domain.promotion import CurrentPrediction, MovedPrediction
from regen.services.batch.gathering import gather
from regen.services.state.commit import read_batch
from regen.services.state.deps import Deps
from regen.services.views.changed_inputs import with_changes

MAX_ROWS = 10_000
"""About 3 MB; an answer of Cloud Run has at most 32 MiB."""


def view_moves(deps: Deps, batch_id: str) -> Moves:
    """The moves of a batch, largest first; those of the first round that was promoted and all later ones together.

    Raises:
        NoSuchBatch: there is none of that id.
    """
    batch = read_batch(deps, batch_id).batch
    found = deps.books.moves(batch.game_date, batch_id) if batch.promoted_rounds else _would_move(deps, batch)
    rows = sorted(found, key=_size, reverse=True)
    return Moves(
        batch_id=batch_id,
        game_date=batch.game_date,
        status="moved" if batch.promoted_rounds else "would_move",
        rows=with_changes(deps, batch, rows[:MAX_ROWS]),
        left_off=max(0, len(rows) - MAX_ROWS),
    )


def _size(move: MovedPrediction) -> float:
    """Withdrawals first: nothing takes their place."""
    return float("inf") if move.new_points is None else abs(move.new_points - move.old_points)


def _would_move(deps: Deps, batch: Batch) -> Iterator[MovedPrediction]:
    gathered, current = gather(deps, batch), deps.warehouse.current_predictions(batch.game_date)
    fresh: dict[tuple[str, str], list[tuple[Outcome, Prediction]]] = defaultdict(list)
    for outcome in gathered.fresh:
        for prediction in outcome.predictions:
            fresh[outcome.player_lookup, prediction.system_id].append((outcome, prediction))
    for old in current:
        if made := fresh.get((old.player_lookup, old.system_id)):
            outcome, new = min(made, key=lambda pair: _distance(old, pair[1]))
            tier = outcome.provenance.data_source_tier if outcome.provenance else None
            yield _move(old, batch.reason, new, tier)
    retired = retiring(deps.config.retired_systems, batch.scope, batch.systems)
    gone = leaving(current, gathered.outcomes, gathered.fresh, gathered.excluded, batch.scope, retired)
    yield from (_move(old, reason) for old, reason in gone)


def _move(
    old: CurrentPrediction, reason: str, new: Prediction | None = None, tier: str | None = None
) -> MovedPrediction:
    return MovedPrediction(
        player_lookup=old.player_lookup,
        system_id=old.system_id,
        old_line=old.line,
        new_line=new.line if new else None,
        old_points=old.points,
        new_points=new.points if new else None,
        old_recommendation=old.recommendation,
        new_recommendation=new.recommendation if new else None,
        old_tier=old.data_source_tier,
        new_tier=tier,
        reason=reason,
        old_batch_id=old.batch_id,
    )


def _distance(old: CurrentPrediction, new: Prediction) -> tuple[bool, float, float]:
    """As the promotion links: the same line, else the nearest; none is the farthest from all others."""
    if old.line is None or new.line is None:
        return old.line != new.line, 0.0, new.line or 0.0
    return False, abs(new.line - old.line), new.line
