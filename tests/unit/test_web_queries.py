"""Query parameters: a caller who writes one means something by it, so that none is ignored."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from regen.web.http import Route
from support import openapi
from support.league import DAY, entry, players
from support.web_bench import KEYED, Web, pushed, ticked

ORDER_WORDS = [
    "dry_run=true",
    "dry_run",
    "force=true",
    "players=playera",
    "game_date=2026-01-20",
    "checks=coverage",
    "x=1",
]
HEADERS = {"by_push": pushed, "by_scheduler": ticked}


def _routes() -> Iterator[tuple[str, Route]]:
    for service, router in Web().routers.items():
        yield from ((service, route) for route in router.routes)


def _headers(route: Route) -> dict[str, str]:
    return HEADERS[route.check.__name__]() if route.check and route.check.__name__ in HEADERS else KEYED


ROUTES = list(_routes())
NAMES = [f"{service} {route.method} {route.path}" for service, route in ROUTES]


@pytest.mark.parametrize(("service", "route"), ROUTES, ids=NAMES)
def test_no_route_ignores_a_query_parameter(service: str, route: Route) -> None:
    web = Web(players(3))
    batch_id = web.bench.regenerate().batch_id
    path, before, sent = route.path.replace("{id}", batch_id), web.everything(), len(web.bench.queue.published)
    body = json.dumps({"game_date": DAY.isoformat(), "from": DAY.isoformat(), "to": DAY.isoformat()}).encode()
    for word in [word for word in ORDER_WORDS if word.partition("=")[0] not in route.query]:
        answer = web.call(service, route.method, f"{path}?{word}", body, _headers(route))
        assert (answer.status_code, answer.content_type) == (400, "application/problem+json"), word
        assert answer.json is not None
        assert answer.json["field"] == word.partition("=")[0]
        assert "JSON body" in answer.json["detail"] or route.method == "GET"
    assert web.everything() == before
    assert len(web.bench.queue.published) == sent


def test_a_dry_run_in_the_query_cancels_nothing() -> None:
    web = Web([*players(3), entry("lebronjames")])
    batch_id = web.bench.regenerate().batch_id
    assert web.post(f"/batches/{batch_id}/cancel?dry_run=true", {}).status_code == 400
    assert (web.get(f"/batches/{batch_id}").json or {})["status"] == "running"


@pytest.mark.parametrize("query", ["limit=1&limit=2", "limit=", "status=", "game_date=2026-01-20&game_date=2026-01-21"])
def test_a_query_parameter_has_one_value(query: str) -> None:
    answer = Web().get(f"/batches?{query}")
    assert answer.json is not None
    assert (answer.status_code, answer.json["field"]) == (400, query.partition("=")[0])


def test_a_refused_parameter_is_shown_as_text() -> None:
    answer = Web().get("/batches?%1b[2J%e2%80%ae=1")
    assert answer.json is not None
    assert answer.json["field"] == "\\x1b[2J\\u202e"


@pytest.mark.parametrize("text", ["\x00", "a\x1b[2J", "\x85"], ids=repr)
def test_no_query_holds_what_no_text_may_hold(text: str) -> None:
    """Of every parameter that a route has, as of every other text that a caller can send."""
    web = Web()
    for service, route in _routes():
        for name in route.query if service == "coordinator" and route.method == "GET" else ():
            path = route.path.replace("{id}", "regen_2026-01-20_late_data_00000001")
            answer = web.query(path, {name: text})
            assert answer.status_code == 400, (path, name, answer.text)


def test_a_caller_without_a_key_is_not_told_the_parameters() -> None:
    assert Web().call("coordinator", "GET", "/batches?x=1").status_code == 401


def test_the_parameter_of_eventarc_stops_no_change_event() -> None:
    web = Web(players(1))
    headers = {**pushed(), "ce-document": f"prediction_batches/{web.bench.regenerate().batch_id}"}
    path = "/events/batch?__GCP_CloudEventsMode=CE_PUBSUB_BINDING"
    assert web.call("verifier", "POST", path, b"", headers).status_code == 204
    assert web.call("worker", "POST", "/?__GCP_CloudEventsMode=x", b"", headers).status_code == 400


def test_the_document_has_the_parameters_of_the_code() -> None:
    told = {
        (o.method, o.path): {
            p["name"] for p in map(openapi.resolved, o.spec.get("parameters", [])) if p["in"] == "query"
        }
        for o in openapi.operations()
    }
    assert {(route.method, route.path): set(route.query) for _, route in ROUTES} == told
