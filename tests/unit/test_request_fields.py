"""A field that a caller sends is in the audit by every path: docs/contributing/request-field.md lists the steps.

Each test walks the fields that the coordinator itself says it knows, and names the path on which one is lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from regen.adapters.bigquery.params import audit_row
from regen.api import requests
from regen.api.forms import Body
from regen.domain.audit import AuditEntry
from regen.domain.errors import InvalidInput
from regen.schemas import table
from regen.web import bodies
from support import openapi
from support.commands import run_command
from support.fake_coordinator import serving
from support.league import DAY
from support.web_bench import Web, envelope, pushed

DATE, RUN, PUSH = DAY.isoformat(), "/regenerate-with-supersede", "/regenerate-pubsub"
NOT_IN_THE_AUDIT = {
    "players": "the scope: rows and requests show whom a batch was for",
    "systems": "the scope",
    "games": "the scope",
    "hold": "the round ends `held`, which is an event of its own",
    "dry_run": "nothing is done, so nothing is on record",
    "mode": "one constant",
}
SAMPLES: dict[str, Any] = {"game_date": DATE, "reason": "late_tracking", "metadata": {"ticket": "OPS-17"}}
"""Values of fields; any other field is tried as a short text."""
OPTIONS = {"game_date": None, "dry_run": "--dry-run", "hold": "--hold"}
"""What the command line has instead of an option of the field's name; None for the argument."""
UNSHOWN = {
    "event_id": "an internal id",
    "trigger_id": "`regen status` finds a batch by it",
    "processing_time_seconds": "follows from started_at and finished_at",
    "started_at": "`regen status` has every step",
    "finished_at": "`regen status` has every step",
}
"""Columns of the audit that a person can miss in `regen audit`."""


class Died(BaseException):
    """The coordinator's process ends here."""


def known(path: str) -> set[str]:
    """The fields that a route takes, as it says itself when it refuses another; a span is named in either of two ways."""
    found: set[str] = set()
    for span in ({}, {"from": DATE}):
        detail = str(Web().post(path.replace("{id}", "x"), {"zz": 1, **span}).json)
        names = re.search(r"known: ([\w, ]+)", detail)
        assert names or span, f"{path} refuses an unknown field without naming the known ones: {detail}"
        found |= set(names[1].split(", ")) if names else set()
    return found


def known_to_triggers() -> set[str]:
    """The same of a message of `nba-prediction-trigger`."""
    web = Web()
    web.call("coordinator", "POST", PUSH, envelope({"game_date": DATE, "dry_run": True}), pushed())
    (entry,) = web.malformed()
    found = re.search(r"known: ([\w, ]+)", str(entry))
    assert found, entry
    return set(found[1].split(", "))


def sample(name: str) -> Any:
    return SAMPLES.get(name, f"a_{name}")


def audited() -> list[str]:
    return sorted(known(RUN) - NOT_IN_THE_AUDIT.keys())


def body() -> dict[str, Any]:
    return {name: sample(name) for name in audited()}


def _rows(web: Web, event: str) -> list[dict[str, Any]]:
    web.bench.sweep()
    web.bench.drain()
    return [audit_row(entry) for entry in web.bench.audited(event)]


def _requested(web: Web) -> Iterator[dict[str, Any]]:
    assert web.post(RUN, body()).status_code == 202
    yield from _rows(web, "requested")


def _promoted(web: Web) -> Iterator[dict[str, Any]]:
    web.post(RUN, body())
    web.bench.drain()
    yield from _rows(web, "promoted")


def _cancelled(web: Web) -> Iterator[dict[str, Any]]:
    answer = web.post(RUN, body()).json or {}
    web.post(f"/batches/{answer['batch_id']}/cancel", {})
    yield from _rows(web, "cancelled")


def _coalesced(web: Web) -> Iterator[dict[str, Any]]:
    web.post(RUN, {"game_date": DATE})
    assert (web.post(RUN, body()).json or {})["status"] == "coalesced"
    yield from _rows(web, "coalesced")


def _follow_up(web: Web) -> Iterator[dict[str, Any]]:
    web.post(RUN, {"game_date": DATE})
    web.post(RUN, body())
    web.bench.drain()
    yield from _rows(web, "requested")[1:]


def _pushed(web: Web) -> Iterator[dict[str, Any]]:
    data = {"mode": "regenerate_with_supersede", **body()}
    assert web.call("coordinator", "POST", PUSH, envelope(data), pushed()).status_code == 204
    yield from _rows(web, "requested")


def _empty(web: Web) -> Iterator[dict[str, Any]]:
    web.bench.slate([])
    assert web.call("coordinator", "POST", PUSH, envelope(body()), pushed()).status_code == 204
    yield from _rows(web, "rejected")


def _opening_lost(web: Web) -> Iterator[dict[str, Any]]:
    commit = web.bench.store.commit

    def dying(writes: Any) -> None:
        if any("/requests/" in write.path for write in writes):
            raise Died
        commit(writes)

    web.bench.store.commit = dying  # type: ignore[method-assign]
    with pytest.raises(Died):
        web.post(RUN, body())
    web.bench.store.commit = commit  # type: ignore[method-assign]
    web.bench.clock.advance(91)
    web.bench.sweep()
    (lost,) = _rows(web, "failed")
    yield lost
    yield from _rows(web, "requested")[1:]


PATHS: dict[str, Callable[[Web], Iterator[dict[str, Any]]]] = {
    "requested": _requested,
    "promoted": _promoted,
    "cancelled": _cancelled,
    "coalesced": _coalesced,
    "follow-up of a coalesced trigger": _follow_up,
    "Pub/Sub": _pushed,
    "Pub/Sub for an empty slate": _empty,
    "opening lost": _opening_lost,
}


def test_every_request_field_is_audited_or_says_why_not() -> None:
    columns = set(table("prediction_regeneration_audit").columns) & set(AuditEntry.__struct_fields__)
    missing = known(RUN) - NOT_IN_THE_AUDIT.keys() - columns
    assert not missing, f"no field of AuditEntry and column of the audit (or line of NOT_IN_THE_AUDIT): {missing}"


@pytest.mark.parametrize("path", PATHS)
def test_no_request_field_is_lost_on_its_way_to_the_audit(path: str) -> None:
    rows = list(PATHS[path](Web()))
    assert rows, path
    for row in rows:
        for name in audited():
            wanted = sample(name)
            found = row[name]
            found = json.loads(found) if isinstance(wanted, dict) and isinstance(found, str) else found
            assert found == wanted or str(found) == wanted, f"{name} is lost on the path: {path} ({row['event']})"


def test_pubsub_takes_the_fields_of_http() -> None:
    """But for `dry_run`, which a trigger does not carry out, and `mode`, which only a trigger has."""
    lost = known(RUN) ^ known_to_triggers()
    assert lost == {"dry_run", "mode"}, f"a field of one door only, HTTP or Pub/Sub: {lost - {'dry_run', 'mode'}}"


def _orders() -> dict[str, dict[str, Any]]:
    """The schema of each body that the document has, by path."""
    found = {}
    for operation in openapi.operations():
        request = openapi.resolved(operation.spec.get("requestBody", {}))
        schema = openapi.resolved(request.get("content", {}).get("application/json", {}).get("schema", {}))
        if operation.method == "POST" and schema.get("additionalProperties") is False:
            found[operation.path] = dict(schema)
    return found


def test_openapi_has_the_fields_of_every_body() -> None:
    orders = _orders()
    assert len(orders) >= 10
    for path, schema in orders.items():
        assert set(schema["properties"]) == known(path), f"docs/openapi.yaml, {path}"


@pytest.mark.parametrize("name", sorted(known(RUN)))
def test_the_command_line_sends_every_request_field(name: str, tmp_path: Path) -> None:
    value = sample(name)
    option = OPTIONS.get(name, f"--{name.replace('_', '-')}")
    text = json.dumps(value) if isinstance(value, dict) else str(value)
    arguments = [] if option is None else [option] if name in {"dry_run", "hold"} else [option, text]
    with serving() as fake:
        fake.answers[f"POST {RUN}"] = [(409, {"title": "only what is sent counts"})]
        env = {"COORDINATOR_URL": fake.url, "API_KEY": "k", "REGEN_LOCAL_HOME": str(tmp_path), "REGEN_PROFILE": ""}
        env |= {"REGEN_CONFIG": str(tmp_path / "c"), "PROJECT_ID": "", "BIGQUERY_EMULATOR_HOST": ""}
        result = run_command(["regenerate", DATE, *arguments], env)
        bodies = [sent for _, sent, _ in fake.asked]
    assert bodies, f"regen regenerate has no option {option}: {result.output}"
    assert name in (bodies[0] or {}), f"{option} is not sent"


def test_regen_audit_shows_every_column_or_says_why_not() -> None:
    root = Path(__file__).parents[2] / "src" / "regen"
    (path,) = root.glob("**/sql/audit.sql")
    shown = set(re.findall(r"\w+", path.read_text().split("SELECT")[1].split("FROM")[0]))
    filled = set(AuditEntry.__struct_fields__) & set(table("prediction_regeneration_audit").columns)
    assert filled - shown - UNSHOWN.keys() == set(), f"{path.name} does not show what AuditEntry has"


VALID = {
    "game_date": DATE,
    "reason": "postponed",
    "from": DATE,
    "to": DATE,
    "hash": "0" * 16,
    "expected": "1" * 16,
    "challenger": "0" * 16,
}
WRONG: tuple[object, ...] = ([[]], -1, "\x00")
"""No field takes all of these."""
BODIES = [kind for kind in vars(requests).values() if isinstance(kind, type) and issubclass(kind, requests.Request)]


@pytest.mark.parametrize(
    "kind", [kind for kind in BODIES if kind is not requests.Request], ids=lambda kind: kind.__name__
)
def test_every_field_of_a_body_says_what_it_expects(kind: type[requests.Request]) -> None:
    form = Body(kind)
    for name in form.hints:
        given = {required: VALID[required] for required in form.required}
        wrong = next(value for value in WRONG if not form.fits(name, value))
        with pytest.raises(InvalidInput) as refused:
            bodies.asked(form, {**given, name: wrong})
        assert refused.value.field == name
