"""The signs of life that the coordinator answers (`/ready`), judged: for `regen doctor` and for the console."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from regen.client.wording import some


class State(StrEnum):
    """What came of a look."""

    OK = "ok"
    WARNING = "warning"  # it works, and asks for attention
    MISSING = "missing"  # one can do without
    FAILED = "failed"
    NONE = "n/a"  # the local stack has no such thing


Answer = tuple[State, str, str]
"""State, details, and what to do next."""

SWEEP_SECONDS = 180.0
"""The sweep comes each minute."""
RECENT_SECONDS = 600.0
"""A heartbeat that is older says nothing of the revision that is deployed now."""
HEAL = (
    "regen-sweep is paused or the verifier fails: `gcloud scheduler jobs describe regen-sweep`, then the verifier's log"
)
BROKEN = "see `record_unreadable` in the runbook"


def sweep(vitals: Mapping[str, Any]) -> Answer:
    """Whether the sweep comes each minute, and what troubles it."""
    beat = vitals["heartbeats"].get("sweep")
    if beat is None:
        return State.FAILED, "it has never come", HEAL
    if not isinstance(beat, Mapping):
        return State.FAILED, f"its heartbeat is {beat}", BROKEN
    age, trouble = float(beat["age_seconds"]), int(beat.get("trouble", 0))
    seen = f"came {span(age)} ago, {beat.get('live', 0)} live batches"
    if age > SWEEP_SECONDS:
        return State.FAILED, f"{seen}; it comes each minute", HEAL
    if trouble:
        return (
            State.FAILED,
            f"{seen}, but {trouble} things are in trouble",
            "read its line in the verifier's log (`action` sweep)",
        )
    return State.OK, seen, ""


def revisions(vitals: Mapping[str, Any], deployed: str | None) -> Answer:
    """Whether the functions that ran lately run one revision."""
    found: Mapping[str, Any] = vitals["heartbeats"]
    beats: Mapping[str, Mapping[str, Any]] = {name: b for name, b in found.items() if isinstance(b, Mapping)}
    if broken := sorted(found.keys() - beats.keys()):
        return State.FAILED, f"heartbeats that are unreadable: {some(broken)}", BROKEN
    recent = {name: b["code_version"] for name, b in beats.items() if float(b["age_seconds"]) <= RECENT_SECONDS}
    if deployed:
        recent["coordinator"] = deployed
    each = ", ".join(
        f"{name} {b['code_version']} {span(float(b['age_seconds']))} ago" for name, b in sorted(beats.items())
    )
    if len(set(recent.values())) > 1:
        return (
            State.FAILED,
            f"they differ: {each}",
            "apply again, and wait until every function serves its new revision",
        )
    return State.OK, each or "no function has run yet", ""


def outbox(vitals: Mapping[str, Any]) -> Answer:
    """Whether messages, alerts and audit entries leave in time."""
    late, failing, dead = (int(vitals["outbox"][name]) for name in ("late", "failing", "dead"))
    seen = f"{late} late, {failing} failing, {dead} put aside"
    if dead:
        return (
            State.FAILED,
            seen,
            "see `outbox_dead` in the runbook: what was put aside is in Firestore, with its error",
        )
    if late or failing:
        return State.FAILED, seen, "see the verifier's log: the line of the sweep says what cannot be carried out"
    return State.OK, "empty, or on its way", ""


def halt(vitals: Mapping[str, Any]) -> Answer:
    """Whether the platform opens batches."""
    from regen.client.summary import halt_sentence  # noqa: PLC0415 - the command line starts without it

    found = vitals.get("halt")
    if not isinstance(found, Mapping):
        return State.NONE, "an older coordinator knows no halt", ""
    if found["status"] == "halted":
        return State.FAILED, halt_sentence(found), "regen resume"
    return State.OK, "batches are opened", ""


def deadlines(vitals: Mapping[str, Any]) -> Answer:
    """Whether live batches are within their deadlines."""
    if ids := list(vitals["past_deadline"]):
        return State.FAILED, f"past their deadline: {some(ids)}", f"regen status {ids[0]}"
    if ids := list(vitals.get("unreadable", ())):
        return State.FAILED, f"without a deadline that can be read: {some(ids)}", BROKEN
    return State.OK, "no live batch is past its deadline", ""


def span(seconds: float) -> str:
    """A duration as a person says it."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
