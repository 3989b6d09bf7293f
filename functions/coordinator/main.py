"""Entry point of the coordinator."""

from __future__ import annotations

from functools import cache

import flask
import functions_framework

from regen.web import coordinator
from regen.web.bootstrap import app
from regen.web.http import Router


@cache
def router() -> Router:
    """The routes, wired at the first request: importing costs nothing but code."""
    return coordinator.router(app(with_warehouse=True))


@functions_framework.http
def main(request: flask.Request) -> flask.Response:
    """Answer one request."""
    return router()(request)
