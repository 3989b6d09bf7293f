"""What the system says of itself, on the local stack and deployed: the coordinator, its signs of life, the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from regen.cli.doctor.looking import Answer, Look, State, known
from regen.cli.doctor.tables import looked_at
from regen.cli.output import some
from regen.cli.session import Session
from regen.client.errors import OperatorError
from regen.client.http import Coordinator

SWEEP_SECONDS = 180.0
"""The sweep comes each minute."""
RECENT_SECONDS = 600.0
"""A heartbeat that is older says nothing of the revision that is deployed now."""
HEAL = (
    "regen-sweep is paused or the verifier fails: `gcloud scheduler jobs describe regen-sweep`, then the verifier's log"
)
BROKEN = "see `record_unreadable` in the runbook"


def looks(session: Session) -> Iterator[Look]:
    """The rows, in order; what lacks an address or a key is said to be missing."""
    settings = session.settings
    if not settings.url:
        yield known("coordinator", State.MISSING, "no address", "start `regen local up`, or pass --url")
    else:
        yield Look(
            "coordinator",
            lambda: _health(session),
            "see whether the address is right: `terraform output coordinator_url`",
        )
        if not settings.key:
            yield known("API key", State.MISSING, "no key", "pass --key, or set API_KEY")
        else:
            yield from _life(session)
    if settings.emulator or settings.url:
        yield Look(
            "tables", lambda: looked_at(session), "`regen doctor` again; if it stays so, see the guide's failure table"
        )
    else:
        yield known("tables", State.MISSING, "not looked at: neither an emulator nor a coordinator is set")


def _health(session: Session) -> Answer:
    settings = session.settings
    coordinator = Coordinator(settings.url or "", timeout=4, pauses=(), identity=session.identity)
    version = coordinator.get("/health")["version"]
    return State.OK, f"{version} at {settings.url}, from {settings.origins['url']}", ""


def _life(session: Session) -> Iterator[Look]:
    @cache
    def asked() -> Mapping[str, Any] | OperatorError:
        try:
            return replace(session.coordinator, pauses=(), timeout=4.0).get("/ready")
        except OperatorError as error:
            return error  # asked once: a coordinator that is silent for one row is not asked again for each

    def ready() -> Mapping[str, Any]:
        answer = asked()
        if isinstance(answer, OperatorError):
            raise answer
        return answer

    def vital(row: Callable[[Mapping[str, Any]], Answer]) -> Callable[[], Answer]:
        def ask() -> Answer:
            vitals = ready().get("vitals")
            if not isinstance(vitals, Mapping):
                return State.MISSING, "this coordinator does not say; it is an older release", "deploy this release"
            if "error" in vitals:
                return (
                    State.FAILED,
                    f"Firestore does not answer the coordinator: {vitals['error']}",
                    "see the coordinator's log",
                )
            return row(vitals)

        return ask

    yield Look("API key and dependencies", lambda: _dependencies(ready()), "see the coordinator's log")
    yield Look("sweep", vital(_sweep), HEAL)
    yield Look("revisions that ran", vital(lambda vitals: _revisions(vitals, ready().get("version"))))
    yield Look("outbox", vital(_outbox), HEAL)
    yield Look("deadlines", vital(_deadlines), HEAL)


def _dependencies(answer: Mapping[str, Any]) -> Answer:
    words = {k: v for k, v in answer.items() if isinstance(v, str)}
    return State.OK, ", ".join(f"{key} {value}" for key, value in words.items()), ""


def _sweep(vitals: Mapping[str, Any]) -> Answer:
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


def _revisions(vitals: Mapping[str, Any], deployed: str | None) -> Answer:
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


def _outbox(vitals: Mapping[str, Any]) -> Answer:
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


def _deadlines(vitals: Mapping[str, Any]) -> Answer:
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
