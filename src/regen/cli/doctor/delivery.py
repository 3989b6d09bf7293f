"""How messages, events and schedules reach the functions: what Google Cloud says of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from regen.cli.doctor.deployment import APPLY, Deployment
from regen.cli.output import some
from regen.client.platform import Platform, PlatformRefused, Record
from regen.client.vitals import HEAL, SWEEP_SECONDS, Answer, State, span
from regen.topology import PushSubscription, Schedule, topology


def subscriptions(deployment: Deployment, services: Mapping[str, Record]) -> Answer:
    """Whether each push subscription calls the right function, in the right account's name."""
    wrong = []
    for wanted in topology().push_subscriptions:
        service = services[wanted.service]
        addresses = {service.get("uri"), *service.get("urls", ())}
        wrong += [f"{wanted.name}: {p}" for p in _subscription(deployment, wanted, addresses)]
    if wrong:
        return State.FAILED, "; ".join(wrong), APPLY
    return State.OK, f"{len(topology().push_subscriptions)} push where they should, each in its own account's name", ""


def _subscription(deployment: Deployment, wanted: PushSubscription, addresses: set[Any]) -> Iterator[str]:
    try:
        found = deployment.platform.get("pubsub", f"/subscriptions/{wanted.name}")
    except PlatformRefused as error:
        if error.status != 404:
            raise
        yield "is not there"
        return
    yield from _wiring(deployment.platform.project, wanted, found)
    push = found.get("pushConfig", {})
    if push.get("pushEndpoint") not in {f"{address}{wanted.path}" for address in addresses}:
        yield f"pushes to {push.get('pushEndpoint') or 'nowhere'}"
    token = push.get("oidcToken", {})
    if token.get("serviceAccountEmail") != deployment.account(f"push-{wanted.service}"):
        yield f"carries the account {token.get('serviceAccountEmail') or 'of nobody'}"
    if token.get("audience") != deployment.audience(wanted.service):
        yield f"has the audience {token.get('audience') or 'of its endpoint'}"


def _wiring(project: str, wanted: PushSubscription, found: Record) -> Iterator[str]:
    if found.get("topic") != f"projects/{project}/topics/{wanted.topic}":
        yield f"belongs to {found.get('topic')}"
    dead = found.get("deadLetterPolicy", {}).get("deadLetterTopic")
    if dead != f"projects/{project}/topics/{wanted.dead_letter_topic}":
        yield f"sends dead letters to {dead or 'nowhere'}"
    if found.get("state", "ACTIVE") != "ACTIVE":
        yield f"is {found['state']}"


def emulated_subscriptions(host: str, project: str) -> Answer:
    """Whether each push subscription of the local stack's emulator calls the relay."""
    import requests  # noqa: PLC0415

    emulator = Platform(project, {"pubsub": f"http://{host}/v1"}, requests.Session())
    wrong = []
    for wanted in topology().push_subscriptions:
        found = emulator.get("pubsub", f"/subscriptions/{wanted.name}")
        wrong += [f"{wanted.name}: {problem}" for problem in _wiring(project, wanted, found)]
        endpoint = found.get("pushConfig", {}).get("pushEndpoint", "")
        if not endpoint.endswith(f"/push/{wanted.name}"):
            wrong.append(f"{wanted.name}: pushes to {endpoint or 'nowhere'}")
    if wrong:
        return State.FAILED, "; ".join(wrong), "stop the local stack and start it again"
    return State.OK, f"{len(topology().push_subscriptions)} push to the relay of the local stack", ""


def dead_letters(deployment: Deployment) -> Answer:
    """Whether no message waits in a dead letter's subscription, or is parked."""
    parking = {s.dead_letter_topic for s in topology().push_subscriptions if s.path == "/dead-letters"}
    names = [s.name for s in topology().push_subscriptions if s.path == "/dead-letters"]
    names += [s.name for s in topology().pull_subscriptions if s.topic in parking]
    now = datetime.now(UTC)
    metric = "pubsub.googleapis.com/subscription/num_undelivered_messages"
    one_of = ",".join(f'"{name}"' for name in names)
    answer = deployment.platform.get(
        "monitoring",
        "/timeSeries",
        filter=f'metric.type="{metric}" AND resource.labels.subscription_id=one_of({one_of})',
        **{
            "interval.startTime": (now - timedelta(minutes=15)).isoformat(),
            "interval.endTime": now.isoformat(),
        },
    )
    # The newest point comes first.
    waiting = {
        series["resource"]["labels"]["subscription_id"]: int(series["points"][0]["value"]["int64Value"])
        for series in answer.get("timeSeries", ())
        if series.get("points")
    }
    if full := sorted(name for name, number in waiting.items() if number):
        each = ", ".join(f"{waiting[name]} in {name}" for name in full)
        return State.FAILED, each, f"gcloud pubsub subscriptions pull {full[0]} --limit=5"
    if missing := sorted(set(names) - waiting.keys()):
        return (
            State.MISSING,
            f"no figure yet for {some(missing)}",
            "a new subscription has its first figure after minutes",
        )
    return State.OK, f"none in {len(names)} subscriptions", ""


def change_events(deployment: Deployment) -> Answer:
    """Whether the Eventarc trigger is there and calls the verifier."""
    listed = deployment.platform.get("eventarc", "/locations/-/triggers").get("triggers", ())
    found = {trigger["name"].rpartition("/")[2]: trigger for trigger in listed}
    wrong = []
    for wanted in topology().firestore_triggers:
        trigger = found.get(wanted.name)
        if trigger is None:
            wrong.append(f"{wanted.name} is not there")
            continue
        target = trigger.get("destination", {}).get("cloudRun", {})
        if (target.get("service"), target.get("path")) != (f"{deployment.name}-{wanted.service}", wanted.path):
            wrong.append(f"{wanted.name} calls {target.get('service')}{target.get('path', '')}")
        filters = {f["attribute"]: f["value"] for f in trigger.get("eventFilters", ())}
        if (filters.get("type"), filters.get("document")) != (wanted.event, wanted.document):
            wrong.append(f"{wanted.name} waits for {filters.get('type')} of {filters.get('document')}")
        if trigger.get("serviceAccount") != deployment.account("events"):
            wrong.append(f"{wanted.name} carries the account {trigger.get('serviceAccount')}")
        wrong += [f"{wanted.name}: {c.get('message') or c['code']}" for c in trigger.get("conditions", {}).values()]
    if wrong:
        return State.FAILED, "; ".join(wrong), f"{APPLY}; until then the sweep carries batches on, once a minute"
    return State.OK, "the trigger is there and calls the verifier", ""


def schedules(deployment: Deployment) -> Answer:
    """Whether each schedule is there, enabled, and came through the last time."""
    wrong: list[str] = []
    paused: list[str] = []
    for wanted in topology().schedules:
        job = _job(deployment, wanted.name)
        if wanted.path != "/sweep" and job.get("state") == "PAUSED":
            paused.append(f"{wanted.name} is paused")
        else:
            wrong += [f"{wanted.name} {problem}" for problem in _job_problems(deployment, wanted, job)]
    if wrong:
        return State.FAILED, "; ".join([*wrong, *paused]), HEAL
    if paused:
        return State.MISSING, "; ".join(paused), "resume them at cut-over: TF_VAR_paused_schedules"
    return State.OK, f"{len(topology().schedules)} schedules are enabled", ""


def _job(deployment: Deployment, name: str) -> Record:
    try:
        return deployment.platform.get("scheduler", f"/locations/{deployment.region}/jobs/{name}")
    except PlatformRefused as error:
        if error.status != 404:
            raise
        return {"state": "not there"}


def _job_problems(deployment: Deployment, wanted: Schedule, job: Record) -> Iterator[str]:
    if job.get("state") != "ENABLED":
        yield f"is {str(job.get('state')).lower()}"
        return
    target = job.get("httpTarget", {})
    if target.get("oidcToken", {}).get("serviceAccountEmail") != deployment.account("scheduler"):
        yield "carries another account"
    if not str(target.get("uri", "")).endswith(wanted.path):
        yield f"calls {target.get('uri') or 'nothing'}"
    # A job that has never run may carry the code -1: the status is one of an attempt.
    if (code := job.get("status", {}).get("code")) and job.get("lastAttemptTime"):
        yield f"failed the last time (code {code})"
    elif wanted.path == "/sweep":
        last = job.get("lastAttemptTime")
        age = (datetime.now(UTC) - datetime.fromisoformat(last)).total_seconds() if last else None
        if age is None or age > SWEEP_SECONDS:
            yield f"came {span(age)} ago" if age else "has never come"
