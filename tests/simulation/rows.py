"""The checks of one change of predictions (P1, P6, P7), from the rows before and after and the audit."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from regen.adapters.memory.promoting import Row
from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.promotion import Promotion, Rollback

Problem = tuple[str, str]
REASONS = frozenset({"out", "postponed", "not_on_slate", "system_retired", "rollback"})


def current(row: Row) -> bool:
    """Return whether a row is current. Written independently of the code under test."""
    return row.get("superseded") is None or row["superseded"] is False


def violations_of(
    name: str, act: Any, before: Sequence[Row], after: Sequence[Row], entries: Sequence[AuditEntry]
) -> Iterator[Problem]:
    """Yield every promise that a change breaks."""
    if not isinstance(act, Promotion | Rollback):
        yield "P1", "predictions changed outside a promotion"
        return
    known = {row["prediction_id"]: row for row in after}
    ended = [known.get(row["prediction_id"]) for row in before if row is not known.get(row["prediction_id"])]
    old_ids = {row["prediction_id"] for row in before}
    made = [row for row in after if row["prediction_id"] not in old_ids]
    yield from _immutable(before, known)
    yield from _unique(after)
    yield from _links(ended, made, known, act)
    yield from _audited(act, len([e for e in ended if e]), len(made), entries)


def _immutable(before: Sequence[Row], known: dict[str, Row]) -> Iterator[Problem]:
    for row in before:
        now = known.get(row["prediction_id"])
        if now is None:
            yield "P1", f"{row['prediction_id']} is gone"
        elif now is not row and not current(row) and now != row:
            yield "P6", f"{row['prediction_id']} was superseded and has changed"
        elif now is not row and (current(now) or now["is_active"]):
            yield "P6", f"{row['prediction_id']} was changed and is still current or active"


def _unique(after: Sequence[Row]) -> Iterator[Problem]:
    ids = Counter(row["prediction_id"] for row in after)
    keys: Counter[tuple[Any, ...]] = Counter()
    makers: dict[tuple[str, str], set[Any]] = defaultdict(set)
    for row in after:
        if current(row):
            name = row["player_lookup"], row["system_id"]
            keys[*name, row["game_id"], row.get("current_points_line")] += 1
            makers[name].add(row.get("batch_id"))
    for what, number in (*ids.items(), *keys.items()):
        if number > 1:
            yield "P6", f"{number} rows for {what}"
    for name, batches in makers.items():
        if len(batches) > 1:
            yield "P6", f"{len(batches)} current generations of {name}"


def _links(
    ended: Sequence[Row | None], made: Sequence[Row], known: dict[str, Row], act: Promotion | Rollback
) -> Iterator[Problem]:
    for old in ended:
        if old is None:
            continue
        by = old.get("superseded_by_prediction_id")
        new = known.get(by) if by else None
        if old.get("superseded_by_batch_id") != act.fence.batch_id or old.get("superseded_at") != act.at:
            yield "P6", f"{old['prediction_id']} does not say who superseded it"
        if by is None and old.get("superseded_reason") not in REASONS:
            yield "P1", f"{old['prediction_id']} has neither replacement nor withdrawal: {old.get('superseded_reason')}"
        if by is not None and (new is None or not current(new) or _generation(new) != _generation(old)):
            yield "P1", f"{old['prediction_id']} names a replacement that does not exist"
    before = {old["prediction_id"]: old for old in ended if old}
    replaced = {_generation(old) for old in before.values()}
    for new in made:
        of = new.get("supersedes_prediction_id")
        if (of is None) != (_generation(new) not in replaced):
            yield "P6", f"{new['prediction_id']} does not say what it replaces"
        if of is not None and (of not in before or _generation(before[of]) != _generation(new)):
            yield "P6", f"{new['prediction_id']} replaces a row that does not exist"


def _generation(row: Row) -> tuple[str, str]:
    return row["player_lookup"], row["system_id"]


def _audited(act: Promotion | Rollback, ended: int, made: int, entries: Sequence[AuditEntry]) -> Iterator[Problem]:
    event = AuditEvent.PROMOTED if isinstance(act, Promotion) else AuditEvent.ROLLED_BACK
    fence = act.fence
    found = [e for e in entries if (e.event, e.batch_id, e.round) == (event, fence.batch_id, fence.round)]
    if len(found) != 1:
        yield "P7", f"{len(found)} audit rows for one act"
        return
    counted = (found[0].superseded_count or 0) + (found[0].withdrawn or 0), found[0].regenerated_count
    if counted != (ended, made):
        yield "P7", f"the audit says {counted} (ended, made), the data {(ended, made)}"
