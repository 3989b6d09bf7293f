"""The expected effects of a batch, from its history and its slate, by rules that are written independently here."""

from collections.abc import Iterator

from regen.domain.batch import Batch
from regen.domain.slate_reading import SlateReading

LIVE = frozenset({"created", "dispatching", "running", "complete", "verifying", "promoting"})
ORDERS = {"dispatching": "redrive_requested", "verifying": "promote_requested", "promoting": "rollback_requested"}


def requested_of(reading: SlateReading, batch: Batch) -> set[str]:
    """The players of the slate and the filter, without those who are out, doubtful, or of few minutes and no line."""
    found: set[str] = set()
    for entry in reading.entries:
        if batch.scope.players is not None and entry.player_lookup not in batch.scope.players:
            continue
        if entry.status.lower() in {"out", "doubtful"}:
            continue
        if (entry.avg_minutes or 0) < 15 and not entry.has_line:
            continue
        found.add(entry.player_lookup)
    return found


def rounds_of(batch: Batch) -> Iterator[tuple[int, str, str]]:
    """Yield round, old and new status of each step."""
    round_ = 1
    for step in batch.history:
        if step.from_ not in LIVE and step.to in LIVE:
            round_ += 1
        yield round_, step.from_, step.to


def dispatched(batch: Batch) -> bool:
    """Return whether all requests were written: a batch that ended before names no player."""
    return any(step.to == "dispatching" for step in batch.history)


def ends_of(batch: Batch) -> Iterator[tuple[str, int]]:
    """Yield status and number of each ended round."""
    for round_, _, to in rounds_of(batch):
        if to not in LIVE:
            yield to, round_


def rounds_with_runs(batch: Batch) -> set[int]:
    """The rounds that ended with a verdict: their worker runs must be recorded."""
    return {round_ for to, round_ in ends_of(batch) if to in {"promoted", "rejected", "held"}}


def acts_of(batch: Batch) -> Iterator[tuple[str, str, int]]:
    """Yield event, batch and round of each act that the audit must hold."""
    # News may open a batch that only withdraws; it may end before the dispatch: its opening is lost, or it is cancelled.
    ended = any(to in {"failed", "cancelled"} for _, _, to in rounds_of(batch))
    if batch.requested_players or batch.withdrawal or dispatched(batch) or ended:
        yield "requested", batch.batch_id, 1
    rolling = False
    for round_, from_, to in rounds_of(batch):
        if from_ not in LIVE and to in LIVE:
            rolling = to == "promoting"
            yield ORDERS[to], batch.batch_id, round_
        elif from_ == to:
            yield "close_requested", batch.batch_id, round_
        elif to not in LIVE:
            yield ("rollback_refused" if rolling and to == "promoted" else to), batch.batch_id, round_
