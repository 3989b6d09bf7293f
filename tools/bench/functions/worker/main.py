"""The worker as it is deployed, but for its one system: the task of the fan-out bench."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import flask
import functions_framework
from workload import predict

from regen.domain.estimate import Estimate
from regen.domain.inputs import PlayerInputs
from regen.domain.values import replace
from regen.web import worker
from regen.web.bootstrap import app
from regen.web.http import Router


class Workload:
    """The system `workload`."""

    system_id = "workload"
    version = "1"
    requires = ()

    def estimate(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Estimate:
        value = predict(int(inputs.player_lookup[1:]))
        return Estimate(value, 5.0, 50.0, {"value": value})


@cache
def router() -> Router:
    """The worker's own routes."""
    wired = app(with_warehouse=False, with_queue=False)
    config = replace(wired.deps.config, run_for=lambda *_: [Workload()], feature_versions=None)
    return worker.router(replace(wired, deps=replace(wired.deps, config=config)))


@functions_framework.http
def main(request: flask.Request) -> flask.Response:
    """Answer one request."""
    return router()(request)
