"""Backups of what a bench stores, taken and put back as the runbook has it: the tables alone, or Firestore alone."""

from __future__ import annotations

import copy
from typing import Any

from support.bench import Bench


def snapshot_of_tables(bench: Bench) -> dict[str, Any]:
    """The rows of every table, as of now."""
    return copy.deepcopy(bench.warehouse.tables.rows)


def restore_tables(bench: Bench, snapshot: dict[str, Any]) -> None:
    """Put the rows of a snapshot in place of what is there; BigQuery still knows its jobs, and Firestore its records."""
    bench.warehouse.tables.rows = copy.deepcopy(snapshot)


def lose_firestore(bench: Bench) -> None:
    """Every document and every message is gone; the tables stay."""
    bench.store._documents.clear()
    bench.store._collections.clear()
    bench.queue.waiting.clear()
    bench.events.clear()


def rows_now(bench: Bench) -> dict[tuple[Any, ...], Any]:
    """The values of the current rows, by player, system and line."""
    current = bench.warehouse.predictions
    return {
        (row["player_lookup"], row["system_id"], row["current_points_line"]): row["predicted_points"]
        for day in bench.warehouse.tables.rows["player_prop_predictions"]
        for row in current(day)
        if not row.get("superseded")
    }
