"""The statements `promote.sql` and `rollback.sql` in plain Python, over the rows of one date.

Each function returns new rows and leaves the old ones unchanged, so that a failed assertion has no effect.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from regen.domain.errors import PromotionAborted
from regen.domain.promotion import Promotion, PromotionCounts, Rollback, StagedRow
from regen.sql.lists import copied_columns

Row = Mapping[str, Any]
Generation = tuple[str, str]


def is_current(row: Row) -> bool:
    """Whether a row is current; the only definition in Python."""
    return row.get("superseded") is not True


def generation(row: Row) -> Generation:
    """The generation of a row: player and system."""
    return row["player_lookup"], row["system_id"]


def promoted(rows: Sequence[Row], staged: Sequence[StagedRow], act: Promotion) -> tuple[list[Row], PromotionCounts]:
    """The date's rows after the promotion."""
    day = act.fence.game_date.isoformat()
    staged_rows = [row.prediction for row in staged if row.prediction is not None]
    fresh = [row for row in staged_rows if row.get("batch_id") == act.fence.batch_id and row["game_date"] == day]
    by_generation = _grouped(fresh)
    renewed = {row["player_lookup"] for row in fresh}
    on_slate = renewed | {row.player_lookup for row in staged if row.kind == "slate"}
    reasons: dict[str, str] = {}
    for out in staged:
        if out.kind == "withdrawal" and out.reason is not None:
            reasons[out.player_lookup] = max(out.reason, reasons.get(out.player_lookup, ""))
    after: list[Row] = []
    replaced: dict[Generation, list[Row]] = defaultdict(list)
    for row in rows:
        reason = reasons.get(row["player_lookup"])
        if reason is None and act.whole_slate and row["player_lookup"] not in on_slate:
            reason = "not_on_slate"
        if reason is None and row["system_id"] in act.retired and row["player_lookup"] in renewed:
            reason = "system_retired"
        candidates = by_generation.get(generation(row), ())
        if not is_current(row) or not (candidates or reason):
            after.append(row)
            continue
        why = act.reason if candidates else str(reason)
        after.append(_superseded(row, act, why, _nearest(row, candidates)))
        replaced[generation(row)].append(row)
    after += [
        {
            **row,
            "round": act.fence.round,
            "supersedes_prediction_id": _nearest(row, replaced.get(generation(row), ())),
            "created_at": act.at,
        }
        for row in fresh
    ]
    counts = _counts(after, rows, act)
    if counts.inserted != act.expected_rows:
        raise PromotionAborted(f"PROMOTION_ABORTED: {act.expected_rows} rows were staged, {counts.inserted} inserted")
    if act.whole_slate and not any(entry.kind == "slate" for entry in staged):
        raise PromotionAborted("PROMOTION_ABORTED: the batch covers the whole slate, but no slate is staged")
    _assert_sound([row for row in after if _is_near(row, act) or row.get("batch_id") == act.fence.batch_id])
    return after, counts


def rolled_back(rows: Sequence[Row], act: Rollback) -> tuple[list[Row], PromotionCounts]:
    """The date's rows after the rollback."""
    undone = act.batch_id
    _assert_on_top(rows, undone)
    gone = [row for row in rows if row.get("superseded_by_batch_id") == undone and row.get("batch_id") != undone]
    last: dict[Generation, datetime] = {}
    for row in gone:
        at = row["superseded_at"]
        last[generation(row)] = max(at, last.get(generation(row), at))
    made = _grouped(row for row in rows if row.get("batch_id") == undone and is_current(row))
    copies: list[Row] = []
    for row in gone:
        if row["superseded_at"] == last[generation(row)]:
            name = f"{act.id_prefix}/{row['prediction_id']}"
            copies.append(
                {
                    **{column: row[column] for column in copied_columns() if row.get(column) is not None},
                    "prediction_id": hashlib.sha256(name.encode()).hexdigest()[:32],
                    "is_active": True,
                    "restored_from_prediction_id": row["prediction_id"],
                    "supersedes_prediction_id": _nearest(row, made.get(generation(row), ())),
                    "created_at": act.at,
                }
            )
    restored = _grouped(copies)
    after: list[Row] = []
    for row in rows:
        if row.get("batch_id") == undone and is_current(row):
            after.append(_superseded(row, act, act.reason, _nearest(row, restored.get(generation(row), ()))))
        else:
            after.append(row)
    after.extend(copies)
    _assert_sound([row for row in after if _is_near(row, act) or row.get("restored_from_prediction_id") is not None])
    return after, _counts(after, rows, act)


def _superseded(row: Row, act: Promotion | Rollback, reason: str, by: str | None) -> Row:
    return {
        **row,
        "superseded": True,
        "is_active": False,
        "superseded_at": act.at,
        "updated_at": act.at,
        "superseded_reason": reason,
        "superseded_metadata": dict(act.metadata),
        "superseded_by_batch_id": act.fence.batch_id,
        "superseded_by_prediction_id": by,
    }


def _nearest(row: Row, candidates: Iterable[Row]) -> str | None:
    """The id of the candidate on the same line, else on the nearest one. "No line" is a line, too, and the farthest from others."""
    line = _line(row)

    def distance(other: Row) -> tuple[int, float, float, str]:
        theirs = _line(other)
        unlike = 2 if line is None or theirs is None else 1
        apart = abs(theirs - line) if line is not None and theirs is not None else 0.0
        return 0 if theirs == line else unlike, apart, theirs if theirs is not None else -1.0, other["prediction_id"]

    best = min(candidates, key=distance, default=None)
    return None if best is None else str(best["prediction_id"])


def _line(row: Row) -> float | None:
    line = row.get("current_points_line")
    return None if line is None else float(line)


def _grouped(rows: Iterable[Row]) -> dict[Generation, list[Row]]:
    groups: dict[Generation, list[Row]] = defaultdict(list)
    for row in rows:
        groups[generation(row)].append(row)
    return groups


def _counts(after: Sequence[Row], before: Sequence[Row], act: Promotion | Rollback) -> PromotionCounts:
    changed = [new for new, old in zip(after, before, strict=False) if new is not old]
    return PromotionCounts(
        superseded=sum(row["superseded_by_prediction_id"] is not None for row in changed),
        withdrawn=sum(row["superseded_by_prediction_id"] is None for row in changed),
        inserted=len(after) - len(before),
        at=act.at,
        token=act.fence.token,
    )


def _assert_on_top(rows: Sequence[Row], undone: str) -> None:
    touched = False
    for name, group in sorted(_grouped(rows).items()):
        made = [row for row in group if row.get("batch_id") == undone]
        gone = any(row.get("superseded_by_batch_id") == undone and row.get("batch_id") != undone for row in group)
        touched = touched or bool(made) or gone
        if (made and not any(map(is_current, made))) or (not made and gone and any(map(is_current, group))):
            raise PromotionAborted(
                f"PROMOTION_ABORTED: a later batch has replaced rows of {undone}, of {'/'.join(name)}"
            )
    if not touched:
        raise PromotionAborted(f"PROMOTION_ABORTED: {undone} has no current rows to roll back")


def _is_near(row: Row, act: Promotion | Rollback) -> bool:
    """Whether the row is current, or the act's batch has superseded it: the statements read only such rows."""
    return is_current(row) or row.get("superseded_by_batch_id") == act.fence.batch_id


def _assert_sound(rows: Sequence[Row]) -> None:
    """Assert that no key of regen's rows is doubled, each generation is current once, and no id occurs twice (P6)."""
    groups = sorted(_grouped(rows).items())
    tests: tuple[tuple[str, Callable[[Sequence[Row]], bool]], ...] = (
        ("more than one current row for a key of", _doubled),
        ("more than one current generation of", _mixed),
        ("a prediction id exists already, of", _repeated),
    )
    for text, test in tests:
        if found := [name for name, group in groups if test(group)]:
            raise PromotionAborted(f"PROMOTION_ABORTED: {text} {'/'.join(found[-1])}")


def _doubled(group: Sequence[Row]) -> bool:
    current = [row for row in group if is_current(row)]
    keys = {(row["game_id"], _line(row)) for row in current}
    return len(keys) < len(current) and any(row.get("batch_id") is not None for row in current)


def _mixed(group: Sequence[Row]) -> bool:
    return len({row.get("batch_id") for row in group if is_current(row)}) > 1


def _repeated(group: Sequence[Row]) -> bool:
    ids = [
        row["prediction_id"]
        for row in group
        if row.get("batch_id") is not None or row.get("restored_from_prediction_id") is not None
    ]
    return len(set(ids)) < len(ids)
