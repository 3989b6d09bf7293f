"""docs/openapi.yaml is what the functions do: routes, callers, what they take and what they answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openapi_spec_validator
import pytest
from werkzeug.test import TestResponse

from regen.web.http import PROBLEMS
from support import openapi
from support.league import DAY, entry, players
from support.openapi import Operation
from support.web_bench import KEYED, Web, envelope, pushed, ticked

SCHEMES = {
    "by_key": {"key", "console"},
    "by_push": {"push"},
    "by_scheduler": {"scheduler"},
    "by_key_or_scheduler": {"key", "console", "scheduler"},
    "by_key_or_push": {"key", "push"},
    "by_key_or_refit": {"key", "console", "refit"},
}
OPERATIONS = {o.spec["operationId"]: o for o in openapi.operations()}


def test_the_document_is_valid() -> None:
    openapi_spec_validator.validate(openapi.document())


def test_it_has_every_route_with_its_callers_and_no_other() -> None:
    routes = {
        (service, route.method, route.path, frozenset(SCHEMES[route.check.__name__] if route.check else ()))
        for service, router in Web().routers.items()
        for route in router.routes
    }
    assert {(service, o.method, o.path, o.security) for o in OPERATIONS.values() for service in o.services} == routes


def test_its_words_are_those_of_the_code() -> None:
    told = openapi.document()["components"]["responses"]["Problem"]["description"]
    assert all(str(status) in told for _, _, status, _ in PROBLEMS)


def _media(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "schema" in node and ("example" in node or "examples" in node):
            yield node
        for inner in node.values():
            yield from _media(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _media(inner)


def test_every_example_is_what_its_schema_describes() -> None:
    found = list(_media(openapi.document()))
    assert len(found) >= 12
    for media in found:
        for example in openapi.examples(media):
            openapi.check(example, media["schema"])


def _roster() -> list[Any]:
    return [*players(9), entry("lebronjames"), entry("shaigilgeous-alexander"), entry("gone", status="OUT")]


def _sent(web: Web, o: Operation, body: Any, path: str | None = None) -> TestResponse:
    headers = KEYED if "key" in o.security else ticked() if "scheduler" in o.security else pushed()
    raw = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return web.call(o.services[0], o.method, path or o.path, raw, headers)


def _conforms(o: Operation, answer: TestResponse) -> None:
    content = openapi.answers(o, answer.status_code)
    if not content:
        assert answer.data == b""
        return
    assert answer.content_type in content
    openapi.check(answer.json, content[answer.content_type]["schema"])


def _request_examples() -> list[tuple[str, Any]]:
    found = []
    for name, o in OPERATIONS.items():
        content = openapi.resolved(o.spec.get("requestBody", {})).get("content", {})
        found += [(name, e) for e in openapi.examples(content.get("application/json", {}))]
    return found


@pytest.mark.parametrize(("name", "body"), _request_examples(), ids=[n for n, _ in _request_examples()])
def test_the_examples_of_bodies_are_taken(name: str, body: Any) -> None:
    web = Web(_roster())
    o = OPERATIONS[name]
    path = o.path
    if path.startswith("/batches/{id}"):
        if name == "promote":
            web.bench.slate([*players(3), entry("lebronjames", broken=True)])
        opened = web.bench.run() if name in {"promote", "rollback"} else web.bench.regenerate()
        if name == "redrive":
            web.post(f"/batches/{opened.batch_id}/cancel", {})
        path = path.replace("{id}", opened.batch_id)
    if name == "withdraw":
        web.bench.run()
    if name == "resume_platform":
        web.post("/halt", {"reason": "a drill"})
    if "/backfills/{id}" in path:
        made = web.post("/backfills", {"from": DAY.isoformat(), "to": DAY.isoformat()}).json
        assert made is not None
        path = path.replace("{id}", made["backfill_id"])
    answer = _sent(web, o, body, path)
    assert answer.status_code in {200, 202}, answer.text
    assert str(answer.status_code) in o.spec["responses"]
    _conforms(o, answer)


def _is_whole(schema: Any, value: Any) -> bool:
    """Whether a value has the fields that a schema requires, and none that it does not name."""
    schema = openapi.resolved(schema)
    return any(_is_whole(one, value) for one in schema.get("anyOf", ())) or (
        set(schema.get("required", ())) <= set(value) <= set(schema.get("properties", ()))
    )


def test_answers_have_the_fields_of_the_document_and_no_others() -> None:
    web = Web([*_roster(), entry("nobody", broken=True)])
    day = DAY.isoformat()
    batch_id = web.bench.run().batch_id
    made = web.post("/backfills", {"from": day, "to": "2026-01-21"}).json
    assert made is not None
    calls: list[tuple[str, Any, str | None]] = [
        ("health", None, None),
        ("ready", None, None),
        ("regenerate", {"game_date": day, "dry_run": True}, None),
        ("regenerate", {"game_date": day}, None),
        ("status", None, f"/status?batch_id={batch_id}"),
        ("batch", None, f"/batches/{batch_id}"),
        ("batches", None, None),
        ("moves", None, f"/batches/{batch_id}/moves"),
        ("halt_state", None, None),
        ("backfill", {"from": day, "to": day}, None),
        ("backfill", {"from": day, "to": day, "dry_run": True}, None),
        ("check", {}, None),
        ("scan", {}, None),
        ("scan_news", {}, None),
        ("news", None, f"/news?game_date={day}"),
        ("alerts", None, "/alerts?open=false&limit=5"),
        ("grade", {}, None),
        ("sweep", {}, None),
        ("cancel", {}, f"/batches/{batch_id}/cancel"),
        ("triggered", envelope({}), None),
        ("process", b"", None),
    ]
    for name, body, path in calls:
        o = OPERATIONS[name]
        answer = _sent(web, o, body, path)
        _conforms(o, answer)
        if answer.status_code < 400 and answer.json is not None:
            schema = openapi.answers(o, answer.status_code)["application/json"]["schema"]
            assert _is_whole(schema, answer.json), name
    whole = web.get(f"/batches/{batch_id}").json
    listed = web.get("/batches").json
    assert whole is not None
    assert listed is not None
    schemas = openapi.document()["components"]["schemas"]
    assert _is_whole(schemas["Counts"], whole["counts"])
    assert set(listed["batches"][0]) == set(schemas["ListedBatch"]["properties"])
    assert whole["outcomes"]
    assert _is_whole(schemas["BackfillDate"], made["dates"][0])
