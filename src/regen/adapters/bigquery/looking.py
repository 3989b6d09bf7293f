"""The invariants of the tables, asked at once: of the functions' client, and of a terminal's queries."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct

from regen.domain.audit import AuditEvent
from regen.domain.bdb import KNOWN
from regen.domain.invariants import INVARIANTS, Finding
from regen.domain.promotion import ORPHAN_AFTER, StagingTable
from regen.domain.recorded import Done

STALE_AFTER = timedelta(hours=1)
"""A batch without an end after this time is past its deadline, which is half an hour by default."""


Rows = Callable[..., Sequence[Mapping[str, Any]]]
"""The rows of a statement by its name, with its parameters."""


class SystemRows(Struct, frozen=True):
    """The current rows of a system: how many, on how many dates, and the last of these."""

    system_id: str
    current_rows: int
    dates: int
    last_date: date


class Looked(Struct, frozen=True):
    """What the tables of some dates hold.

    Attributes:
        findings: one for each invariant, in their order.
        acts: of the audit.
        systems: those of the current rows, by name.
    """

    findings: list[Finding]
    acts: frozenset[Done]
    systems: list[SystemRows]


def looked(
    rows: Rows,
    tables: Callable[[], Sequence[StagingTable]],
    first: date,
    last: date,
    now: datetime,
    threshold: float,
) -> Looked:
    """Look at the tables of some dates, with three statements at once.

    Args:
        tables: the staging tables.
        threshold: of coverage, in per cent.
    """
    span = {"first": first, "last": last}
    words = ",".join(sorted(KNOWN))
    with ThreadPoolExecutor(4) as pool:
        asked = [
            pool.submit(rows, "verify_predictions", **span),
            pool.submit(rows, "verify_tables", **span, stale=now - STALE_AFTER, words=words),
        ]
        covered = pool.submit(rows, "verify_coverage", **span)
        orphans = pool.submit(lambda: _orphans(tables(), now))
        by_name = {row["invariant"]: row for future in asked for row in future.result()}
        found = {name: _finding(row) for name, row in by_name.items()}
        found["coverage"] = _coverage(covered.result(), threshold)
        found["no_orphans"] = orphans.result()
    return Looked(
        [found.get(name, Finding(name, 0, 0)) for name in INVARIANTS],
        frozenset(map(done, _listed(by_name, "acts"))),
        sorted(map(_system, _listed(by_name, "systems")), key=lambda system: system.system_id),
    )


def _listed(by_name: Mapping[str, Mapping[str, Any]], name: str) -> list[str]:
    """The lines that a statement lists under a name of their own."""
    listed = (by_name.get(name) or {}).get("listed")
    return listed.split("\n") if listed else []


def _system(text: str) -> SystemRows:
    """A system as the statement writes it: the name in JSON, because the predecessor's may hold anything."""
    rows, dates, last, name = text.split(" ", 3)
    return SystemRows(json.loads(name), int(rows), int(dates), date.fromisoformat(last))


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
