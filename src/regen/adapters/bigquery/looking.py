"""The invariants of the tables, asked at once: of the functions' client, and of a terminal's queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

from regen.domain.audit import AuditEvent
from regen.domain.bdb import KNOWN
from regen.domain.invariants import INVARIANTS, Finding
from regen.domain.promotion import ORPHAN_AFTER, StagingTable
from regen.domain.recorded import Done

STALE_AFTER = timedelta(hours=1)
"""A batch without an end after this time is past its deadline, which is half an hour by default."""


Rows = Callable[..., Sequence[Mapping[str, Any]]]
"""The rows of a statement by its name, with its parameters."""


def looked(
    rows: Rows,
    tables: Callable[[], Sequence[StagingTable]],
    first: date,
    last: date,
    now: datetime,
    threshold: float,
) -> tuple[list[Finding], frozenset[Done]]:
    """Each invariant's finding, and the acts of the audit.

    Args:
        tables: the staging tables.
        threshold: of coverage, in per cent.
    """
    span = {"first": first, "last": last}
    words = ",".join(sorted(KNOWN))
    with ThreadPoolExecutor(5) as pool:
        asked = [
            pool.submit(rows, "verify_predictions", **span),
            pool.submit(rows, "verify_audit", **span, stale=now - STALE_AFTER),
            pool.submit(rows, "verify_others", **span, words=words),
        ]
        covered = pool.submit(rows, "verify_coverage", **span)
        orphans = pool.submit(lambda: _orphans(tables(), now))
        by_name = {row["invariant"]: row for future in asked for row in future.result()}
        found = {name: _finding(row) for name, row in by_name.items()}
        found["coverage"] = _coverage(covered.result(), threshold)
        found["no_orphans"] = orphans.result()
    acts = ((by_name.get("acts") or {}).get("acts") or "").splitlines()
    return [found.get(name, Finding(name, 0, 0)) for name in INVARIANTS], frozenset(map(done, acts))


def done(text: str) -> Done:
    """An act as the statements write it: batch, round, event."""
    batch_id, round_, event = text.split(" ")
    return Done(batch_id, int(round_), AuditEvent(event))


def _orphans(tables: Sequence[StagingTable], now: datetime) -> Finding:
    old = sorted(table.name for table in tables if table.created_at < now - ORPHAN_AFTER)
    return Finding("no_orphans", len(tables), len(old), tuple(old[:20]))


def _finding(row: Mapping[str, Any]) -> Finding:
    return Finding(row["invariant"], row["checked"], row["violations"], tuple((row["examples"] or "").splitlines()))


def _coverage(rows: Iterable[Mapping[str, Any]], threshold: float) -> Finding:
    """The finding `coverage`: examples list every incomplete date with its missing players; dates under the threshold violate."""
    known = [row for row in rows if row["expected_players"]]
    examples = [
        f"{row['game_date']}: {row['coverage_pct']} % ({row['players_with_predictions']} of {row['expected_players']}), "
        f"missing {', '.join(sorted(row['missing_players']))}"
        for row in known
        if row["missing_players"]
    ]
    low = sum(1 for row in known if float(row["coverage_pct"]) < threshold)
    return Finding("coverage", len(known), low, tuple(examples))
