"""The verdict on a demo: statements about the tables, each true or false."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from regen.api.batches import WholeBatch
from regen.demo.facts import Facts
from regen.settings import number


class Statement(Struct, frozen=True):
    """A statement that must be true, and whether it is."""

    holds: bool
    text: str


def statements(views: Sequence[WholeBatch], facts: Facts, *, damaged: bool) -> list[Statement]:
    """The statements that must hold after the regeneration.

    Args:
        views: the ended batches, one per date.
        facts: the results of SQL queries.
        damaged: whether players were made to fail or vanish, so that a rejection may be correct.
    """
    promoted = [view for view in views if view.status == "promoted"]
    others = [view for view in views if view.status != "promoted"]
    found = [_nothing_lost(facts), _no_doubles(facts)]
    if promoted:
        found += [_replaced(promoted, facts), _audited(promoted, facts), _covered(promoted, facts)]
    if others:
        found += [_stayed(others, facts), _rejections_recorded(others, facts)]
        found.append(_meant_to(others) if damaged else Statement(False, f"{len(others)} batches were not promoted"))
    return found


def sentence(views: Sequence[WholeBatch], facts: Facts, seconds: float, *, passed: bool) -> str:
    """The whole run in one sentence, its numbers from SQL."""
    ends = [end["event"] for end in facts.all_ends]
    promoted, rejected = ends.count("promoted"), ends.count("rejected")
    parts = [f"{promoted} of {len(views)} dates promoted"]
    if rejected:
        parts.append(f"{rejected} rejected")
    replaced, withdrawn, kept = (facts.total(name) for name in ("replaced_rows", "withdrawn_rows", "kept_rows"))
    parts.append(f"{facts.total('current_players')} players have current predictions")
    parts.append(f"{replaced} old ones superseded{', each with a replacement' if replaced else ''}")
    parts.append(f"{facts.total('new_rows')} inserted")
    parts += [
        f"{number} {word}" for number, word in ((withdrawn, "withdrawn"), (kept, "stayed as they were")) if number
    ]
    parts.append(f"{promoted + rejected} audit rows")
    parts.append("nothing lost" if facts.lost == 0 else f"{facts.lost} LOST")
    return f"{'OK' if passed else 'FELL SHORT'}: {', '.join(parts)}, {seconds:.1f} s."


def _nothing_lost(facts: Facts) -> Statement:
    total = facts.total
    return Statement(
        facts.lost == 0,
        f"of {facts.before.rows} old predictions {total('replaced_rows')} are superseded, each with a current replacement, "
        f"{total('withdrawn_rows')} are withdrawn with a reason, {total('kept_rows')} are still current, {facts.lost} are lost",
    )


def _no_doubles(facts: Facts) -> Statement:
    doubled = facts.total("doubled_keys")
    return Statement(doubled == 0, f"{facts.total('current_rows')} predictions are current, {doubled} of them double")


def _replaced(promoted: Sequence[WholeBatch], facts: Facts) -> Statement:
    """The batches' counts equal those of SQL."""
    counts = [view.counts for view in promoted]
    rows = [facts.standing[str(view.game_date)] for view in promoted]
    superseded = sum(c.superseded or 0 for c in counts)
    inserted = sum(c.inserted or 0 for c in counts)
    real = sum(r["replaced_rows"] for r in rows), sum(r["new_rows"] for r in rows)
    return Statement(
        real == (superseded, inserted) and inserted > 0,
        f"{len(promoted)} dates promoted: {real[0]} predictions superseded and {real[1]} inserted, "
        f"the batches say {superseded} and {inserted}",
    )


def _audited(promoted: Sequence[WholeBatch], facts: Facts) -> Statement:
    good = 0
    for view in promoted:
        mine = [e for e in facts.ends.get(str(view.game_date), ()) if e["batch_id"] == view.batch_id]
        row = facts.standing[str(view.game_date)]
        counted = [(e["superseded_count"], e["regenerated_count"]) for e in mine if e["event"] == "promoted"]
        good += counted == [(row["replaced_rows"], row["new_rows"])]
    return Statement(
        good == len(promoted),
        f"{good} of {len(promoted)} promotions are in the audit, once, with the counts of the tables",
    )


def _covered(promoted: Sequence[WholeBatch], facts: Facts) -> Statement:
    least = min(facts.coverage.get(str(view.game_date), 0.0) for view in promoted)
    return Statement(least >= number("REGEN_COVERAGE_THRESHOLD"), f"coverage against the slate is {least:g} % or more")


def _stayed(others: Sequence[WholeBatch], facts: Facts) -> Statement:
    rows = [facts.standing[str(view.game_date)] for view in others]
    kept, old, new = (sum(r[name] for r in rows) for name in ("kept_rows", "old_rows", "new_rows"))
    return Statement(
        kept == old and new == 0,
        f"{len(others)} dates not promoted: {kept} of {old} old predictions are current, {new} new ones",
    )


def _rejections_recorded(others: Sequence[WholeBatch], facts: Facts) -> Statement:
    why = set()
    recorded = 0
    for view in others:
        ends = [e for e in facts.ends.get(str(view.game_date), ()) if e["batch_id"] == view.batch_id]
        recorded += len(ends) == 1 and bool(ends[0]["error"])
        why |= {str(e["error"]) for e in ends}
    return Statement(
        recorded == len(others), f"{recorded} of {len(others)} rejections are in the audit: {'; '.join(sorted(why))}"
    )


def _meant_to(others: Sequence[WholeBatch]) -> Statement:
    """A rejection is correct if coverage is the reason."""
    wrong = [view.batch_id for view in others if view.verdict is None or "coverage" not in view.verdict.failed]
    least = min(float(view.coverage_pct or 0.0) for view in others)
    return Statement(not wrong, f"coverage is why: {least:g} % on the worst date, under the threshold")
