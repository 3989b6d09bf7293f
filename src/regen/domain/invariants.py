"""The invariants of the tables, by name. They must hold regardless of the batch records."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

INVARIANTS: Mapping[str, str] = {
    "one_generation": "one current generation per date, player and system",
    "unique_keys": "one current row per date, game, player, system and line",
    "unique_ids": "no two rows have one prediction_id",
    "active_agrees": "is_active agrees with superseded",
    "current_untouched": "a current row has no value in its supersession columns",
    "superseded_told": "a superseded row says when, why and by which batch",
    "nothing_lost": "a superseded row has a current successor, or was withdrawn",
    "replaced_or_withdrawn": "a superseded row names its replacement, or is withdrawn with a reason",
    "links_forward": "a replacement exists, for the same player and system, created at the same moment",
    "links_back": "a replaced row exists, for the same player and system, superseded at the same moment",
    "restored_links": "a row that a rollback restored was superseded, and has its old values",
    "values_sane": "values of current rows are in range",
    "direction_agrees": "recommendations agree with value and line",
    "audit_inserted": "a promotion inserted as many rows as its audit row says",
    "audit_superseded": "an act superseded and withdrew as many rows as its audit row says",
    "audit_missing": "rows were created and superseded only by acts that are in the audit",
    "audit_once": "an act is in the audit once",
    "fence_agrees": "the fence of a date names the last promotion of the audit",
    "fence_once": "the fence of a date is one row",
    "runs_recorded": "each player with predictions of a promotion has a worker run that says so",
    "runs_once": "a worker run of a batch stands in the table once",
    "ended": "no batch is past its deadline without an end in the audit",
    "coverage": "coverage against the slate reaches the threshold",
    "grades_agree": "a grade belongs to one prediction, and agrees with it",
    "bdb_vocabulary": "pending_bdb_games has no status that regen does not know",
    "no_orphans": "no staging table is older than the longest verification",
}
RECORDS = "records_agree"
"""The one comparison that needs the batch records: the coordinator makes it (`regen.services.tables.records`)."""
MEANINGS: Mapping[str, str] = {
    **INVARIANTS,
    RECORDS: "what a batch record calls promoted or rolled back is in the audit",
}
AUDIT = frozenset(
    {"audit_inserted", "audit_superseded", "audit_missing", "audit_once", "fence_agrees", "fence_once", "ended"}
)
"""Invariants whose violation means that the audit and the data disagree."""


class Finding(Struct, frozen=True):
    """The result of one invariant.

    Attributes:
        checked: number of rows or other items examined.
        violations: number of items that violate it.
        examples: names of some of these.
    """

    name: str
    checked: int
    violations: int
    examples: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether no item violates it."""
        return self.violations == 0
