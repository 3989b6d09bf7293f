"""What a batch would move, from its outcomes beside the current rows; once it has been promoted, what it moved, from the tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from regen.api.moves import Move, Moves
from regen.domain.batch import Batch
from regen.domain.outcome import Outcome, Prediction
from regen.domain.plan import withdrawals
from regen.domain.promotion import CurrentPrediction, MovedPrediction
from regen.services.batch.gathering import Gathered, gather
from regen.services.state.commit import read_batch
from regen.services.state.deps import Deps

MAX_ROWS = 10_000
"""About 3 MB; an answer of Cloud Run has at most 32 MiB."""


def view_moves(deps: Deps, batch_id: str) -> Moves:
    """The moves of a batch, largest first; those of the first round that was promoted and all later ones together.

    Raises:
        NoSuchBatch: there is none of that id.
    """
    batch = read_batch(deps, batch_id).batch
    if batch.promoted_rounds:
        rows = [_moved(row) for row in deps.books.moves(batch.game_date, batch_id)]
    else:
        rows = list(_would_move(gather(deps, batch), deps.warehouse.current_predictions(batch.game_date), batch))
    rows.sort(key=_size, reverse=True)
    return Moves(
        batch_id=batch_id,
        game_date=batch.game_date,
        status="moved" if batch.promoted_rounds else "would_move",
        rows=rows[:MAX_ROWS],
        left_off=max(0, len(rows) - MAX_ROWS),
    )


def _size(move: Move) -> float:
    """Withdrawals first: nothing takes their place."""
    return float("inf") if move.new_points is None else abs(move.new_points - move.old_points)


def _moved(row: MovedPrediction) -> Move:
    return Move(
        player_lookup=row.player_lookup,
        system_id=row.system_id,
        old_line=row.old_line,
        new_line=row.new_line,
        old_points=row.old_points,
        new_points=row.new_points,
        old_recommendation=row.old_recommendation,
        new_recommendation=row.new_recommendation,
        old_tier=row.old_tier,
        new_tier=row.new_tier,
        reason=row.reason,
    )


def _would_move(gathered: Gathered, current: Sequence[CurrentPrediction], batch: Batch) -> Iterator[Move]:
    fresh: dict[tuple[str, str], list[tuple[Outcome, Prediction]]] = defaultdict(list)
    for outcome in gathered.fresh:
        for prediction in outcome.predictions:
            fresh[outcome.player_lookup, prediction.system_id].append((outcome, prediction))
    gone = withdrawals(gathered.outcomes, gathered.excluded, batch.scope)
    for old in current:
        made = fresh.get((old.player_lookup, old.system_id))
        if not made and old.player_lookup not in gone:
            continue  # kept as it is
        nearest = min(made, key=lambda pair: _distance(old, pair[1])) if made else None
        new, source = (nearest[1], nearest[0].provenance) if nearest else (None, None)
        yield Move(
            player_lookup=old.player_lookup,
            system_id=old.system_id,
            old_line=old.line,
            new_line=new.line if new else None,
            old_points=old.points,
            new_points=new.points if new else None,
            old_recommendation=old.recommendation,
            new_recommendation=new.recommendation if new else None,
            old_tier=old.data_source_tier,
            new_tier=source.data_source_tier if source else None,
            reason=batch.reason if new else gone[old.player_lookup],
        )


def _distance(old: CurrentPrediction, new: Prediction) -> tuple[bool, float, float]:
    """As the promotion links: the same line, else the nearest; none is the farthest from all others."""
    if old.line is None or new.line is None:
        return old.line != new.line, 0.0, new.line or 0.0
    return False, abs(new.line - old.line), new.line
