"""Entry point of the console."""

from __future__ import annotations

import functions_framework.aio
from starlette.requests import Request
from starlette.types import ASGIApp

from regen.console_host.wiring import console, refuse_unusable

refuse_unusable()


@functions_framework.aio.http  # type: ignore[arg-type] # what it calls an answer is any ASGI application
async def main(request: Request) -> ASGIApp:  # noqa: ARG001 - the application reads the request itself
    """Answer one request: the framework has the application do it."""
    return console()
