"""Entry point of the coordinator."""

from __future__ import annotations

from functools import cache

import flask
import functions_framework

import regen.web.starting
from regen.web import coordinator
from regen.web.bootstrap import app, refuse_unusable
from regen.web.framework import answer_everything
from regen.web.http import Router, serve

refuse_unusable(public=True)


@cache
def router() -> Router:
    """The routes, wired at the first request: importing costs nothing but code."""
    return coordinator.router(app(with_warehouse=True, with_models=True, public=True))


@functions_framework.http
def main(request: flask.Request) -> flask.Response:
    """Answer one request."""
    return serve(router, request)


answer_everything(main)
regen.web.starting.finish()
