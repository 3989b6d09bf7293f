"""Bodies of the coordinator's routes: a described answer, never an error of ours; what is refused changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.odd import anything, bounded, few, orders, ranges, regenerations, spans, starts, texts, written
from support import openapi
from support.web_bench import Web

PROBLEM = openapi.document()["components"]["schemas"]["Problem"]
ROUTES: dict[str, st.SearchStrategy[Any]] = {
    "/regenerate-with-supersede": regenerations,
    "/start": starts,
    "/backfills": ranges,
    "/bdb/scan": st.fixed_dictionaries({}, optional={"dry_run": anything}),
    "/news/scan": st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("game_date", "games", "players", "if_due", "dry_run"), anything)
    ),
    "/checks": spans,
    "/grades": spans,
    "/batches/ID/cancel": orders,
    "/batches/ID/redrive": orders,
    "/batches/ID/rollback": orders,
    "/batches/ID/promote": orders,
}
headers = st.fixed_dictionaries(
    {}, optional={"Idempotency-Key": st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=210)}
)


def _probed(path: str) -> Callable[[], None]:
    web = Web()
    first = web.bench.run().batch_id

    @few
    @given(body=ROUTES[path] | anything, header=headers, prompt=st.booleans())
    def probe(body: object, header: dict[str, str], *, prompt: bool) -> None:
        url = path.replace("ID", web.bench.run().batch_id if prompt else first) if "ID" in path else path
        before = web.everything()
        answer = web.post(url, written(body), header)
        assert answer.status_code < 500, (answer.text, body)
        if answer.status_code >= 400:
            openapi.check(answer.json, PROBLEM)
            assert answer.json is not None
            assert answer.json["status"] == answer.status_code
            assert web.everything() == before
        if prompt:
            web.bench.drain()
            web.bench.clock.advance(1)

    return probe


@pytest.mark.parametrize("path", list(ROUTES))
def test_any_body_is_accepted_or_refused_with_a_reason(path: str) -> None:
    _probed(path)()


@bounded
@given(body=st.binary(max_size=200))
def test_body_that_is_not_json_is_refused(body: bytes) -> None:
    assert Web().post("/regenerate-with-supersede", body).status_code == 400


@bounded
@given(date=texts, status=texts, batch=texts)
def test_any_query_or_path_gets_a_documented_answer(date: str, status: str, batch: str) -> None:
    web = Web()
    query = {"game_date": date, "status": status, "batch_id": batch}
    for path in ("/batches", "/status"):
        answer = web.query(path, {k: v.encode("utf-8", "replace").decode() for k, v in query.items()})
        assert answer.status_code in {200, 400, 404}
    for path in ("/batches", "/backfills"):
        assert web.get(f"{path}/{quote(batch.encode('utf-8', 'replace'), safe='') or 'x'}").status_code in {404, 405}
