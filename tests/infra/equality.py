"""Whether a deployment is what the code and the local stack are; each difference in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.code import Code
from infra.deployment import Deployment, last

#: What the platform's own parts read: the execution id in log lines, and the number of threads.
PLATFORM = {"LOG_EXECUTION_ID", "THREADS"}


def differences(d: Deployment, c: Code) -> Iterator[str]:
    """The deployment against the code."""
    yield from (f"{t}: published to, not planned" for t in sorted(c.published - d.topics()))
    dead = {last(x["dead_letter_topic"]) for r in d.pushes() for x in r.values["dead_letter_policy"]}
    yield from (f"{t}: planned, and nobody publishes there" for t in sorted(d.topics() - c.published - dead))
    yield from _set("push routes", pushed(d), c.pushed)
    yield from _set("scheduled routes", scheduled(d), c.scheduled)
    for function in d.functions():
        plain = set(d.environment(function)) - PLATFORM
        yield from _set(f"variables of {function}", plain | c.secrets, set(c.variables) | (plain & c.secrets))
    yield from _set("secrets", {s for f in d.functions() for s in d.secrets(f)}, c.secrets)
    for r in d.of("google_eventarc_trigger"):
        documents = {m["value"] for m in r.values["matching_criteria"] if m["attribute"] == "document"}
        yield from _set("changed documents", documents, {c.batches + "/{batch_id}"})
    publishing = {
        last(r.values["topic"])
        for r in d.of("google_pubsub_topic_iam_member")
        if r.values["member"] != d.service_agent("pubsub")
    }
    yield from _set("topics that functions may publish to", publishing, c.published)


def pushed(d: Deployment) -> set[tuple[str, str]]:
    """Function and path of every push and every event."""
    found = {d.function_at(r.values["push_config"][0]["push_endpoint"]) for r in d.pushes()}
    for r in d.of("google_eventarc_trigger"):
        (target,) = r.values["destination"][0]["cloud_run_service"]
        found.add((str(target["service"]).removeprefix("regen-"), target["path"]))
    return found


def scheduled(d: Deployment) -> set[tuple[str, str]]:
    return {d.function_at(r.values["http_target"][0]["uri"]) for r in d.schedules()}


def listed(d: Deployment, listing: Mapping[str, Any]) -> Iterator[str]:
    """The deployment against what running emulators list.

    `listing` has `topics` (names), `subscriptions` (name to topic, dead letter topic and attempts), `routes` (push
    subscription to function and path) and `triggers` (document pattern and event).
    """
    yield from _set("topics", d.topics(), set(listing["topics"]))
    subscriptions = {}
    for r in d.of("google_pubsub_subscription"):
        dead = [(last(x["dead_letter_topic"]), x["max_delivery_attempts"]) for x in r.values["dead_letter_policy"]]
        subscriptions[r.values["name"]] = (last(r.values["topic"]), *(dead[0] if dead else (None, None)))
    yield from _set("subscriptions", set(subscriptions.items()), set(listing["subscriptions"].items()))
    routes = {r.values["name"]: d.function_at(r.values["push_config"][0]["push_endpoint"]) for r in d.pushes()}
    yield from _set("routes", set(routes.items()), set(listing["routes"].items()))
    triggers = set()
    for r in d.of("google_eventarc_trigger"):
        criteria = {m["attribute"]: m["value"] for m in r.values["matching_criteria"]}
        triggers.add((criteria["document"], criteria["type"]))
    yield from _set("triggers", triggers, set(listing["triggers"]))


def _set(what: str, planned: set[Any] | frozenset[Any], known: set[Any] | frozenset[Any]) -> Iterator[str]:
    if planned != known:
        yield f"{what}: only planned {sorted(map(str, planned - known))}, only here {sorted(map(str, known - planned))}"
