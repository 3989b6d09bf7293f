"""The alerts: one event type each, with its severity, its numbers, and the command that shows more."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from regen.domain import ids

MAX_KEY = 255
RUNBOOK = "docs/operations.md"


class AlertKind(StrEnum):
    """Every event type; each is a heading of the runbook."""

    BATCH_REJECTED = "batch_rejected"
    BATCH_HELD = "batch_held"
    BATCH_FAILED = "batch_failed"
    BATCH_PARTIAL = "batch_partial"
    PREDICTIONS_WITHDRAWN = "predictions_withdrawn"
    BATCH_STUCK = "batch_stuck"
    BATCH_HEALED = "batch_healed"
    DEAD_LETTER = "dead_letter"
    MESSAGE_MALFORMED = "message_malformed"
    AUDIT_DISAGREEMENT = "audit_disagreement"
    COVERAGE_LOW = "coverage_low"
    BDB_OVERDUE = "bdb_overdue"
    SOURCE_LATE = "source_late"
    SOURCE_SHRUNK = "source_shrunk"
    STAGING_ORPHANED = "staging_orphaned"
    OUTBOX_DEAD = "outbox_dead"
    ACCESS_DENIED = "access_denied"
    RECORD_UNREADABLE = "record_unreadable"
    PLATFORM_HALTED = "platform_halted"
    START_FAILED = "start_failed"
    MODEL_UNAVAILABLE = "model_unavailable"
    QUALITY_BIAS = "quality_bias"
    QUALITY_SKEW = "quality_skew"
    QUALITY_LINES = "quality_lines"
    QUALITY_DRIFT = "quality_drift"


class AlertSpec(Struct, frozen=True):
    """Severity and follow-up command of one alert kind.

    Attributes:
        look: the follow-up command; names in braces are fields of the alert.
        without: the follow-up command of an alert that lacks one of those fields.
        lasts: whether it stays open until its cause is gone; any other tells of something that has happened.
    """

    severity: str
    look: str
    without: str = "regen doctor"
    lasts: bool = False


SPECS: Mapping[AlertKind, AlertSpec] = {
    AlertKind.BATCH_REJECTED: AlertSpec("ERROR", "regen status {batch_id}", lasts=True),
    AlertKind.BATCH_HELD: AlertSpec("WARNING", "regen diff {batch_id}", lasts=True),
    AlertKind.BATCH_FAILED: AlertSpec("ERROR", "regen status {batch_id}", lasts=True),
    AlertKind.BATCH_PARTIAL: AlertSpec("WARNING", "regen status {batch_id}", lasts=True),
    AlertKind.PREDICTIONS_WITHDRAWN: AlertSpec("WARNING", "regen status {batch_id}"),
    AlertKind.BATCH_STUCK: AlertSpec("ERROR", "regen status {batch_id}", lasts=True),
    AlertKind.BATCH_HEALED: AlertSpec("WARNING", "regen status {batch_id}"),
    AlertKind.DEAD_LETTER: AlertSpec("ERROR", "regen status {batch_id}", "regen status"),
    AlertKind.MESSAGE_MALFORMED: AlertSpec("WARNING", "regen doctor"),
    AlertKind.AUDIT_DISAGREEMENT: AlertSpec(
        "ERROR", "regen verify {game_date} {until}", "regen verify TODAY", lasts=True
    ),
    AlertKind.COVERAGE_LOW: AlertSpec("ERROR", "regen coverage {game_date}", lasts=True),
    AlertKind.BDB_OVERDUE: AlertSpec("WARNING", "regen bdb list", lasts=True),
    AlertKind.SOURCE_LATE: AlertSpec("WARNING", "regen sources {game_date}", "regen sources TODAY", lasts=True),
    AlertKind.SOURCE_SHRUNK: AlertSpec("WARNING", "regen sources {game_date}", "regen sources TODAY", lasts=True),
    AlertKind.STAGING_ORPHANED: AlertSpec("WARNING", "regen verify TODAY"),
    AlertKind.RECORD_UNREADABLE: AlertSpec("ERROR", "regen doctor"),
    AlertKind.OUTBOX_DEAD: AlertSpec("ERROR", "regen status {batch_id}", "regen doctor"),
    AlertKind.PLATFORM_HALTED: AlertSpec("WARNING", "regen doctor"),
    AlertKind.START_FAILED: AlertSpec("ERROR", "regen status --date {game_date}", "regen status"),
    AlertKind.ACCESS_DENIED: AlertSpec("ERROR", "regen doctor --deployed"),
    AlertKind.MODEL_UNAVAILABLE: AlertSpec("ERROR", "regen models show {model}", "regen models list"),
    AlertKind.QUALITY_BIAS: AlertSpec("WARNING", "regen quality --system {system_id}", "regen quality", lasts=True),
    AlertKind.QUALITY_SKEW: AlertSpec("WARNING", "regen quality --system {system_id}", "regen quality", lasts=True),
    AlertKind.QUALITY_LINES: AlertSpec("WARNING", "regen sources {as_of_date}", "regen quality", lasts=True),
    AlertKind.QUALITY_DRIFT: AlertSpec("WARNING", "regen quality --system {system_id}", "regen quality", lasts=True),
}


def alert(kind: AlertKind, why: str, severity: str | None = None, /, **fields: Any) -> dict[str, object]:  # noqa: ANN401
    """An alert: its kind, severity and cause, the numbers, the follow-up command, and the runbook's heading.

    Args:
        severity: replaces the usual severity of the kind.
        fields: ids and numbers; a field that is None is left out.
    """
    spec = SPECS[kind]
    known = {name: value for name, value in fields.items() if value is not None}
    try:
        look = spec.look.format_map(known)
    except KeyError:
        look = spec.without
    return {
        "type": kind.value,
        "severity": severity or spec.severity,
        "why": why,
        **known,
        "look": look,
        "runbook": f"{RUNBOOK}#{kind.value}",
    }


def lasts(kind: str) -> bool:
    """Whether an alert of this type stays open until its cause is gone."""
    return kind in SPECS and SPECS[AlertKind(kind)].lasts


def key_of(content: Mapping[str, object]) -> str:
    """What alerts of one cause have in common, and with their end: `regen/coverage_low/2026-01-20`.

    The key of an alert without a date has what it names, else its event.
    """
    names = ("game_date", "batch_id", "service", "path", "table", "message_id", "item", "event_id")
    if known := content.get("dedup_key"):
        return str(known)
    subject = next((str(content[name]) for name in names if content.get(name)), "-")
    key = f"regen/{content.get('type')}/{subject}"
    return key if len(key) <= MAX_KEY else f"{key[: MAX_KEY - 33]}/{ids.digest(key)}"
