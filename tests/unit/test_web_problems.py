"""Methods, paths and errors: each answer says in one form what is wrong."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from msgspec.structs import force_setattr

import regen
from regen.adapters.bigquery.errors import sorted_error
from regen.domain import errors
from regen.web.body_reading import BodyTooLarge, BodyTooSlow
from regen.web.callers import Forbidden
from regen.web.http import PROBLEMS as TABLE
from regen.web.http import Call, Reply, Route, Router, problem_response
from regen.web.tokens import Unauthenticated
from support.league import DAY
from support.web_bench import KEYED, Web, pushed, served, ticked


@pytest.fixture(scope="module")
def web() -> Web:
    return Web()


def _methods(web: Web) -> list[tuple[str, str, set[str]]]:
    """Service, path, and the methods that it has there."""
    found: dict[tuple[str, str], set[str]] = {}
    for service, router in web.routers.items():
        for route in router.routes:
            allowed = found.setdefault((service, route.path.replace("{id}", "some_id")), set())
            allowed |= {"GET", "HEAD"} if route.method == "GET" else {route.method}
    return [(service, path, allowed) for (service, path), allowed in found.items()]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_unknown_method_is_answered_with_the_allowed_ones(web: Web, method: str) -> None:
    for service, path, allowed in _methods(web):
        if method not in allowed:
            answer = web.call(service, method, path)
            assert answer.status_code == 405, path
            assert set(answer.headers["Allow"].split(", ")) == allowed
            if method != "HEAD":
                assert answer.json is not None
                assert answer.json["type"] == "urn:regen:problem:method-not-allowed"


def test_head_answers_like_get_without_body(web: Web) -> None:
    answer = web.call("coordinator", "HEAD", "/health")
    assert (answer.status_code, answer.data, answer.content_type) == (200, b"", "application/json")


PATHS = [
    "/nosuch",
    "/",
    "/health/",
    "/batches/a/b",
    "/batches/",
    "/HEALTH",
    "/batches/%2e%2e%2fx",
    "/é",
    "/%00",
    "/%ff",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_path_is_not_found(web: Web, method: str, path: str) -> None:
    answer = web.call("coordinator", method, path, headers=KEYED)
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert answer.json is not None
    assert set(answer.json) == {"type", "title", "status", "detail"}


BATCH_IDS = ["__x__", "..", ".", "a.b", "%20", "a%0Ab", "x" * 300, "é", "%F0%9F%8F%80", "a'b", "a;b", "nosuch", "___"]


@pytest.mark.parametrize("batch_id", BATCH_IDS)
def test_unknown_id_is_not_found(web: Web, batch_id: str) -> None:
    assert web.get(f"/batches/{batch_id}").status_code == 404
    assert web.get(f"/status?batch_id={batch_id}").status_code == 404
    assert web.get(f"/backfills/{batch_id}").status_code == 404
    for act in ("cancel", "redrive", "rollback"):
        assert web.post(f"/batches/{batch_id}/{act}", {}).status_code == 404
    assert web.post(f"/batches/{batch_id}/promote", {"checks": ["coverage"]}).status_code == 404
    for act in ("pause", "resume", "cancel"):
        assert web.post(f"/backfills/{batch_id}/{act}", {}).status_code == 404


PROBLEMS: list[tuple[errors.RegenError, int, str, dict[str, Any]]] = [
    (errors.InvalidInput("day", "a day"), 400, "invalid-input", {"field": "day", "expected": "a day"}),
    (Unauthenticated("who"), 401, "unauthenticated", {}),
    (Forbidden("no"), 403, "forbidden", {}),
    (errors.NotFound("none"), 404, "not-found", {}),
    (errors.NoSlate("none"), 404, "no-slate", {}),
    (errors.NobodyRequested("none"), 404, "nobody-requested", {}),
    (errors.NoSuchBatch("none"), 404, "no-such-batch", {}),
    (errors.NoSuchBackfill("none"), 404, "no-such-backfill", {}),
    (errors.TableMissing("BigQuery: t").of("BigQuery"), 503, "table-missing", {"dependency": "BigQuery"}),
    (errors.AccessDenied("Pub/Sub: t").of("Pub/Sub"), 503, "access-denied", {"dependency": "Pub/Sub"}),
    (errors.Refused("no", "b1"), 409, "refused", {"batch_id": "b1"}),
    (errors.Refused("no"), 409, "refused", {}),
    (errors.Gone("gone"), 410, "gone", {}),
    (BodyTooSlow("late"), 408, "body-too-slow", {}),
    (BodyTooLarge("much"), 413, "body-too-large", {}),
    (errors.KeyReused("other"), 422, "idempotency-key-reused", {}),
    (errors.AlreadyExists("there"), 503, "conflict", {}),
    (errors.RateLimited("slower"), 503, "rate-limited", {}),
    (errors.Unavailable("down"), 503, "unavailable", {}),
]


@pytest.mark.parametrize(("error", "status", "kind", "more"), PROBLEMS, ids=[type(p[0]).__name__ for p in PROBLEMS])
def test_each_error_has_its_problem_type(
    error: errors.RegenError, status: int, kind: str, more: dict[str, Any]
) -> None:
    answer = problem_response(error)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    body: dict[str, Any] = answer.json or {}
    title = body.pop("title")
    assert title
    assert body == {"type": f"urn:regen:problem:{kind}", "status": status, "detail": str(error), **more}
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (ZeroDivisionError("a secret"), logging.ERROR),
        (errors.IllegalTransition("a secret"), logging.WARNING),
        (errors.FenceLost("a secret"), logging.WARNING),
        (errors.Unavailable("down"), logging.WARNING),
        (errors.NotFound("none"), logging.INFO),
    ],
)
def test_unexpected_error_is_logged_but_not_shown(
    error: Exception, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Call) -> Reply:
        raise error

    caplog.set_level("INFO")
    answer = served(Router([Route("GET", "/x", None, fail)])).test_client().get("/x")
    assert "a secret" not in answer.text
    assert answer.content_type == "application/problem+json"
    assert max(r.levelno for r in caplog.records) == level
    assert (answer.status_code == 500) == ("a secret" in caplog.text)


def _kinds(kind: type[errors.RegenError] = errors.RegenError) -> Iterator[type[errors.RegenError]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _kinds(sub)


def test_every_error_is_in_the_table_of_problems() -> None:
    """One that nobody has placed would be a 500 to its caller, whatever it means."""
    for module in pkgutil.walk_packages(regen.__path__, "regen."):
        if not module.name.endswith(("__main__", "_launcher")):
            with suppress(ModuleNotFoundError):  # an emulator's own, which is in an environment of its own
                importlib.import_module(module.name)
    kinds = [kind for kind in _kinds() if kind.__module__.startswith("regen.")]
    assert {"BrokenStatement", "SettingsInvalid", "LeaseBusy", "StagingMissing"} <= {k.__name__ for k in kinds}
    unplaced = [kind for kind in kinds if not any(issubclass(kind, placed) for placed, *_ in TABLE)]
    assert unplaced == []
    transient = [k for k in kinds if k.__module__ == errors.__name__ and errors.Unavailable in k.__mro__[:2]]
    assert {kind for kind in transient if kind not in {placed for placed, *_ in TABLE}} == set(), "it has no name"
    for number, (kind, *_) in enumerate(TABLE):
        hidden = [before for before, *_ in TABLE[:number] if issubclass(kind, before)]
        assert hidden == [], f"{kind.__name__} is never reached"


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
FAILURES: dict[str, tuple[Exception, int, str | None]] = {
    "BigQuery away": (errors.Unavailable("late").of("BigQuery"), 503, "BigQuery"),
    "Firestore taken": (errors.Conflict("precondition").of("Firestore"), 503, "Firestore"),
    "Pub/Sub denied": (errors.AccessDenied("topic").of("Pub/Sub"), 503, "Pub/Sub"),
    "a table missing": (errors.TableMissing("t").of("BigQuery"), 503, "BigQuery"),
    "a statement broken": (sorted_error(ValueError("a secret")), 500, "BigQuery"),
    "a record of a newer version": (errors.Unreadable("of schema 99"), 503, "Firestore"),
    "a model lost": (errors.ModelUnavailable("gone").of("the store of models"), 503, "the store of models"),
    "a defect": (errors.IllegalTransition("a secret"), 500, None),
    "a bug": (ZeroDivisionError("a secret"), 500, None),
}


@pytest.mark.parametrize("name", list(FAILURES))
@pytest.mark.parametrize("service", ["coordinator", "worker", "verifier"])
def test_a_5xx_names_the_dependency_and_its_trace(name: str, service: str) -> None:
    """On every route of every function."""
    error, status, dependency = FAILURES[name]

    def fail(*_: object, **__: object) -> None:
        raise error

    web = Web()
    sent = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    for route in web.routers[service].routes:
        if route.path == "/health":
            continue
        force_setattr(route, "handle", fail)
        check = getattr(route.check, "__name__", "")
        caller = KEYED if "key" in check else ticked() if "scheduler" in check else pushed()
        answer = web.call(service, route.method, route.path.replace("{id}", "b"), None, {**sent, **caller})
        assert answer.json is not None
        assert (answer.status_code, answer.json["instance"]) == (status, TRACE), route.path
        assert answer.json.get("dependency") == dependency
        assert (dependency or "regen") in answer.json["detail"] or status == 503
        assert "a secret" not in answer.text


def test_unready_answer_names_its_trace() -> None:
    web = Web()

    def away(*_: object) -> None:
        raise errors.Unavailable("late")

    web.bench.store.get = away  # type: ignore[method-assign,assignment]
    answer = web.call(
        "coordinator", "GET", "/ready", headers={**KEYED, "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    )
    assert answer.json is not None
    assert (answer.status_code, answer.json["firestore"], answer.json["instance"]) == (503, "Unavailable", TRACE)


def test_documented_problems_are_answered_on_a_real_date(web: Web) -> None:
    """The codes of the design, each by a call."""
    day, path = DAY.isoformat(), "/regenerate-with-supersede"
    assert web.post(path, {"game_date": "2026-07-01"}).status_code == 404
    first = web.post(path, {"game_date": day}, {"Idempotency-Key": "k"})
    assert first.status_code == 202
    again = web.post(path, {"game_date": day}, {"Idempotency-Key": "k"})
    assert (again.status_code, again.json) == (202, first.json)
    assert web.post(path, {"game_date": day, "reason": "other"}, {"Idempotency-Key": "k"}).status_code == 422
    live = web.post("/start", {"game_date": day})
    assert first.json is not None
    assert live.json is not None
    assert (live.status_code, live.json["batch_id"]) == (409, first.json["batch_id"])
    web.bench.drain()
    web.bench.clock.advance(91 * 86400)
    batch = first.json["batch_id"]
    assert web.post(f"/batches/{batch}/redrive", {}).status_code == 410
