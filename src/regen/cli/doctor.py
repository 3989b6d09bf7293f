"""`doctor`: what is installed, reachable, and missing."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import typer

from regen.cli.output import columns
from regen.cli.session import Session, command
from regen.cli.settings import local_home, profile_file, read_env
from regen.client.errors import OperatorError
from regen.client.http import Coordinator
from regen.domain.errors import RegenError

Finding = tuple[str, str, str]
"""What was looked at; `ok`, `missing` (one can do without) or `failed`; details."""


def add(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "doctor", example="doctor --json", panel="On this machine")(doctor)


def doctor(session: Session) -> None:
    """Say what is installed, reachable, and missing; exit 1 if something that is set does not work."""
    findings = [
        {"what": what, "state": state, "details": details}
        for look in (_machine, _emulators, _settings, _coordinator, _warehouse)
        for what, state, details in look(session)
    ]
    session.out.show(findings, columns("what state details"))
    if any(finding["state"] == "failed" for finding in findings):
        raise typer.Exit(1)


def _machine(_: Session) -> Iterator[Finding]:
    good = sys.version_info >= (3, 11)
    yield "Python", "ok" if good else "failed", f"{platform.python_version()} (3.11 or later is needed)"


def _emulators(_: Session) -> Iterator[Finding]:
    from regen.local.emulators import Emulators, find_emulators  # noqa: PLC0415

    found = find_emulators()
    if isinstance(found, Emulators):
        yield "Pub/Sub and Firestore emulators", "ok", f"{found.pubsub_jar.name}, {found.firestore_jar.name}"
    else:
        yield "Pub/Sub and Firestore emulators", "missing", f"{found}; the in-process adapters take over"


def _settings(session: Session) -> Iterator[Finding]:
    env = local_home() / "env"
    yield "local stack", "ok" if read_env(env) else "missing", str(env)
    profiles = profile_file()
    yield "profiles", "ok" if profiles.exists() else "missing", str(profiles)
    settings = session.settings
    yield "project", "ok", f"{settings.project}, from {settings.origins['project']}"


def _coordinator(session: Session) -> Iterator[Finding]:
    settings = session.settings
    if not settings.url:
        yield "coordinator", "missing", "no address: start `regen local up`, or pass --url"
        return
    where = f"{settings.url}, from {settings.origins['url']}"
    open_to_all = Coordinator(settings.url, timeout=5, pauses=())
    yield _tried("coordinator", lambda: f"{open_to_all.get('/health')['version']} at {where}")
    if not settings.key:
        yield "API key", "missing", "pass --key, or set API_KEY"
        return
    yield _tried("API key and dependencies", lambda: _words(replace(session.coordinator, pauses=()).get("/ready")))


def _warehouse(session: Session) -> Iterator[Finding]:
    def look() -> str:
        rows = session.reader.query("SELECT COUNT(*) AS n FROM {promotion_fence}")
        return f"{session.reader.emulator or session.reader.project}; {rows[0]['n']} dates have been promoted or tried"

    if not session.settings.emulator and not session.settings.url:
        yield "BigQuery", "missing", "not looked at: neither an emulator nor a coordinator is set"
    else:
        yield _tried("BigQuery", look)


def _tried(what: str, look: Callable[[], str]) -> Finding:
    try:
        return what, "ok", look()
    except (OperatorError, RegenError) as error:
        return what, "failed", str(error)


def _words(answer: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in answer.items())
