"""What is on this machine: Python, emulators, a running local stack, profiles."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator

from regen.cli.doctor.looking import Look, known
from regen.cli.session import Session
from regen.cli.settings import local_home, profile_file, read_env
from regen.client.vitals import State


def looks(session: Session) -> Iterator[Look]:
    """Everything that can be seen without a network."""
    good = sys.version_info >= (3, 11)
    version = f"{platform.python_version()} (3.11 or later is needed)"
    yield known("Python", State.OK if good else State.FAILED, version)
    yield Look("Pub/Sub and Firestore emulators", _emulators)
    env, profiles = local_home() / "env", profile_file()
    yield known("local stack", State.OK if read_env(env) else State.MISSING, str(env))
    yield known("profiles", State.OK if profiles.exists() else State.MISSING, str(profiles))
    yield Look(
        "project", lambda: (State.OK, f"{session.settings.project}, from {session.settings.origins['project']}", "")
    )


def _emulators() -> tuple[State, str, str]:
    from regen.local.emulators import Emulators, find_emulators  # noqa: PLC0415

    found = find_emulators()
    if isinstance(found, Emulators):
        return State.OK, f"{found.pubsub_jar.name}, {found.firestore_jar.name}", ""
    return State.MISSING, f"{found}; the in-process adapters take over", ""
