"""What must be true of the tables, whatever the batch records say: each invariant by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

INVARIANTS: Mapping[str, str] = {
    "one_generation": "one current generation per date, player and system",
    "unique_keys": "one current row per date, game, player, system and line",
    "unique_ids": "no two rows have one prediction_id",
    "active_agrees": "is_active agrees with superseded",
    "current_untouched": "a current row carries nothing of a supersession",
    "superseded_told": "a superseded row says when, why and by which batch",
    "nothing_lost": "what was superseded has a current successor, or was withdrawn",
    "replaced_or_withdrawn": "a superseded row names its replacement, or is withdrawn with a reason",
    "links_forward": "a replacement is there, of the same player and system, made in the same moment",
    "links_back": "what a row replaced is there, of the same player and system, superseded in the same moment",
    "restored_links": "what a rollback restored was superseded, and reads as before",
    "values_sane": "values of current rows are in range",
    "direction_agrees": "recommendations agree with value and line",
    "audit_inserted": "a promotion inserted as many rows as its audit row says",
    "audit_superseded": "an act superseded and withdrew as many rows as its audit row says",
    "audit_missing": "rows were made and superseded only by acts that are in the audit",
    "audit_once": "an act stands in the audit once",
    "fence_agrees": "the fence of a date names the last promotion of the audit",
    "fence_once": "the fence of a date is one row",
    "runs_recorded": "each player with predictions of a promotion has a worker run that says so",
    "ended": "no batch is past its deadline without an end in the audit",
    "coverage": "coverage against the slate reaches the threshold",
    "grades_agree": "a grade belongs to one prediction, and agrees with it",
    "bdb_vocabulary": "pending_bdb_games has no other words than ours",
    "no_orphans": "no staging table is older than any verification takes",
}
AUDIT = frozenset(
    {"audit_inserted", "audit_superseded", "audit_missing", "audit_once", "fence_agrees", "fence_once", "ended"}
)
"""Those whose violation is a disagreement between the audit and the data."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one invariant found.

    Attributes:
        checked: how many things were looked at.
        violations: how many of them break it.
        examples: some of those, by name.
    """

    name: str
    checked: int
    violations: int
    examples: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing breaks it."""
        return self.violations == 0
