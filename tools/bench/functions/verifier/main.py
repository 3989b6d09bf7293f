"""The verifier's wake-up: on the change event of a complete batch, gathers its outcomes and notes the moment."""

from __future__ import annotations

import json
import os
import time
from functools import cache
from pathlib import Path

import flask
import functions_framework

from regen.domain.batch import Status
from regen.services.batch.gathering import gather
from regen.services.state.commit import read_batch
from regen.services.state.paths import BATCHES
from regen.web.bootstrap import app
from regen.web.envelopes import changed_document
from regen.web.http import Call, Reply, Route, Router


def changed(call: Call) -> Reply:
    """The completion callback: one line a completed batch."""
    batch_id = changed_document(call.request.headers, BATCHES)  # type: ignore[arg-type]
    deps = app(with_warehouse=False).deps
    batch = read_batch(deps, batch_id).batch
    if batch.status is not Status.COMPLETE:
        return 204, None
    seen_at = time.time()
    outcomes = gather(deps, batch).outcomes
    values = [p.factors["value"] for o in outcomes for p in o.predictions]
    line = {
        "batch_id": batch.batch_id,
        "complete_at": next(s.at.timestamp() for s in batch.history if s.to == "complete"),
        "seen_at": seen_at,
        "gathered_at": time.time(),
        "players": len({o.player_lookup for o in outcomes}),
        "predictions": len(values),
        "sum": sum(round(100 * v) for v in values),
    }
    with (Path(__file__).parents[2] / "completions.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    return 204, None


@cache
def router() -> Router:
    """The door of the change event; the rest of the verifier has nothing to do here."""
    accept = lambda _: (204, None)  # noqa: E731
    return Router(
        [
            Route("GET", "/health", None, lambda _: (200, {"pid": os.getpid()})),
            Route("POST", "/events/batch", None, changed),
            Route("POST", "/sweep", None, accept),
        ],
        app(with_warehouse=False).totals,
    )


@functions_framework.http
def main(request: flask.Request) -> flask.Response:
    """Answer one request."""
    return router()(request)
