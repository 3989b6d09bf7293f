"""The signs of life that the coordinator answers (`/ready`), judged: for `regen doctor` and for the console."""

from __future__ import annotations

from enum import StrEnum

from regen.api.health import Heartbeat, Vitals
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


def sweep(vitals: Vitals) -> Answer:
    """Whether the sweep comes each minute, and what troubles it."""
    beat = (vitals.heartbeats or {}).get("sweep")
    if beat is None:
        return State.FAILED, "it has never come", HEAL
    if not isinstance(beat, Heartbeat):
        return State.FAILED, f"its heartbeat is {beat}", BROKEN
    age, trouble = beat.age_seconds, beat.trouble or 0
    seen = f"came {span(age)} ago, {beat.live or 0} live batches"
    if age > SWEEP_SECONDS:
        return State.FAILED, f"{seen}; it comes each minute", HEAL
    if trouble:
        return (
            State.FAILED,
            f"{seen}, but {trouble} things are in trouble",
            "read its line in the verifier's log (`action` sweep)",
        )
    return State.OK, seen, ""


def revisions(vitals: Vitals, deployed: str | None) -> Answer:
    """Whether the functions that ran lately run one revision."""
    found = vitals.heartbeats or {}
    beats = {name: beat for name, beat in found.items() if isinstance(beat, Heartbeat)}
    if broken := sorted(found.keys() - beats.keys()):
        return State.FAILED, f"heartbeats that are unreadable: {some(broken)}", BROKEN
    recent = {name: beat.code_version for name, beat in beats.items() if beat.age_seconds <= RECENT_SECONDS}
    if deployed:
        recent["coordinator"] = deployed
    each = ", ".join(f"{name} {beats[name].code_version} {span(beats[name].age_seconds)} ago" for name in sorted(beats))
    if len(set(recent.values())) > 1:
        return (
            State.FAILED,
            f"they differ: {each}",
            "apply again, and wait until every function serves its new revision",
        )
    return State.OK, each or "no function has run yet", ""


def outbox(vitals: Vitals) -> Answer:
    """Whether messages, alerts and audit entries leave in time."""
    found = vitals.outbox or None
    if found is None:
        return State.NONE, "an older coordinator does not say", ""
    late, failing, dead = found.late, found.failing, found.dead
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


def halt(vitals: Vitals) -> Answer:
    """Whether the platform opens batches."""
    from regen.client.summary import halt_sentence  # noqa: PLC0415 - the command line starts without it

    found = vitals.halt or None
    if found is None:
        return State.NONE, "an older coordinator knows no halt", ""
    if found.status in {"halted", "unreadable"}:
        return State.FAILED, halt_sentence(found), "regen resume"
    return State.OK, "batches are opened", ""


def deadlines(vitals: Vitals) -> Answer:
    """Whether live batches are within their deadlines."""
    if ids := vitals.past_deadline or []:
        return State.FAILED, f"past their deadline: {some(ids)}", f"regen status {ids[0]}"
    if ids := vitals.unreadable or []:
        return State.FAILED, f"without a deadline that can be read: {some(ids)}", BROKEN
    return State.OK, "no live batch is past its deadline", ""


def span(seconds: float) -> str:
    """A duration as a person says it."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
